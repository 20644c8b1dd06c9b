/** What all ranks must say alike of a map: with other options than theirs a rank would run other items, or give other results. */
import { ArgumentError } from "../errors.ts";
import { schedules } from "./options.ts";

/** Numbers by name, which are those of options where there is one; NONE for what is not given. */
export type Terms = Readonly<Record<string, number>>;

export const NONE = -1;

/** How values are told; of the other terms they are hashes. */
const told: Readonly<Record<string, (value: number) => string>> = {
  "number of items": String,
  schedule: value => schedules[value],
  chunk: String,
  errors: value => (value === 0 ? "cancel" : "collect"),
  root: String,
};

/** Writes each value and its negative into the end of an array: of both the greatest over all ranks is wanted. */
export function writeTerms(terms: Terms, array: Float64Array): void {
  const values = Object.values(terms);
  let at = array.length - 2 * values.length;
  for (const value of values) {
    array[at++] = value;
    array[at++] = -value;
  }
}

/**
 * @param array the greatest of what the ranks have written
 * @throws {ArgumentError} naming the first term that is not the same on all
 */
export function requireSameTerms(operation: string, terms: Terms, array: Float64Array): void {
  const names = Object.keys(terms);
  let at = array.length - 2 * names.length;
  for (const name of names) {
    const most = array[at++];
    const least = -array[at++];
    if (most === least) continue;
    const tell = (value: number): string => (value === NONE ? "none" : told[name](value));
    const values = name in told ? `one has ${tell(least)}, another ${tell(most)}` : "they differ";
    throw new ArgumentError(
      `${operation}: all ranks must give the same ${name}; ${values}. Broadcast what only some ranks know.`,
    );
  }
}
