import { ArgumentError } from "../errors.ts";
import type { Communicator } from "../index.ts";
import { type Items, type List, toList } from "./items.ts";
import { type ItemOf, mapAs, type ResultOptions, type Results } from "./map.ts";
import { type MapOptions, requireTask } from "./options.ts";
import { listOfArguments } from "./pool/arguments.ts";

/** `map` for items that are lists of arguments: calls `task(...item)`. */
export async function starmap<A extends readonly any[], R, O extends MapOptions<A> & ResultOptions>(
  comm: Communicator,
  items: Iterable<A>,
  task: (...items: A) => R | Promise<R>,
  options: O = {} as O,
): Promise<Results<R, O>> {
  requireTask("starmap", task);
  const call = (item: A): R | Promise<R> => task(...(listOfArguments("starmap", item) as unknown as A));
  return (await mapAs<A, R>("starmap", comm, items, call, options)) as Results<R, O>;
}

/**
 * The first items of all lists, then the second ones, and so on.
 * @throws {ArgumentError} lists of different lengths
 */
export function zip<L extends readonly Items<any>[]>(
  ...lists: L
): { -readonly [K in keyof L]: ItemOf<L[K]> }[] {
  const all: List<unknown>[] = lists.map(items => toList("zip", items));
  const lengths = all.map(list => list.length);
  if (lengths.some(length => length !== lengths[0])) {
    throw new ArgumentError(`zip: lists must have one length; got ${lengths.join(", ")}.`);
  }
  return Array.from({ length: lengths[0] ?? 0 }, (_, i) => all.map(list => list.at(i))) as never;
}
