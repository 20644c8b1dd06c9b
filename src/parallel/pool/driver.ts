import { ArgumentError, NotSendableError } from "../../errors.ts";
import { type Activity, ANY, type Communicator, type TypedArray, world } from "../../index.ts";
import { refusalIn } from "../sendable.ts";
import type { Caption } from "../trace.ts";
import type { Future } from "./future.ts";
import { giveWay } from "./give-way.ts";
import { Job, type Origin } from "./job.ts";
import { LargeArguments } from "./large-arguments.ts";
import type { Backend, Submission } from "./pool.ts";
import {
  Kind,
  Outcome,
  type Request,
  type Result,
  type ToDriver,
  type ToWorker,
  toDriver,
  toWorker,
} from "./protocol.ts";
import type { Setting } from "./setting.ts";
import { type Hosts, shareArray, shareableType } from "./share-value.ts";
import { Shared } from "./shared.ts";
import { Station } from "./station.ts";
import { taskLabel } from "./task.ts";
import { precedes, TaskQueue } from "./task-queue.ts";
import { unseen } from "./unseen.ts";

/**
 * Rank 0 of a pool: holds the one queue, and hands tasks to workers that have room. A worker is sent ahead what it
 * will have done within about a millisecond, by how long its tasks have taken lately: short tasks then travel in
 * batches, and a long one has none waiting behind it.
 */
export class Driver implements Backend {
  readonly workers: readonly number[];
  readonly known: number;
  private readonly comm: Communicator;
  private readonly hosts: Hosts;
  private readonly stations: Station[];
  private readonly queue = new TaskQueue<Job>();
  private readonly large = new LargeArguments();
  private readonly failures: Future<unknown>[] = [];
  private readonly activity: Activity;
  /** Of each attempt at a task, by its number; for pools with a trace. */
  private readonly captions: Caption[] | undefined;
  /** Tasks submitted, those of tasks included, and which of them have failed. */
  private all = 0;
  private failed = 0;
  private submitted = 0;
  private ids = 0;
  private nested = 0;
  private values = 0;
  /** The last array being shared: one after the other, for all ranks take part in each. */
  private sharing: Promise<unknown> = Promise.resolve();
  /** Tasks that are not settled. */
  private open = 0;
  private pumpPlanned = false;
  private ended = false;
  private onIdle: (() => void) | undefined;

  constructor({ comm, hosts, words, workers, known, traced }: Setting) {
    this.comm = comm;
    this.hosts = hosts;
    this.stations = workers.map(rank => new Station(rank, words));
    this.workers = workers;
    this.known = known;
    this.activity = world.activity("pool", 0);
    this.captions = traced ? [] : undefined;
  }

  /** What a trace calls the attempt of a number. */
  captionOf(id: number): Caption {
    return this.captions![id];
  }

  // What the pool's body asks for.

  submit(submission: Submission): Job {
    this.requireRunning("submit");
    const index = this.submitted++;
    this.large.check(submission);
    return this.enqueue(submission, index, index, undefined);
  }

  async share<T>(value: T): Promise<Shared<T>> {
    this.requireRunning("share");
    const number = this.values++;
    const dtype = shareableType(value);
    if (dtype === undefined || this.comm.size === 1) {
      await this.tellAll([Kind.share, number, value]).catch((error: unknown) => {
        throw refusalIn(value, error);
      });
      return new Shared(number, value);
    }
    const { code } = dtype;
    const array = value as TypedArray;
    const { length } = array;
    const share = async (): Promise<T> => {
      await this.tellAll([Kind.shareArray, number, code, length]);
      return (await shareArray(this.comm, this.hosts, { code, length }, array)) as T;
    };
    const sharing = this.sharing.then(share);
    this.sharing = sharing;
    return new Shared(number, await sharing);
  }

  private async tellAll(message: ToWorker): Promise<void> {
    await Promise.all(this.stations.map(({ rank }) => this.comm.send(message, rank, toWorker)));
  }

  /** Nothing more is submitted from here, and what has not begun is cancelled. */
  cancelAll(): void {
    for (const queue of [this.queue, ...this.stations.map(({ pinned }) => pinned)]) {
      for (const job of queue.drain()) job.cancel();
    }
  }

  /**
   * Waits for all tasks, then stops the workers.
   * @throws {TaskError} tasks have failed whose outcome nobody has asked for
   */
  async end(): Promise<void> {
    if (this.open > 0) {
      await new Promise<void>(resolve => {
        this.onIdle = resolve;
      });
    }
    this.ended = true;
    this.activity.end();
    for (const { rank } of this.stations) await this.comm.send([Kind.stop], rank, toWorker);
    const error = unseen(this.failures);
    if (error !== undefined) throw error;
  }

  private requireRunning(operation: string): void {
    if (this.ended)
      throw new ArgumentError(`${operation}: the pool has ended; use it within the body of withPool.`);
  }

  // What workers say.

  /** Hears them until all have stopped. */
  async listen(): Promise<void> {
    const source = this.stations.length === 1 ? this.stations[0].rank : ANY;
    for (let left = this.stations.length; left > 0; ) {
      const message = await this.comm.recv<ToDriver>(source, toDriver);
      if (message[0] === Kind.stopped) left--;
      else this.handle(message);
      await giveWay();
    }
  }

  private handle(message: Exclude<ToDriver, [typeof Kind.stopped, number]>): void {
    const station = this.stationOf(message[1]);
    switch (message[0]) {
      case Kind.results:
        station.ahead.learn(message[2]);
        for (const result of message[3]) this.arrived(station, result);
        break;
      case Kind.waiting:
        station.waiting = message[2];
        break;
      case Kind.submit:
        this.submitFor(station, message[2]);
        break;
      case Kind.cancel:
        station.requests.get(message[2])?.cancel();
        break;
    }
    this.pump();
  }

  private stationOf(rank: number): Station {
    return this.stations[this.stations.length === 1 ? 0 : rank - 1];
  }

  private arrived(station: Station, [id, outcome, value]: Result): void {
    const job = station.outstanding.get(id)!;
    station.forget(job);
    if (outcome === Outcome.failed && job.mayRetry()) this.queueOf(job).push(job);
    else job.arrive(outcome, value);
  }

  private submitFor(station: Station, { index, fn, args, priority, retries, worker }: Request): void {
    // Tasks of tasks come before those of the body, the last one first, so that of a recursion only one branch for
    // each worker is open.
    const submission = { fn, args, shared: undefined, priority, retries, worker };
    const origin = { rank: station.rank, index };
    station.requests.set(index, this.enqueue(submission, index, --this.nested, origin));
  }

  // The queue.

  private enqueue(submission: Submission, index: number, order: number, origin: Origin | undefined): Job {
    const { fn } = submission;
    const name = taskLabel(fn);
    const job = new Job(this, submission, name, submission.index ?? index, order, origin);
    this.open++;
    this.all++;
    this.tellActivity();
    this.queueOf(job).push(job);
    this.planPump();
    return job;
  }

  private queueOf({ worker }: Job): TaskQueue<Job> {
    return worker === undefined ? this.queue : this.stationOf(worker).pinned;
  }

  /** After what is running now, so that tasks submitted in a row are sent together. */
  private planPump(): void {
    if (this.pumpPlanned) return;
    this.pumpPlanned = true;
    queueMicrotask(() => {
      this.pumpPlanned = false;
      this.pump();
    });
  }

  /** Hands out tasks as long as workers have room for them. */
  private pump(): void {
    if (this.queue.length === 0) this.takeBack();
    if (this.queue.length === 0 && this.stations.every(({ pinned }) => pinned.length === 0)) return;
    const roomy = this.stations.filter(station => station.wantsMore);
    // Who has least comes first, and all get about the same.
    if (roomy.length > 1) roomy.sort((left, right) => left.load - right.load);
    for (const [i, station] of roomy.entries()) {
      const share = Math.ceil(this.queue.length / (roomy.length - i));
      this.give(station, Math.min(share + station.pinned.length, station.room));
    }
  }

  /** When somebody has nothing to do: half of what waits at the worker that has most, of those where anything waits. */
  private takeBack(): void {
    if (this.stations.length === 1 || this.stations.every(station => station.load > 0)) return;
    // The load alone does not tell: a worker in a long task may not have told of the ones that it has done before.
    for (const station of [...this.stations].sort((left, right) => right.load - left.load)) {
      if (station.load < 2) return;
      if (this.takeBackFrom(station)) return;
    }
  }

  private takeBackFrom(station: Station): boolean {
    let any = false;
    for (const job of [...station.outstanding.values()].slice(-Math.floor(station.load / 2)).reverse()) {
      if (job.worker !== undefined) continue;
      if (!station.takeBack(job)) break;
      job.takenBack();
      this.queue.push(job);
      any = true;
    }
    return any;
  }

  private give(station: Station, count: number): void {
    const jobs: Job[] = [];
    while (jobs.length < count) {
      const job = this.nextFor(station);
      if (job === undefined) break;
      if (job.settled) continue;
      job.sentTo(station, ++this.ids);
      if (this.captions !== undefined) this.captions[job.id] = { what: job.name, item: job.index };
      station.outstanding.set(job.id, job);
      jobs.push(job);
    }
    if (jobs.length > 0) void this.send(station, jobs);
  }

  private nextFor({ pinned }: Station): Job | undefined {
    const own = pinned.first;
    if (own === undefined) return this.queue.pop();
    const any = this.queue.first;
    return any === undefined || precedes(own, any) ? pinned.pop() : this.queue.pop();
  }

  private async send(station: Station, jobs: Job[]): Promise<void> {
    const message: ToWorker = [Kind.tasks, jobs.map(job => job.toOrder())];
    try {
      await this.comm.send(message, station.rank, toWorker);
    } catch (error) {
      if (!(error instanceof NotSendableError)) throw error;
      if (jobs.length > 1) {
        for (const job of jobs) void this.send(station, [job]);
        return;
      }
      station.forget(jobs[0]);
      jobs[0].refuse(error);
      this.pump();
    }
  }

  private tellActivity(): void {
    this.activity.update(this.all - this.open, this.failed, this.all);
  }

  /** A task is settled. */
  settled(job: Job, outcome: Outcome, value: unknown): void {
    if (outcome === Outcome.failed) this.failed++;
    const { origin } = job;
    if (origin === undefined) {
      if (outcome === Outcome.failed) this.failures.push(job);
    } else {
      const station = this.stationOf(origin.rank);
      station.requests.delete(origin.index);
      void this.comm.send([Kind.outcome, origin.index, outcome, value], origin.rank, toWorker);
    }
    // A worker may have room now.
    if (outcome === Outcome.cancelled) this.planPump();
    this.open--;
    this.tellActivity();
    if (this.open === 0) this.onIdle?.();
  }
}
