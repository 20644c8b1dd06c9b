import { hostname } from "node:os";
import { ArgumentError } from "../../errors.ts";
import { type Communicator, world } from "../../index.ts";
import { type OptionNames, requireKnownOptions } from "../../known-options.ts";
import { failureOf, TaskError, type TaskFailure } from "../task-error.ts";
import { exclusively } from "../team.ts";
import { requireTrace, Spans, type Trace, tellTrace, traceOf } from "../trace.ts";
import { Driver } from "./driver.ts";
import { Pool } from "./pool.ts";
import type { Setting } from "./setting.ts";
import { slotWords } from "./slots.ts";
import { compareNumberings, type Numbering, numbering } from "./task.ts";
import { Worker } from "./worker.ts";

export interface PoolOptions {
  /**
   * Called on each worker before its first task; what it returns, or the promise of it, is `currentWorker().state`.
   * `rank` is the worker's in the communicator.
   */
  initializer?: (rank: number) => unknown;
  /**
   * Writes when each task ran, and on which rank, into this file when the pool ends: a trace that ui.perfetto.dev and
   * chrome://tracing show. Rank 0 decides. Maps, pools and graphs that name the same file all add to it. Default: none.
   */
  trace?: string;
}

const poolOptions: OptionNames<PoolOptions> = { initializer: true, trace: true };

/** What each rank brings to the beginning of a pool. */
interface Entry {
  readonly numbering: Numbering;
  readonly failure: TaskFailure | undefined;
  readonly host: string;
  readonly traced: boolean;
}

/**
 * Runs `body` on rank 0, while the other ranks run the tasks that it submits. With a single rank, that one does both.
 *
 * All ranks call it. When the body is over, what it has submitted is waited for. Resolves to what the body returns on
 * rank 0, to undefined elsewhere; rejects on rank 0 with what the body throws, after cancelling what has not begun.
 * @throws {ArgumentError} a map, a pool or a graph of `comm` is under way on this rank, such as one whose task calls it
 * @throws {CollectiveMismatchError} on every rank: the ranks know different tasks
 * @throws {TaskError} on every rank: the initializer has thrown; on rank 0: tasks have failed whose outcome the body
 * has not asked for
 */
export async function withPool<T>(
  comm: Communicator,
  body: (pool: Pool) => T | Promise<T>,
  options: PoolOptions = {},
): Promise<T | undefined> {
  if (typeof body !== "function")
    throw new ArgumentError("withPool: the body must be a function of the pool.");
  requireKnownOptions("withPool", options, poolOptions);
  const { initializer, trace } = options;
  if (initializer !== undefined && typeof initializer !== "function") {
    throw new ArgumentError("withPool: initializer must be a function.");
  }
  if (trace !== undefined) requireTrace(trace);
  // Before the tasks, whose work would be lost otherwise.
  const written = trace !== undefined && comm.rank === 0 ? traceOf(trace) : undefined;
  return await exclusively(comm, "withPool", async () => {
    const own = await comm.dup({ name: `${comm.name}.pool` });
    try {
      return await run(own, body, initializer, written);
    } finally {
      await own.free();
    }
  });
}

/** A name that the ranks have in common which share memory. */
function memoryOf(rank: number): string {
  return world.sharesMemory ? hostname() : `${hostname()} ${rank}`;
}

async function run<T>(
  comm: Communicator,
  body: (pool: Pool) => T | Promise<T>,
  initializer: PoolOptions["initializer"],
  trace: Trace | undefined,
): Promise<T | undefined> {
  const { rank, size } = comm;
  const isWorker = rank > 0 || size === 1;
  let state: unknown;
  let failure: TaskFailure | undefined;
  try {
    if (isWorker) state = await initializer?.(rank);
  } catch (error) {
    failure = failureOf(rank, error);
  }
  const entries = await comm.allgather<Entry>({
    numbering: numbering(),
    failure,
    host: memoryOf(rank),
    traced: trace !== undefined,
  });
  compareNumberings(entries.map(entry => entry.numbering));
  const failed = entries.find(entry => entry.failure !== undefined)?.failure;
  if (failed !== undefined) throw new TaskError("withPool: the initializer of worker", failed);

  const ranks = Array.from({ length: size }, (_, r) => r);
  const workers = size === 1 ? ranks : ranks.slice(1);
  const names = entries.map(entry => entry.host);
  const isOneHost = new Set(names).size === 1;
  const own = isOneHost ? comm : await comm.split(names[rank]);
  const setting: Setting = {
    comm,
    hosts: { own, leaders: ranks.filter(r => names.indexOf(names[r]) === r) },
    words: isOneHost ? await comm.shared(Int32Array, slotWords(size)) : undefined,
    workers,
    known: entries[0].numbering.length,
    traced: entries[0].traced,
  };
  const worker = isWorker ? new Worker(setting, state) : undefined;
  const driver = rank === 0 ? new Driver(setting) : undefined;
  const serving = worker?.serve();
  try {
    return await (driver && drive(driver, body));
  } finally {
    try {
      await serving;
    } finally {
      if (setting.traced)
        await tellTrace(comm, worker?.spans ?? new Spans(), trace, "pool", id => driver!.captionOf(id));
      if (own !== comm) await own.free();
    }
  }
}

async function drive<T>(driver: Driver, body: (pool: Pool) => T | Promise<T>): Promise<T> {
  const listening = driver.listen();
  try {
    let outcome: T;
    try {
      outcome = await body(new Pool(driver));
    } catch (error) {
      driver.cancelAll();
      // What else has failed counts less than what has ended the body.
      await driver.end().catch(() => {});
      throw error;
    }
    await driver.end();
    return outcome;
  } finally {
    await listening;
  }
}
