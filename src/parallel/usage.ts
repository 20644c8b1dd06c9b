/** How evenly a map kept its ranks busy, and how much memory they took. */
import { hostname } from "node:os";
import { ArgumentError } from "../errors.ts";
import type { Communicator } from "../index.ts";
import { peakMemory } from "../peak-memory.ts";

export interface RankUsage {
  readonly rank: number;
  readonly host: string;
  /** Tasks that the rank has run, those that have thrown included. */
  readonly tasks: number;
  /** Seconds in its tasks; of tasks under way at once all count. */
  readonly busy: number;
  /** Seconds until the last rank had nothing more to do, less `busy`. */
  readonly idle: number;
  /** Bytes of memory that the rank's process has had at most so far, of shared arrays what it has touched. */
  readonly peakMemory: number;
}

/** true: a line for each rank on standard error. A function is called instead. */
export type UsageOption = boolean | ((usages: readonly RankUsage[]) => void);

/** @throws {ArgumentError} */
export function requireUsage(option: unknown): asserts option is UsageOption {
  if (typeof option === "boolean" || typeof option === "function") return;
  throw new ArgumentError(
    `usage must be true, false or a function of the ranks' usage; got ${String(option)}.`,
  );
}

/** Measured by one rank, in seconds. */
export interface Measured {
  readonly tasks: number;
  readonly busy: number;
  readonly elapsed: number;
}

/** Collective; shows on rank 0. */
export async function tellUsage(
  comm: Communicator,
  measured: Measured,
  option: UsageOption,
  label: string,
): Promise<void> {
  const all = await comm.gather({ ...measured, host: hostname(), peakMemory: peakMemory() });
  if (all === undefined || option === false) return;
  const total = Math.max(...all.map(each => each.elapsed));
  const usages = all.map(({ host, tasks, busy, peakMemory }, rank) => ({
    rank,
    host,
    tasks,
    busy,
    idle: Math.max(0, total - busy),
    peakMemory,
  }));
  if (option === true) process.stderr.write(usages.map(each => `${label}: ${lineOf(each)}\n`).join(""));
  else option(usages);
}

function lineOf({ rank, host, tasks, busy, idle, peakMemory }: RankUsage): string {
  const times = `busy ${busy.toFixed(3)} s, idle ${idle.toFixed(3)} s`;
  return `rank ${rank} on ${host}: ${tasks} tasks, ${times}, peak memory ${(peakMemory / 2 ** 20).toFixed(0)} MiB`;
}
