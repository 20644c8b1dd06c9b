import { ArgumentError } from "../../errors.ts";
import type { Reducer } from "./reducer.ts";

type AnyReducer = Reducer<any, any, any>;
type ValueOf<X> = X extends Reducer<infer T, any, any> ? T : never;
type StateOf<X> = X extends Reducer<any, infer S, any> ? S : never;
type ResultOf<X> = X extends Reducer<any, any, infer R> ? R : never;
/** What all of them accept. */
type CommonValue<P> = { [K in keyof P]: (value: ValueOf<P[K]>) => void }[keyof P] extends (
  value: infer T,
) => void
  ? T
  : never;

/** Several reducers in one pass: each value goes to all of them, results have the same names. */
export function fused<P extends Record<string, AnyReducer>>(
  parts: P,
): Reducer<CommonValue<P>, { [K in keyof P]: StateOf<P[K]> }, { [K in keyof P]: ResultOf<P[K]> }> {
  const names = Object.keys(parts);
  const reducers = Object.values(parts);
  const each = (make: (reducer: AnyReducer, name: string) => unknown): never =>
    Object.fromEntries(names.map((name, i) => [name, make(reducers[i], name)])) as never;
  return {
    empty: () => each(reducer => reducer.empty()),
    add: (state, value) => {
      const states = state as Record<string, unknown>;
      for (let i = 0; i < names.length; i++) states[names[i]] = reducers[i].add(states[names[i]], value);
      return state;
    },
    merge: (left, right) => each((reducer, name) => reducer.merge(left[name], right[name])),
    result: state => each((reducer, name) => reducer.result(state[name])),
  };
}

/** A reducer of something found in each value: `field(flight => flight.delay, mean())`. */
export function field<T, V, S, R>(get: (value: T) => V, reducer: Reducer<V, S, R>): Reducer<T, S, R> {
  return { ...reducer, add: (state, value) => reducer.add(state, get(value)) };
}

/**
 * A reducer for each group of values that have one key; the result is a Map, in the order in which keys first came.
 * Adding a value whose key is an object throws an ArgumentError: equal ones of two ranks are two keys.
 */
export function grouped<T, K extends string | number | bigint | boolean, S, R>(
  keyOf: (value: T) => K,
  // What a value is the context says, or keyOf: count(), which takes any, would say unknown.
  reducer: Reducer<NoInfer<T>, S, R>,
): Reducer<T, Map<K, S>, Map<K, R>> {
  return {
    empty: () => new Map(),
    add: (groups, value) => {
      const key = keyOf(value);
      const state = groups.get(key) ?? reducer.empty();
      const next = reducer.add(state, value);
      if (next !== state || !groups.has(key)) {
        requireKey(key);
        groups.set(key, next);
      }
      return groups;
    },
    merge: (left, right) => {
      const merged = new Map(left);
      for (const [key, state] of right) {
        const other = left.get(key);
        merged.set(key, other === undefined ? state : reducer.merge(other, state));
      }
      return merged;
    },
    result: groups => new Map([...groups].map(([key, state]) => [key, reducer.result(state)])),
  };
}

/** @throws {ArgumentError} */
function requireKey(key: unknown): void {
  if (Object(key) !== key) return;
  throw new ArgumentError(
    `grouped: keys must be strings, numbers, bigints or booleans; got ${Array.isArray(key) ? "a list" : typeof key}.`,
  );
}
