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
      `${operation}: options must be an object with any of ${list(known)}; got ${String(options)}.`,
    );
  }
  for (const name in options) {
    if (Object.hasOwn(known, name)) continue;
    const guess = nearest(name, Object.keys(known));
    const hint = guess === undefined ? `there are ${list(known)}.` : `did you mean ${guess}?`;
    throw new ArgumentError(`${operation}: there is no option ${name}; ${hint}`);
  }
}

function list(known: object): string {
  return Object.keys(known).join(", ");
}
