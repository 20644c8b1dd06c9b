/**
 * Functions that other ranks can be asked to run. A function cannot travel, but every rank runs the same program and
 * so has the same functions; what travels is a number. `task` numbers functions in the order in which the program
 * comes by, and pools compare the numbering of all ranks before they begin.
 */
import { ArgumentError, CollectiveMismatchError } from "../../errors.ts";
import { Hash } from "../hash.ts";

export type TaskFunction = (...args: any[]) => unknown;

interface Registered {
  readonly fn: TaskFunction;
  readonly label: string;
  /** Of the function's text. */
  readonly hash: number;
}

/** What is compared: label and hash of each task. */
export type Numbering = readonly (readonly [label: string, hash: number])[];

const registered: Registered[] = [];
const numbers = new Map<TaskFunction, number>();
const names = new Set<string>();

/**
 * Makes a function known as a task and returns it. To be called on every rank, as code at the top level of a module
 * is. The function may be an arrow function, and may use what surrounds it: each rank has its own.
 * @param name stands in messages; default the function's own name, or the beginning of its text
 * @throws {ArgumentError} no function, or a name that another task has
 */
export function task<F extends TaskFunction>(fn: F): F;
export function task<F extends TaskFunction>(name: string, fn: F): F;
export function task<F extends TaskFunction>(...args: [F] | [string, F]): F {
  const [name, fn] = args.length === 1 ? [undefined, args[0]] : args;
  if (typeof fn !== "function") {
    throw new ArgumentError(`task: wants a function, or a name and a function; got ${String(fn)}.`);
  }
  if (name !== undefined) {
    if (typeof name !== "string" || name === "") {
      throw new ArgumentError("task: the name must be a string that is not empty.");
    }
    if (names.has(name)) throw new ArgumentError(`task: another task is named ${JSON.stringify(name)}.`);
  }
  if (numbers.has(fn)) {
    if (name === undefined) return fn;
    throw new ArgumentError(`task: ${labelOf(fn)} is a task already; it cannot be named ${name} as well.`);
  }
  if (name !== undefined) names.add(name);
  numbers.set(fn, registered.length);
  registered.push({ fn, label: name ?? labelOf(fn), hash: Hash.of(fn.toString()) });
  return fn;
}

/** Name of a function, or the beginning of its text where it has none. */
export function labelOf(fn: TaskFunction): string {
  if (fn.name !== "") return fn.name;
  const text = fn.toString().replace(/\s+/g, " ");
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

/** The tasks that a pool begins with. */
export function numbering(): Numbering {
  return registered.map(({ label, hash }) => [label, hash] as const);
}

/**
 * The number of a function among the first `known` tasks.
 * @throws {ArgumentError} it is none of them
 */
export function numberOf(operation: string, fn: TaskFunction, known: number): number {
  const number = numbers.get(fn);
  if (number !== undefined && number < known) return number;
  if (typeof fn !== "function") {
    throw new ArgumentError(`${operation}: wants a task, then its arguments; got ${String(fn)}.`);
  }
  const label = labelOf(fn);
  throw new ArgumentError(
    number === undefined
      ? `${operation}: the other ranks do not know the function ${label}. Make it a task where every rank comes ` +
          "by, outside of the pool's body: const name = task(function)."
      : `${operation}: the task ${label} was made after the pool had begun, where only some ranks come by. Make it ` +
          "before, at the top level of a module.",
  );
}

export function taskOf(number: number): TaskFunction {
  return registered[number].fn;
}

export function taskLabel(number: number): string {
  return registered[number].label;
}

/** @throws {CollectiveMismatchError} the ranks have numbered differently */
export function compareNumberings(numberings: readonly Numbering[]): void {
  const [first] = numberings;
  for (const [rank, other] of numberings.entries()) {
    for (let i = 0; i < Math.max(first.length, other.length); i++) {
      if (first[i]?.[0] === other[i]?.[0] && first[i]?.[1] === other[i]?.[1]) continue;
      throw new CollectiveMismatchError(
        `withPool: the ranks disagree about their tasks: number ${i} is ${describe(first[i])} on rank 0 and ` +
          `${describe(other[i])} on rank ${rank}${first[i]?.[0] === other[i]?.[0] ? " with another text" : ""}. ` +
          "Every rank must make the same tasks in the same order: call task at the top level of a module, not " +
          "under a condition that holds on some ranks only.",
      );
    }
  }
}

function describe(entry: Numbering[number] | undefined): string {
  return entry === undefined ? "nothing" : entry[0];
}
