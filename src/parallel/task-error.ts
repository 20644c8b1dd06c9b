/** Errors of tasks: how they travel from the rank where a task has thrown to those who wait for its result. */
import { hostname } from "node:os";
import { TsmpiError } from "../errors.ts";
import { world } from "../index.ts";

/** What a rank tells of a task that has thrown. Every value can be sent it. */
export interface TaskFailure {
  /** Number of the item, or of the task in the order submitted. */
  readonly index: number;
  /** World rank that ran it. */
  readonly rank: number;
  readonly host: string;
  /** What was thrown, as far as it can travel. */
  readonly thrown: unknown;
  /** Names call and task where it was no ordinary one of the call. */
  readonly what?: string;
}

/** Where causes of causes end. */
const MAX_CAUSES = 8;

/** A task of this rank has thrown. */
export function failureOf(index: number, thrown: unknown): TaskFailure {
  return { index, rank: world.rank, host: hostname(), thrown: sendable(thrown, 0) };
}

/** A task has thrown on some rank. `cause` is what it has thrown, with the task's own stack. */
export class TaskError extends TsmpiError {
  /** Number of the item, or of the task in the order submitted. */
  readonly index: number;
  /** Name of the host of `rank`. */
  readonly host: string;

  /** @param what names the call and the task: "map: item" */
  constructor(what: string, { index, rank, host, thrown, what: named = what }: TaskFailure) {
    super("TSMPI_TASK", `${named} ${index} failed on rank ${rank} (${host}): ${String(thrown)}`, {
      rank,
      cause: thrown,
    });
    this.index = index;
    this.host = host;
  }
}

/** Several tasks have thrown, where all were to be run nevertheless. */
export class TasksError<R = unknown> extends TsmpiError {
  /** One for each, in the order of items. */
  readonly errors: readonly TaskError[];
  /** Results of the others by the number of their item, on ranks that get results; undefined in the places of `errors`. */
  declare readonly results: ArrayLike<R | undefined> | undefined;

  constructor(what: string, failures: readonly TaskFailure[], results: ArrayLike<R | undefined> | undefined) {
    const errors = [...failures].sort((a, b) => a.index - b.index).map(each => new TaskError(what, each));
    const more = errors.length === 1 ? "" : ` and ${errors.length - 1} more`;
    super("TSMPI_TASKS", `${errors[0].message}${more}`, { rank: errors[0].rank, cause: errors[0].cause });
    this.errors = errors;
    // Not shown with the error, for there may be many.
    Object.defineProperty(this, "results", { value: results });
  }
}

/** A copy of what was thrown that holds nothing which cannot travel; of an error also name, stack and causes. */
function sendable(thrown: unknown, depth: number): unknown {
  if (thrown === undefined) return undefined;
  if (!(thrown instanceof Error)) {
    const value = plain(thrown);
    return value === undefined ? String(thrown as symbol) : value;
  }
  const { name, message, stack } = thrown;
  const copy =
    thrown instanceof AggregateError ? new AggregateError([], message) : new (standardClass(thrown))(message);
  hide(copy, "name", name);
  hide(copy, "stack", stack);
  for (const key of Object.keys(thrown)) {
    if (Object.hasOwn(copy, key)) continue;
    const value = plain((thrown as never)[key]);
    if (value !== undefined) (copy as unknown as Record<string, unknown>)[key] = value;
  }
  if (depth < MAX_CAUSES) {
    if (thrown.cause !== undefined) hide(copy, "cause", sendable(thrown.cause, depth + 1));
    if (thrown instanceof AggregateError) {
      hide(
        copy,
        "errors",
        thrown.errors.map(each => sendable(each, depth + 1)),
      );
    }
  }
  return copy;
}

function hide(copy: Error, key: string, value: unknown): void {
  Object.defineProperty(copy, key, { value, configurable: true, writable: true });
}

function standardClass(error: Error): ErrorConstructor {
  for (const each of [RangeError, TypeError, SyntaxError, ReferenceError, EvalError, URIError]) {
    if (error instanceof each) return each;
  }
  return Error;
}

/** A value that can surely be sent: itself when it is primitive, else as JSON has it; undefined for none. */
function plain(value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    return undefined;
  }
}
