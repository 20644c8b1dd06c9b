/**
 * The thread of a process that is its rank: not a worker thread, nor what the rank has started. boot.ts says so at the
 * start, because to ask node itself (isMainThread) loads all that worker threads need, and the streams with it.
 */
const MARK = Symbol.for("tsmpi.rank-thread");

const marked = globalThis as { [MARK]?: true };

export function markRankThread(): void {
  marked[MARK] = true;
}

export function isRankThread(): boolean {
  return marked[MARK] === true;
}
