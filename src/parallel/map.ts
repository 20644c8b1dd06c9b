import type { Communicator } from "../index.ts";
import type { OptionNames } from "../known-options.ts";
import { execute, type Plan } from "./execute.ts";
import { Hash } from "./hash.ts";
import { type Items, type List, toList } from "./items.ts";
import { chunkOf, type MapOptions, mapOptions, requireOptions, requireRoot, requireTask } from "./options.ts";
import type { NumberArrayType } from "./results.ts";
import { requireType } from "./results.ts";
import type { Task } from "./run.ts";
import { balanced, blockOf, byCost, dealt, range, whole } from "./shares.ts";
import { exclusively } from "./team.ts";

/** Where results go, and as what. */
export interface ResultOptions {
  /** Only this rank gets the results; undefined elsewhere. Default: every rank gets them. */
  root?: number;
  /** Results are numbers, and fill an array of this type. Default: a list. */
  as?: NumberArrayType;
}

/** The options of `map` and of those that are built on it. */
export const resultOptions: OptionNames<MapOptions & ResultOptions> = { ...mapOptions, root: true, as: true };

/** The type of an item. */
export type ItemOf<I> = I extends number
  ? number
  : I extends ArrayLike<infer T> | Iterable<infer T>
    ? T
    : never;

/** What a map gives: a list, or the typed array asked for; undefined on ranks that are not root. */
export type Results<R, O> =
  | (O extends { as: infer A extends NumberArrayType } ? InstanceType<A> : R[])
  | (O extends { root: number } ? undefined : never);

/**
 * Calls `task` for every item, each on one of the ranks, and gives the results in the order of items.
 *
 * All ranks call it, with the same items, options and function; each runs its part. Waits for all ranks. Results
 * depend neither on the schedule nor on the number of ranks. Tasks must call no collective of `comm`.
 * @param items a list, typed array, iterable, or a count n for the numbers 0 .. n - 1
 * @throws {TaskError} on every rank: a task has thrown
 * @throws {TasksError} on every rank, with `errors: "collect"`: tasks have thrown
 * @throws {ArgumentError} bad options; on every rank, before any task is run: ranks have given other options or numbers of
 * items; a map on `comm` is under way
 */
export async function map<I extends Items<any>, R, O extends MapOptions<ItemOf<I>> & ResultOptions>(
  comm: Communicator,
  items: I,
  task: Task<ItemOf<I>, R>,
  options: O = {} as O,
): Promise<Results<R, O>> {
  return (await mapAs("map", comm, items, task, options)) as Results<R, O>;
}

/**
 * `map` under another name, for those that are built on it.
 * @param compared what ranks compare with `checkItems`, if that is not the items
 */
export async function mapAs<T, R>(
  operation: string,
  comm: Communicator,
  items: Items<T>,
  task: Task<T, R>,
  options: MapOptions<T> & ResultOptions,
  compared?: List<unknown>,
): Promise<ArrayLike<R> | undefined> {
  requireOptions(operation, options, resultOptions);
  requireTask(operation, task);
  const { as, root } = options;
  if (root !== undefined) requireRoot(operation, root, comm.size);
  if (as !== undefined) requireType(operation, as);
  const list = toList<T>(operation, items);
  const plan = { ...planOf(operation, comm, list, options), items: compared ?? list };
  return exclusively(comm, operation, () => execute(comm, operation, plan, task, options, { as, root }));
}

export function planOf<T>(
  operation: string,
  { rank, size }: Communicator,
  items: List<T>,
  options: MapOptions<T>,
): Plan<T> {
  const { schedule = "dynamic", cost } = options;
  const total = items.length;
  const item = (index: number): T => items.at(index);
  const costly = cost && byCost(operation, items, cost);
  const plan = { total, schedule, item, items };
  switch (schedule) {
    case "static": {
      if (costly === undefined) return { ...plan, order: undefined, own: blockOf(total, size, rank) };
      const shares = balanced(costly.order, costly.costs, size);
      return { ...plan, costs: Hash.of(shares), order: shares[rank], own: whole(shares[rank]) };
    }
    case "cyclic": {
      const order = dealt(costly?.order ?? range(0, total), size, rank, chunkOf(options, total, size) ?? 1);
      return { ...plan, costs: costly && Hash.of(costly.order), order, own: whole(order) };
    }
    default:
      return { ...plan, costs: costly && Hash.of(costly.order), order: costly?.order, own: undefined };
  }
}
