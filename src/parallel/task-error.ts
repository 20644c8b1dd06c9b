/** Errors of tasks: how they travel from the rank where a task has thrown to those who wait for its result. */
import { hostname } from "node:os";
import { inspect, types } from "node:util";
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
    super("TSMPI_TASK", `${named} ${index} failed on rank ${rank} (${host}): ${textOf(thrown)}`, {
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
  /**
   * Results of the others by the number of their item, on ranks that get results; in the places of `errors` undefined, or 0
   * in a typed array (`as`).
   */
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

/** What is no error is shown as console.log does, in one line. */
function textOf(thrown: unknown): string {
  return typeof thrown === "object" && thrown !== null && !(thrown instanceof Error)
    ? shown(thrown)
    : String(thrown);
}

function shown(object: object): string {
  return inspect(object, { breakLength: Infinity, maxArrayLength: 10, maxStringLength: 200 });
}

/**
 * A copy of what was thrown that holds nothing which cannot travel; of an error also name, stack and causes. It never
 * throws, whatever the program has made of its errors, for the other ranks wait for what this one tells.
 */
function sendable(thrown: unknown, depth: number): unknown {
  if (thrown === undefined) return undefined;
  try {
    // Those of another realm (node:vm) are errors, too, though not of this one's class.
    if (types.isNativeError(thrown) || thrown instanceof Error) return sendableError(thrown, depth);
    const value = plain(thrown);
    if (value !== undefined) return value;
    return typeof thrown === "object" ? shown(thrown as object) : String(thrown as symbol);
  } catch {
    return "something that cannot be read";
  }
}

function sendableError(thrown: Error, depth: number): Error {
  const name = textIn(thrown, "name") ?? "Error";
  const message = textIn(thrown, "message") ?? "";
  const copy =
    thrown instanceof AggregateError ? new AggregateError([], message) : new (standardClass(thrown))(message);
  hide(copy, "name", name);
  hide(copy, "stack", textIn(thrown, "stack") ?? `${name}: ${message}`);
  for (const key of Object.keys(thrown)) {
    if (Object.hasOwn(copy, key)) continue;
    const value = plain(propertyOf(thrown, key));
    if (value !== undefined) (copy as unknown as Record<string, unknown>)[key] = value;
  }
  if (depth < MAX_CAUSES) {
    const cause = propertyOf(thrown, "cause");
    if (cause !== undefined) hide(copy, "cause", sendable(cause, depth + 1));
    const errors = thrown instanceof AggregateError ? propertyOf(thrown, "errors") : undefined;
    if (Array.isArray(errors)) {
      hide(
        copy,
        "errors",
        errors.map(each => sendable(each, depth + 1)),
      );
    }
  }
  return copy;
}

/** Undefined where a getter throws; that of `stack` does when the name is a symbol. */
function propertyOf(error: Error, key: string): unknown {
  try {
    return error[key as never];
  } catch {
    return undefined;
  }
}

function textIn(error: Error, key: "name" | "message" | "stack"): string | undefined {
  const value = propertyOf(error, key);
  return typeof value === "string" ? value : undefined;
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
