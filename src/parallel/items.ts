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

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_ITEMS;
}

/** @param operation for the error */
export function toList<T>(operation: string, items: Items<T>): List<T> {
  if (typeof items === "number") {
    if (isCount(items)) return { length: items, at: index => index as T };
  } else if (typeof items === "string" || (typeof items === "object" && items !== null)) {
    if ("length" in Object(items)) return listOf(operation, items as ArrayLike<T>);
    if (Symbol.iterator in Object(items)) return listOf(operation, Array.from(items as Iterable<T>));
  }
  const came = typeof items === "number" ? items : items === null ? "null" : typeof items;
  throw new ArgumentError(
    `${operation}: items must be a list, a typed array, an iterable or a count from 0 to ${MAX_ITEMS}; got ${came}.`,
  );
}

function listOf<T>(operation: string, items: ArrayLike<T>): List<T> {
  const { length } = items;
  if (!isCount(length)) {
    throw new ArgumentError(
      `${operation}: the length of items must be from 0 to ${MAX_ITEMS}; it is ${String(length)}.`,
    );
  }
  return { length, at: index => items[index] };
}
