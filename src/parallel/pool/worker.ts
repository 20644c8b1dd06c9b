import { ArgumentError, NotSendableError } from "../../errors.ts";
import type { Communicator } from "../../index.ts";
import { replaceIn } from "../nested.ts";
import { refusalIn } from "../sendable.ts";
import { failureOf, TaskError, type TaskFailure } from "../task-error.ts";
import { Spans } from "../trace.ts";
import { CancelledError, Future } from "./future.ts";
import { giveWay } from "./give-way.ts";
import { LargeArguments } from "./large-arguments.ts";
import { type Backend, Pool, type Submission } from "./pool.ts";
import {
  Kind,
  type Order,
  Outcome,
  type Result,
  type SharedPlaces,
  type ToDriver,
  type ToWorker,
  toDriver,
  toWorker,
} from "./protocol.ts";
import type { Setting } from "./setting.ts";
import { type Hosts, shareArray } from "./share-value.ts";
import type { Shared } from "./shared.ts";
import { Slots } from "./slots.ts";
import { taskLabel, taskOf } from "./task.ts";
import { unseen } from "./unseen.ts";

/** Results are told when nothing is left to run, or at the latest after so many milliseconds of running others. */
const FLUSH_MS = 0.25;

/** The rank that runs a task, as the task sees it. */
export interface WorkerContext<S = unknown> {
  /** Rank in the communicator of the pool. */
  readonly rank: number;
  /** What the `initializer` has returned here. */
  readonly state: S;
  /** For tasks that submit tasks. */
  readonly pool: Pool;
}

/** Pools that this rank serves; the innermost is last. */
const serving: Worker[] = [];

/**
 * The worker that runs this task. Tasks call it; where a rank serves several pools it is the one begun last.
 * @throws {ArgumentError} this rank runs no tasks now
 */
export function currentWorker<S = unknown>(): WorkerContext<S> {
  const worker = serving.at(-1);
  if (worker === undefined)
    throw new ArgumentError("currentWorker: this rank serves no pool; only tasks can call it.");
  return worker as WorkerContext<S>;
}

/** Runs the tasks that the driver sends, one after the other in the order of their coming. */
export class Worker implements WorkerContext, Backend {
  readonly rank: number;
  readonly state: unknown;
  readonly pool: Pool;
  readonly workers: readonly number[];
  readonly known: number;
  /** When tasks have run, by their numbers at the driver; for pools with a trace. */
  readonly spans: Spans | undefined;
  private readonly comm: Communicator;
  private readonly hosts: Hosts;
  private readonly slots: Slots;
  /** Not begun; those before `next` are. */
  private readonly orders: Order[] = [];
  private next = 0;
  /** Tasks that have begun and given a promise. */
  private active = 0;
  private readonly values = new Map<number, unknown>();
  private results: Result[] = [];
  /** Number of the function last begun. */
  private function = -1;
  private longest = 0;
  private flushed = 0;
  /** The last send of results, until the driver or a buffer has them. */
  private sending: Promise<void> = Promise.resolve();
  /** Tasks submitted from here, by their number. */
  private readonly asked = new Map<number, Asked>();
  private readonly large = new LargeArguments();
  private readonly failures: Future<unknown>[] = [];
  private askedCount = 0;
  /** Those of them that somebody here waits for. */
  private watched = 0;
  private toldWaiting = 0;
  private drainPlanned = false;

  constructor({ comm, hosts, words, workers, known, traced }: Setting, state: unknown) {
    this.comm = comm;
    this.hosts = hosts;
    this.slots = new Slots(words, comm.rank);
    this.rank = comm.rank;
    this.workers = workers;
    this.known = known;
    this.spans = traced ? new Spans() : undefined;
    this.state = state;
    this.pool = new Pool(this);
  }

  /**
   * Serves until the driver says stop.
   * @throws {TaskError} a task that tasks of this rank have submitted has failed, and nobody asked for its result
   */
  async serve(): Promise<void> {
    serving.push(this);
    try {
      for (;;) {
        const message = await this.comm.recv<ToWorker>(0, toWorker);
        if (message[0] === Kind.stop) break;
        await this.handle(message);
        // Takes no more while the driver is slow to take results, so that they do not pile up here.
        await this.sending;
      }
    } finally {
      serving.splice(serving.lastIndexOf(this), 1);
    }
    await this.tell([Kind.stopped, this.rank]);
    const error = unseen(this.failures);
    if (error !== undefined) throw error;
  }

  private async handle(message: ToWorker): Promise<void> {
    switch (message[0]) {
      case Kind.tasks:
        for (const order of message[1]) this.orders.push(order);
        this.flushed = performance.now();
        this.drain();
        break;
      case Kind.outcome: {
        const [, index, outcome, value] = message;
        const asked = this.asked.get(index)!;
        this.asked.delete(index);
        asked.arrive(outcome, value);
        if (asked.state === "failed") this.failures.push(asked);
        await giveWay();
        break;
      }
      case Kind.share:
        this.values.set(message[1], message[2]);
        break;
      case Kind.shareArray: {
        const [, value, code, length] = message;
        this.values.set(value, await shareArray(this.comm, this.hosts, { code, length }));
        break;
      }
    }
  }

  // Running.

  /** Tasks that have begun and wait for others: each leaves room for another one. */
  private get waiting(): number {
    return Math.min(this.watched, this.active);
  }

  private drain(): void {
    this.drainPlanned = false;
    while (this.next < this.orders.length && this.active <= this.waiting)
      this.begin(this.orders[this.next++]);
    if (this.next === this.orders.length) {
      this.orders.length = 0;
      this.next = 0;
    }
    this.flush();
    if (this.waiting === this.toldWaiting) return;
    this.toldWaiting = this.waiting;
    void this.tell([Kind.waiting, this.rank, this.waiting]);
  }

  /** Not from within a task: what it has changed is looked at when it has given way. */
  private planDrain(): void {
    if (this.drainPlanned) return;
    this.drainPlanned = true;
    queueMicrotask(() => this.drain());
  }

  private begin([id, slot, fn, args, shared]: Order): void {
    if (!this.slots.claim(slot, id)) return;
    // Tasks of another function may take longer than those which were sent ahead because they are short.
    if (fn !== this.function) this.flush();
    this.function = fn;
    const began = performance.now();
    let value: unknown;
    try {
      value = taskOf(fn)(...(shared === undefined ? args : this.withShared(args, shared)));
    } catch (error) {
      this.finish(id, Outcome.failed, failureOf(id, error), began);
      return;
    }
    if (!isThenable(value)) {
      this.finish(id, Outcome.done, value, began);
      return;
    }
    this.active++;
    const settle = (outcome: Outcome, result: unknown): void => {
      this.active--;
      this.finish(id, outcome, result, began);
      this.planDrain();
    };
    value.then(
      result => settle(Outcome.done, result),
      (error: unknown) => settle(Outcome.failed, failureOf(id, error)),
    );
  }

  private withShared(args: unknown[], shared: SharedPlaces): unknown[] {
    const numbers = new Map(shared);
    const isPlace = (part: object): part is object => numbers.has(part);
    return replaceIn(args, isPlace, place => this.values.get(numbers.get(place)!)) as unknown[];
  }

  private finish(id: number, outcome: Outcome, value: unknown, began: number): void {
    const now = performance.now();
    this.longest = Math.max(this.longest, now - began);
    this.spans?.add(id, began, now, outcome === Outcome.failed);
    this.results.push([id, outcome, value]);
    if (now - this.flushed > FLUSH_MS) this.flush();
  }

  // Telling.

  private flush(): void {
    this.flushed = performance.now();
    if (this.results.length === 0) return;
    const { results, longest } = this;
    this.results = [];
    this.longest = 0;
    this.sending = this.report(results, longest);
  }

  private async report(results: Result[], longest: number): Promise<void> {
    try {
      await this.tell([Kind.results, this.rank, longest, results]);
    } catch (error) {
      if (!(error instanceof NotSendableError)) throw error;
      if (results.length > 1) {
        for (const result of results) await this.report([result], longest);
      } else {
        const [[id, , value]] = results;
        await this.report([[id, Outcome.failed, failureOf(id, refusalIn(value, error))]], longest);
      }
    }
  }

  private tell(message: ToDriver): Promise<void> {
    return this.comm.send(message, 0, toDriver);
  }

  // Tasks that tasks submit.

  submit(submission: Submission): Future<unknown> {
    this.large.check(submission);
    const { fn, args, priority, retries, worker, what, index } = submission;
    const number = this.askedCount++;
    const asked = new Asked(this, number, taskLabel(fn), what, index ?? number);
    this.asked.set(number, asked);
    const request = { index: number, fn, args, priority, retries, worker };
    this.tell([Kind.submit, this.rank, request]).catch((error: unknown) => {
      this.asked.delete(number);
      asked.fail(refusalIn(args, error));
    });
    return asked;
  }

  share<T>(): Promise<Shared<T>> {
    return Promise.reject(
      new ArgumentError("share: for rank 0, in the pool's body; tasks get what it has shared."),
    );
  }

  /** A task submitted from here is waited for, or no longer. */
  watch(change: number): void {
    this.watched += change;
    this.planDrain();
  }

  withdraw(number: number): void {
    void this.tell([Kind.cancel, this.rank, number]);
  }
}

/** A task submitted by a task. */
class Asked extends Future<unknown> {
  private readonly worker: Worker;
  private readonly what: string;
  private readonly number: number;
  private watched = false;

  constructor(worker: Worker, number: number, name: string, what: string | undefined, index: number) {
    super(index, name);
    this.worker = worker;
    this.number = number;
    this.what = what ?? `task ${name}`;
  }

  /** Here it is cancelled in any case; whether it still runs depends on whether it has begun. */
  cancel(): boolean {
    if (this.settled) return this.state === "cancelled";
    this.worker.withdraw(this.number);
    this.end("cancelled", new CancelledError(`${this.what} ${this.index} was cancelled`));
    return true;
  }

  arrive(outcome: Outcome, value: unknown): void {
    if (this.settled) return;
    if (outcome === Outcome.done) this.end("done", value);
    else if (outcome === Outcome.cancelled) {
      this.end("cancelled", new CancelledError(`${this.what} ${this.index} was cancelled`));
    } else this.end("failed", new TaskError(this.what, { ...(value as TaskFailure), index: this.index }));
  }

  fail(error: unknown): void {
    if (!this.settled) this.end("failed", error);
  }

  protected override onWatched(): void {
    if (this.watched) return;
    this.watched = true;
    this.worker.watch(1);
  }

  private end(state: "done" | "failed" | "cancelled", outcome: unknown): void {
    if (this.watched) this.worker.watch(-1);
    this.settle(state, outcome);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
