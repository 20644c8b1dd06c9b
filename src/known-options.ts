import { describe } from "./describe.ts";
import { ArgumentError } from "./errors.ts";
import { nearest } from "./nearest.ts";

/** The names of all options of a call; the compiler sees to it that none is left out. */
export type OptionNames<O> = Readonly<Record<keyof O, true>>;

/**
 * Refuses an option that a call does not have, a misspelt one most often, which would be ignored otherwise.
 * @param operation for the error
 * @throws {ArgumentError} naming the option that was meant, if one is like it
 */
export function requireKnownOptions<O extends object>(
  operation: string,
  options: O,
  known: OptionNames<O>,
): void {
  if (typeof options !== "object" || options === null) {
    throw new ArgumentError(
      `${operation}: options must be an object with any of ${list(known)}; got ${describe(options)}.`,
    );
  }
  for (const name in options) {
    // Not by Object.hasOwn, which takes twice as long: this is on the way of calls of half a microsecond.
    if (known[name] !== true) refuse(operation, name, known);
  }
}

// Apart, so that the loop is short enough to be compiled into its callers.
function refuse(operation: string, name: string, known: object): never {
  const guess = nearest(name, Object.keys(known));
  const hint = guess === undefined ? `there are ${list(known)}.` : `did you mean ${guess}?`;
  throw new ArgumentError(`${operation}: there is no option ${name}; ${hint}`);
}

function list(known: object): string {
  return Object.keys(known).join(", ");
}
