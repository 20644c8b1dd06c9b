/** Arguments of tasks: what they may be, and how they travel. */
import { ArgumentError } from "../../errors.ts";
import { type Items, toList } from "../items.ts";
import { findIn, replaceIn } from "../nested.ts";
import { Future } from "./future.ts";
import { isModest } from "./modest.ts";
import type { SharedPlaces } from "./protocol.ts";
import { isShared, Shared } from "./shared.ts";

/** A value, or one that a pool shares in its place, or a list, plain object, Map or Set of such. */
export type OrShared<T> =
  | T
  | Shared<T>
  | (T extends readonly unknown[]
      ? { readonly [I in keyof T]: OrShared<T[I]> }
      : T extends ReadonlyMap<infer K, infer V>
        ? ReadonlyMap<OrShared<K>, OrShared<V>>
        : T extends ReadonlySet<infer V>
          ? ReadonlySet<OrShared<V>>
          : T extends object
            ? { readonly [K in keyof T]: OrShared<T[K]> }
            : never);

/** Arguments of a task, which may be shared values, or hold them. */
export type Arguments<A extends unknown[]> = { [I in keyof A]: OrShared<A[I]> };

/** What is mapped: as in `map`; a count n stands for 0 .. n - 1. */
export type PoolItems<T> =
  | ArrayLike<OrShared<T>>
  | Iterable<OrShared<T>>
  | (number extends T ? number : never);

/** Arguments with empty objects in the places of shared values. */
export interface Travelling {
  readonly args: unknown[];
  readonly shared: SharedPlaces | undefined;
}

/** @throws {ArgumentError} there is a future among them */
export function toTravel(operation: string, label: string, args: unknown[]): Travelling {
  if (args.every(isModest)) return { args, shared: undefined };
  const places = new Map<Shared<unknown>, object>();
  for (const part of findIn(args, isSpecial)) {
    if (part instanceof Shared) {
      places.set(part, {});
      continue;
    }
    throw new ArgumentError(
      `${operation}: among the arguments of ${label} is a future, ${part.name} ${part.index}, which means nothing to ` +
        "other ranks. Await it first, and give its result.",
    );
  }
  if (places.size === 0) return { args, shared: undefined };
  return {
    args: replaceIn(args, isShared, part => places.get(part)) as unknown[],
    shared: Array.from(places, ([{ number }, place]) => [place, number] as const),
  };
}

function isSpecial(part: object): part is Shared<unknown> | Future<unknown> {
  return part instanceof Shared || part instanceof Future;
}

/**
 * The arguments that an item of starmap is.
 * @throws {ArgumentError} it is none
 */
export function listOfArguments(operation: string, item: unknown): unknown[] {
  if (typeof item === "object" && item !== null && Symbol.iterator in item)
    return [...(item as Iterable<unknown>)];
  const came = typeof item === "number" ? item : item === null ? "null" : typeof item;
  throw new ArgumentError(`${operation}: each item must be a list of arguments; got ${came}.`);
}

/**
 * Items one by one, as they are asked for.
 * @throws {ArgumentError} they are none
 */
export function streamOf(items: unknown): Iterable<unknown> | AsyncIterable<unknown> {
  const isStream = Symbol.asyncIterator in Object(items) || Symbol.iterator in Object(items);
  if (isStream) return items as Iterable<unknown> | AsyncIterable<unknown>;
  const list = toList<unknown>("pool.imap", items as Items<unknown>);
  return (function* () {
    for (let index = 0; index < list.length; index++) yield list.at(index);
  })();
}
