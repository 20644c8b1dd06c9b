import { failureOf, TaskError, type TaskFailure, TasksError } from "../task-error.ts";
import type { Future } from "./future.ts";

/** The error for those failed tasks whose outcome nobody has asked for, so that no failure is lost. */
export function unseen(failed: readonly Future<unknown>[]): unknown {
  const missed = failed.filter(future => future.unseen);
  if (missed.length <= 1) return missed[0]?.error;
  return new TasksError(
    "task",
    missed.map(({ error, index }) => asFailure(error, index)),
    undefined,
  );
}

export function asFailure(error: unknown, index: number): TaskFailure {
  if (!(error instanceof TaskError)) return failureOf(index, error);
  return { index: error.index, rank: error.rank!, host: error.host, thrown: error.cause };
}
