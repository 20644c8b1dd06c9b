import { ArgumentError } from "../errors.ts";
import type { Communicator } from "../index.ts";
import { type Items, MAX_ITEMS, toList } from "./items.ts";
import { type ItemOf, mapAs, type ResultOptions, resultOptions } from "./map.ts";
import { type MapOptions, requireOptions, requireTask } from "./options.ts";
import type { NumberArrayType } from "./results.ts";
import type { TaskContext } from "./run.ts";

type Axes = readonly [Items<any>, ...Items<any>[]];
type ItemsOf<A extends Axes> = { [K in keyof A]: ItemOf<A[K]> };
type Nested<R, A extends readonly unknown[]> = A extends readonly [unknown, ...infer Rest]
  ? Nested<R, Rest>[]
  : R;

/** Lists in lists, one level an axis; a typed array, where one was asked for, is flat, the last axis fastest. */
export type GridResults<R, A extends Axes, O> =
  | (O extends { as: infer T extends NumberArrayType } ? InstanceType<T> : Nested<R, A>)
  | (O extends { root: number } ? undefined : never);

/**
 * Nested loops as one map: calls `task` for every combination of an item from each axis, `results[f][m]` is that of the
 * f-th of the first and the m-th of the second. All combinations are scheduled together, so that ranks may outnumber the
 * items of any axis. The context of a task comes after its items. Otherwise as `map`; `index` in errors counts combinations,
 * the last axis fastest.
 * @param axes lists, or counts n for 0 .. n - 1
 */
export async function gridMap<const A extends Axes, R, O extends MapOptions<ItemsOf<A>> & ResultOptions>(
  comm: Communicator,
  axes: A,
  task: (...items: [...ItemsOf<A>, TaskContext]) => R | Promise<R>,
  options: O = {} as O,
): Promise<GridResults<R, A, O>> {
  if (!Array.isArray(axes) || axes.length === 0) {
    throw new ArgumentError("gridMap: axes must be a list of at least one list of items or count.");
  }
  requireOptions<MapOptions<ItemsOf<A>> & ResultOptions>("gridMap", options, resultOptions);
  requireTask("gridMap", task);
  const lists = axes.map(axis => toList<unknown>("gridMap", axis));
  const total = lists.reduce((product, list) => product * list.length, 1);
  if (total > MAX_ITEMS) {
    throw new ArgumentError(`gridMap: there may be up to ${MAX_ITEMS} combinations; there are ${total}.`);
  }
  const itemsAt = (index: number): ItemsOf<A> => {
    const items: unknown[] = [];
    for (let axis = lists.length - 1; axis >= 0; axis--) {
      const { length } = lists[axis];
      items.unshift(lists[axis].at(index % length));
      index = Math.floor(index / length);
    }
    return items as never;
  };
  const { cost } = options;
  const flat = await mapAs<number, R>(
    "gridMap",
    comm,
    total,
    (index, _, context) => task(...([...itemsAt(index), context] as never)),
    { ...options, cost: cost && ((index: number) => cost(itemsAt(index), index)) } as MapOptions<number> &
      ResultOptions,
    { length: total, at: itemsAt },
  );
  if (flat === undefined || options.as !== undefined) return flat as never;
  return nest(
    flat as unknown[],
    lists.map(list => list.length),
  ) as never;
}

function nest(flat: unknown[], lengths: readonly number[]): unknown {
  let level = flat;
  for (let axis = lengths.length - 1; axis > 0; axis--) {
    const length = lengths[axis];
    const count = lengths.slice(0, axis).reduce((product, each) => product * each, 1);
    const inner = level;
    level = Array.from({ length: count }, (_, i) => inner.slice(i * length, (i + 1) * length));
  }
  return level;
}
