/**
 * Where boot-zeromq.ts leaves a rank's threads for the library, which may be bundled into the program. Apart from their
 * code, because that loads node:worker_threads, and every rank over shared memory would pay for it.
 */
import type { RankThreads } from "./rank-threads.ts";

const KEY = Symbol.for("tsmpi.threads");

export function setRankThreads(threads: RankThreads): void {
  (globalThis as { [KEY]?: RankThreads })[KEY] = threads;
}

export function rankThreads(): RankThreads | undefined {
  return (globalThis as { [KEY]?: RankThreads })[KEY];
}
