import { ArgumentError } from "../errors.ts";
import { type OptionNames, requireKnownOptions } from "../known-options.ts";
import type { Seed } from "../random/index.ts";
import { type ProgressOption, requireProgress } from "./progress.ts";
import { requireTrace } from "./trace.ts";
import { requireUsage, type UsageOption } from "./usage.ts";

/**
 * Which rank runs which items.
 * - static: a block of consecutive items for each rank, as even as can be; nothing is communicated
 * - cyclic: items are dealt one after the other; nothing is communicated
 * - dynamic: whoever is free takes the next
 * - guided: the same, many items at first and ever fewer: half of what is left, shared by all ranks
 */
export type Schedule = "static" | "cyclic" | "dynamic" | "guided";

export const schedules: readonly Schedule[] = ["static", "cyclic", "dynamic", "guided"];

export interface MapOptions<T = unknown> {
  /** Default: dynamic; of `scatterMap`: cyclic. */
  schedule?: Schedule;
  /**
   * Items taken at once: cyclic deals blocks of so many; dynamic takes so many, by default 1 while tasks take longer
   * than 20 us, and more where they take less; guided never takes fewer.
   */
  chunk?: number;
  /** The same the other way: chunk is such that each rank gets about so many chunks. */
  chunksPerRank?: number;
  /**
   * How long an item will take, in any unit: the longest are begun first. With static each rank gets items of about
   * the same cost together. Must give the same on every rank.
   */
  cost?: (item: T, index: number) => number;
  /** Gives every item random numbers of its own, `context.random`, whichever rank runs it. The same on every rank. */
  seed?: Seed;
  /** Tasks of a rank that are under way at once, for those that wait for something else than their core. Default 1. */
  concurrency?: number;
  /**
   * cancel: once a task has thrown no other one is begun, and the call rejects with its TaskError. collect: all others
   * are run, then it rejects with a TasksError. Both on every rank. Default cancel.
   */
  errors?: "cancel" | "collect";
  /**
   * Whether ranks compare what their items hold, and all refuse the map if any two differ, before any task is run; for
   * finding mistakes: it writes every item down on every rank. Not of scatterMap, where one rank has the items. Default
   * false: only their number is compared.
   */
  checkItems?: boolean;
  /** Shown by rank 0. Default false. */
  progress?: ProgressOption;
  /** Says at the end how long each rank was busy and idle, and its peak memory, on rank 0. Default false. */
  usage?: UsageOption;
  /**
   * Writes when each task ran, and on which rank, into this file, from rank 0: a trace that ui.perfetto.dev and
   * chrome://tracing show. Maps, pools and graphs that name the same file all add to it. Default: none.
   */
  trace?: string;
  /** Stands in errors and before the progress. Default: the name of the operation. */
  label?: string;
}

/** Those of every map; what else an operation has it puts behind them. */
export const mapOptions: OptionNames<MapOptions> = {
  schedule: true,
  chunk: true,
  chunksPerRank: true,
  cost: true,
  seed: true,
  concurrency: true,
  errors: true,
  checkItems: true,
  progress: true,
  usage: true,
  trace: true,
  label: true,
};

/** @throws {ArgumentError} naming the option */
export function requireOptions<O extends MapOptions<never>>(
  operation: string,
  options: O,
  known: OptionNames<O>,
): void {
  requireKnownOptions(operation, options, known);
  const { schedule, chunk, chunksPerRank, cost, concurrency, errors, progress, usage, trace, checkItems } =
    options;
  const fail = (sentence: string): never => {
    throw new ArgumentError(`${operation}: ${sentence}.`);
  };
  if (schedule !== undefined && !schedules.includes(schedule)) {
    fail(`schedule must be ${schedules.join(", ")}; got ${String(schedule)}`);
  }
  const counts = { chunk, chunksPerRank, concurrency };
  for (const [name, count] of Object.entries(counts)) {
    if (count !== undefined && !(Number.isSafeInteger(count) && count > 0)) {
      fail(`${name} must be a whole number from 1; got ${String(count)}`);
    }
  }
  if (chunk !== undefined && chunksPerRank !== undefined) fail("give either chunk or chunksPerRank");
  if (cost !== undefined && typeof cost !== "function") {
    fail(`cost must be a function (item, index) => number; got ${typeof cost}`);
  }
  if (errors !== undefined && errors !== "cancel" && errors !== "collect") {
    fail(`errors must be cancel or collect; got ${String(errors)}`);
  }
  if (checkItems !== undefined && typeof checkItems !== "boolean") {
    fail(`checkItems must be true or false; got ${String(checkItems)}`);
  }
  if (progress !== undefined) requireProgress(progress);
  if (usage !== undefined) requireUsage(usage);
  if (trace !== undefined) requireTrace(trace);
}

/** @throws {ArgumentError} */
export function requireTask(operation: string, task: unknown): void {
  if (typeof task === "function") return;
  throw new ArgumentError(
    `${operation}: the task must be a function; got ${task === null ? "null" : typeof task}.`,
  );
}

/** @throws {ArgumentError} */
export function requireRoot(operation: string, root: unknown, size: number): void {
  if (Number.isInteger(root) && (root as number) >= 0 && (root as number) < size) return;
  throw new ArgumentError(`${operation}: root must be a rank from 0 to ${size - 1}; got ${String(root)}.`);
}

/** Items that are taken together; undefined: not said. */
export function chunkOf(options: MapOptions<never>, total: number, size: number): number | undefined {
  const { chunk, chunksPerRank } = options;
  return chunksPerRank === undefined ? chunk : Math.max(1, Math.ceil(total / (size * chunksPerRank)));
}
