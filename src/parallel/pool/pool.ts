import { inspect } from "node:util";
import { ArgumentError } from "../../errors.ts";
import { type OptionNames, requireKnownOptions } from "../../known-options.ts";
import { type Items, toList } from "../items.ts";
import { type ProgressOption, progressOf, requireProgress } from "../progress.ts";
import {
  type Arguments,
  listOfArguments,
  type OrShared,
  type PoolItems,
  streamOf,
  type Travelling,
  toTravel,
} from "./arguments.ts";
import { type FlowOptions, flow } from "./flow.ts";
import type { Future } from "./future.ts";
import { resultsOf } from "./results-of.ts";
import type { Shared } from "./shared.ts";
import { numberOf, type TaskFunction, taskLabel } from "./task.ts";

export interface SubmitOptions {
  /** Tasks of higher priority begin first; default 0. */
  priority?: number;
  /** A task that throws is run again up to so many times; default 0. */
  retries?: number;
  /** Rank in the pool's communicator that is to run the task; default: whoever has room. */
  worker?: number | undefined;
}

const submitOptions: OptionNames<SubmitOptions> = { priority: true, retries: true, worker: true };

export interface PoolMapOptions extends SubmitOptions {
  /**
   * cancel: the first task that fails cancels those which have not begun. collect: all are run, then a TasksError has
   * errors and results. Default cancel.
   */
  errors?: "cancel" | "collect";
  progress?: ProgressOption;
}

const mapOptions: OptionNames<PoolMapOptions> = { ...submitOptions, errors: true, progress: true };
const flowOptions: OptionNames<FlowOptions & SubmitOptions> = {
  ...submitOptions,
  ordered: true,
  inFlight: true,
};

/** One task as its pool wants it. */
export interface Submission extends Travelling {
  readonly fn: number;
  readonly priority: number;
  readonly retries: number;
  readonly worker: number | undefined;
  /** For errors: "pool.map: square, item". Default: the task's name. */
  readonly what?: string;
  /** For errors, goes with `what`. */
  readonly index?: number;
}

/** Where tasks go: the driver itself on rank 0, a messenger to it in tasks on other ranks. */
export interface Backend {
  /** Ranks that run tasks. */
  readonly workers: readonly number[];
  /** So many tasks are known to all ranks. */
  readonly known: number;
  submit(submission: Submission): Future<unknown>;
  share<T>(value: T): Promise<Shared<T>>;
}

/** Runs tasks on other ranks. `withPool` gives one to its body; tasks find theirs in `currentWorker()`. */
export class Pool {
  private readonly backend: Backend;
  private readonly priority: number;
  private readonly retries: number;
  private readonly worker: number | undefined;

  /** Programs get pools from `withPool`. */
  constructor(backend: Backend, { priority = 0, retries = 0, worker }: SubmitOptions = {}) {
    if (!Number.isFinite(priority)) {
      throw new ArgumentError(`pool: priority must be a number; got ${String(priority)}.`);
    }
    if (!Number.isInteger(retries) || retries < 0) {
      throw new ArgumentError(`pool: retries must be a whole number from 0; got ${String(retries)}.`);
    }
    const { workers } = backend;
    if (worker !== undefined && !workers.includes(worker)) {
      const ranks = workers.length === 1 ? `${workers[0]}` : `from ${workers[0]} to ${workers.at(-1)}`;
      throw new ArgumentError(
        `pool: worker must be a rank that runs tasks, ${ranks}; got ${String(worker)}.`,
      );
    }
    this.backend = backend;
    this.priority = priority;
    this.retries = retries;
    this.worker = worker;
  }

  /** How many ranks run tasks. */
  get workers(): number {
    return this.backend.workers.length;
  }

  toString(): string {
    return `Pool(${this.workers === 1 ? "1 worker" : `${this.workers} workers`})`;
  }

  /** As console.log shows it. */
  [inspect.custom](): string {
    return this.toString();
  }

  /**
   * This pool, with other options for what is submitted through the result: `pool.with({ priority: 1 }).submit(...)`.
   * @throws {ArgumentError} bad options
   */
  with(options: SubmitOptions): Pool {
    requireKnownOptions("pool.with", options, submitOptions);
    const { backend, priority, retries, worker } = this;
    return new Pool(backend, { priority, retries, worker, ...options });
  }

  /**
   * Has a task run, and returns at once. The arguments are copied when the task is handed to a worker; leave them
   * unchanged until then.
   * @param fn a function that `task` has made known on every rank
   * @throws {ArgumentError} the other ranks do not know the function, or the pool has ended
   */
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: Arguments<A>): Future<Awaited<R>> {
    return this.send("submit", fn, args) as Future<Awaited<R>>;
  }

  /** The results of a task for each item, in the order of items. */
  map<T, R>(
    fn: (item: T) => R,
    items: PoolItems<NoInfer<T>>,
    options?: PoolMapOptions,
  ): Promise<Awaited<R>[]> {
    return this.all("map", fn, items as Items<unknown>, item => [item], options);
  }

  /** The same for a task of several arguments; each item is a list of them. */
  starmap<A extends unknown[], R>(
    fn: (...args: A) => R,
    items: ArrayLike<Readonly<Arguments<A>>> | Iterable<Readonly<Arguments<A>>>,
    options?: PoolMapOptions,
  ): Promise<Awaited<R>[]> {
    return this.all(
      "starmap",
      fn,
      items as Items<unknown>,
      item => listOfArguments("pool.starmap", item),
      options,
    );
  }

  /**
   * Results as they come, in the order of items, or with `ordered: false` in the order in which they are ready. Takes
   * an item only when less than `inFlight` tasks are under way or wait for being read, so that the items may be
   * endless. Leaving the loop cancels what has not begun.
   */
  imap<T, R>(
    fn: (item: T) => R,
    items: PoolItems<NoInfer<T>> | AsyncIterable<OrShared<NoInfer<T>>>,
    options: FlowOptions & SubmitOptions = {},
  ): AsyncGenerator<Awaited<R>, void, void> {
    requireKnownOptions("pool.imap", options, flowOptions);
    const { ordered, inFlight, ...rest } = options;
    const pool = this.with(rest);
    const submit = (item: unknown, index: number): Future<Awaited<R>> =>
      pool.send("imap", fn, [item], index) as Future<Awaited<R>>;
    return flow(streamOf(items), submit, { ordered, inFlight: inFlight ?? 4 * this.workers });
  }

  /**
   * Hands a value to all workers once; pass the result to tasks in place of the value. A typed array lies in memory
   * once per host, and is the same memory for all tasks there; a Buffer becomes a Uint8Array. For rank 0, in the pool's body.
   */
  share<T>(value: T): Promise<Shared<T>> {
    return this.backend.share(value);
  }

  private send(operation: string, fn: TaskFunction, args: unknown[], index?: number): Future<unknown> {
    const number = numberOf(operation, fn, this.backend.known);
    const { priority, retries, worker } = this;
    const travelling = toTravel(operation, taskLabel(number), args);
    const what = index === undefined ? undefined : `pool.${operation}: ${taskLabel(number)}, item`;
    return this.backend.submit({ fn: number, ...travelling, priority, retries, worker, what, index });
  }

  private async all<R>(
    operation: string,
    fn: (...args: any[]) => R,
    items: Items<unknown>,
    argumentsOf: (item: unknown) => unknown[],
    options: PoolMapOptions = {},
  ): Promise<Awaited<R>[]> {
    requireKnownOptions(`pool.${operation}`, options, mapOptions);
    const { errors = "cancel", progress = false, ...rest } = options;
    if (errors !== "cancel" && errors !== "collect") {
      throw new ArgumentError(`${operation}: errors must be cancel or collect; got ${String(errors)}.`);
    }
    requireProgress(progress);
    const pool = this.with(rest);
    const list = toList<unknown>(`pool.${operation}`, items);
    const all = Array.from({ length: list.length }, (_, index) => argumentsOf(list.at(index)));
    const futures = all.map((args, index) => pool.send(operation, fn, args, index) as Future<Awaited<R>>);
    const shown = progressOf(progress, `pool.${operation}`, all.length);
    return await resultsOf(operation, futures, errors, shown);
  }
}
