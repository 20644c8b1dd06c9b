import { refusalIn } from "../sendable.ts";
import { failureOf, TaskError, type TaskFailure } from "../task-error.ts";
import { CancelledError, Future, type FutureState } from "./future.ts";
import type { Submission } from "./pool.ts";
import { type Order, Outcome, type SharedPlaces } from "./protocol.ts";
import type { Slots } from "./slots.ts";
import type { Queued } from "./task-queue.ts";

/** The task that has submitted a task. */
export interface Origin {
  readonly rank: number;
  /** Number of the submitted task there. */
  readonly index: number;
}

/** Who is told when a task is settled: the driver. */
interface Submitter {
  settled(job: Job, outcome: Outcome, value: unknown): void;
}

/** The station that a task has been sent to. */
interface Place {
  readonly slots: Slots;
  /** Takes a task back that has not begun. Returns whether it is back. */
  takeBack(job: Job): boolean;
}

/** A task at the driver, from its submission to its outcome. */
export class Job extends Future<unknown> implements Queued {
  readonly priority: number;
  readonly order: number;
  /** The rank that is to run it; undefined: any. */
  readonly worker: number | undefined;
  /** Undefined for a task of the pool's body. */
  readonly origin: Origin | undefined;
  /** Number of the attempt under way. */
  id = 0;
  /** Where it is claimed. */
  slot = -1;
  private station: Place | undefined;
  private readonly driver: Submitter;
  private readonly fn: number;
  private readonly what: string;
  /** Let go of when it is settled. */
  private args: unknown[] | undefined;
  private readonly shared: SharedPlaces | undefined;
  private retries: number;

  constructor(
    driver: Submitter,
    { fn, args, shared, priority, retries, worker, what }: Submission,
    name: string,
    index: number,
    order: number,
    origin: Origin | undefined,
  ) {
    super(index, name);
    this.driver = driver;
    this.fn = fn;
    this.args = args;
    this.shared = shared;
    this.priority = priority;
    this.retries = retries;
    this.what = what ?? `task ${name}`;
    this.order = order;
    this.worker = worker;
    this.origin = origin;
  }

  /** As a worker is told of it. */
  toOrder(): Order {
    return [this.id, this.slot, this.fn, this.args!, this.shared];
  }

  /** As far as the driver can see: on its own host to the moment, elsewhere a task that has been sent counts as begun. */
  override get state(): FutureState {
    const state = super.state;
    return state === "running" && this.station!.slots.isOffered(this.slot, this.id) ? "pending" : state;
  }

  sentTo(station: Place, id: number): void {
    this.station = station;
    this.id = id;
    this.slot = station.slots.offer(id);
    this.begin();
  }

  /** Not begun, and back in the queue. */
  takenBack(): void {
    this.station = undefined;
    this.postpone();
  }

  /** It has thrown. Whether it is to be run again. */
  mayRetry(): boolean {
    if (this.retries === 0) return false;
    this.retries--;
    this.takenBack();
    return true;
  }

  cancel(): boolean {
    if (!this.settled && (this.station === undefined || this.station.takeBack(this))) {
      this.end(
        "cancelled",
        Outcome.cancelled,
        undefined,
        new CancelledError(`${this.what} ${this.index} was cancelled`),
      );
    }
    return this.state === "cancelled";
  }

  arrive(outcome: Outcome, value: unknown): void {
    if (outcome === Outcome.done) this.end("done", outcome, value, value);
    else this.fail(value as TaskFailure);
  }

  /** Its arguments cannot be sent. */
  refuse(error: unknown): void {
    const refusal = refusalIn(this.args, error);
    this.end("failed", Outcome.failed, failureOf(this.index, refusal), refusal);
  }

  private fail(failure: TaskFailure): void {
    this.end("failed", Outcome.failed, failure, new TaskError(this.what, { ...failure, index: this.index }));
  }

  /** @param told what a worker that has asked is told */
  private end(state: "done" | "failed" | "cancelled", outcome: Outcome, told: unknown, own: unknown): void {
    this.args = undefined;
    this.settle(state, own);
    this.driver.settled(this, outcome, told);
  }
}
