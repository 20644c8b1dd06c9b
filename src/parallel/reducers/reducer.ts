import { ArgumentError } from "../../errors.ts";

/**
 * How many values become one, in parts that can be merged: each rank adds its own values to a state, states travel and are
 * merged in rank order, and the last one gives the result.
 * @typeParam T values
 * @typeParam S state: any value that can be sent
 * @typeParam R result
 */
export interface Reducer<T, S, R> {
  /** The state of no values. */
  empty(): S;
  /** The state with one value more; may be the same object, changed. */
  add(state: S, value: T): S;
  /** The state of the values of both, those of `left` first; changes neither. */
  merge(left: S, right: S): S;
  result(state: S): R;
}

/** A value that may be missing: NaN, null and undefined are skipped. */
export type Maybe = number | null | undefined;

export function isMissing(value: unknown): boolean {
  return value === null || value === undefined || Number.isNaN(value);
}

/**
 * Whether a value counts, and is not missing.
 * @throws {ArgumentError} it is something else than a number
 */
export function isPresent(reducer: string, value: Maybe): value is number {
  if (typeof value === "number") return !Number.isNaN(value);
  if (isMissing(value)) return false;
  throw new ArgumentError(
    `${reducer}: values must be numbers, or missing (NaN, null, undefined); got ${typeof value} ${String(value)}.`,
  );
}
