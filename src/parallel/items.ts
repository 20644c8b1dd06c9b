import { ArgumentError } from "../errors.ts";

/** What is mapped: a list or typed array, anything else that can be gone through, or a count n for 0 .. n - 1. */
export type Items<T> = number | ArrayLike<T> | Iterable<T>;

/** Items by number. */
export interface List<T> {
  readonly length: number;
  at(index: number): T;
}

/** So many can be counted in a word of shared memory, with room to count too far. */
export const MAX_ITEMS = 2 ** 30;

/** @param operation for the error */
export function toList<T>(operation: string, items: Items<T>): List<T> {
  if (typeof items === "number") {
    if (Number.isSafeInteger(items) && items >= 0 && items <= MAX_ITEMS) {
      return { length: items, at: index => index as T };
    }
  } else if (typeof items === "string" || (typeof items === "object" && items !== null)) {
    if ("length" in Object(items)) return listOf(items as ArrayLike<T>);
    if (Symbol.iterator in Object(items)) return listOf(Array.from(items as Iterable<T>));
  }
  const came = typeof items === "number" ? items : items === null ? "null" : typeof items;
  throw new ArgumentError(
    `${operation}: items must be a list, a typed array, an iterable or a count from 0 to ${MAX_ITEMS}; got ${came}.`,
  );
}

export function listOf<T>(items: ArrayLike<T>): List<T> {
  return { length: items.length, at: index => items[index] };
}
