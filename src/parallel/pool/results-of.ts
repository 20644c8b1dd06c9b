import type { Progress } from "../progress.ts";
import { TasksError } from "../task-error.ts";
import type { Future } from "./future.ts";
import { asFailure } from "./unseen.ts";

/**
 * The results of futures in their order, when all are settled.
 * @throws {TaskError} with "cancel": of the task that failed first; the others are cancelled, and those which had begun
 * are over
 * @throws {TasksError} with "collect": tasks have failed
 */
export function resultsOf<R>(
  operation: string,
  futures: readonly Future<R>[],
  errors: "cancel" | "collect",
  progress: Progress | undefined,
): Promise<R[]> {
  return new Promise((resolve, reject) => {
    const failed: Future<R>[] = [];
    let open = futures.length;
    const finish = (): void => {
      progress?.finish(futures.length, failed.length);
      if (failed.length === 0) resolve(futures.map(future => future.result));
      else if (errors === "cancel") reject(failed[0].error);
      else reject(tasksError(operation, futures));
    };
    const settled = (future: Future<R>): void => {
      open--;
      // Asks for the error, too, so that it counts as seen.
      if (future.error !== undefined && failed.push(future) === 1 && errors === "cancel") {
        for (const other of futures) other.cancel();
      }
      progress?.update(futures.length - open, failed.length);
      if (open === 0) finish();
    };
    if (open === 0) finish();
    for (const future of futures) future.onSettled(settled);
  });
}

function tasksError<R>(operation: string, futures: readonly Future<R>[]): unknown {
  const failures = futures.flatMap(({ error, index }) =>
    error === undefined ? [] : [asFailure(error, index)],
  );
  const results = futures.map(future => (future.state === "done" ? future.result : undefined));
  return new TasksError(`pool.${operation}: item`, failures, results);
}
