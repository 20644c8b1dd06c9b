import { ArgumentError } from "../errors.ts";
import { type Communicator, max } from "../index.ts";
import { type Items, toList } from "./items.ts";
import { type MapOptions, requireOptions } from "./options.ts";
import { OwnShare } from "./own-share.ts";
import { gatherResults, type NumberArrayType, requireType } from "./results.ts";
import { runTasks, type Task } from "./run.ts";
import { balanced, blockOf, byCost, dealt, type Indices, range } from "./shares.ts";

/** Where results go, and as what. */
export interface ResultOptions {
  /** Only this rank gets the results; undefined elsewhere. Default: every rank gets them. */
  root?: number;
  /** Results are numbers, and fill an array of this type. Default: a list. */
  as?: NumberArrayType;
}

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
 * All ranks call it with the same items, options and function: each runs its part. Blocks until all are done. Results
 * do not depend on the schedule, nor on the number of ranks. Tasks must not call collectives of `comm`.
 * @param items a list, typed array, iterable, or a count n for the numbers 0 .. n - 1
 * @throws {TaskError} on every rank: a task has thrown
 * @throws {TasksError} on every rank, with `errors: "collect"`: tasks have thrown
 * @throws {ArgumentError} bad options; ranks have different numbers of items
 */
export async function map<I extends Items<any>, R, O extends MapOptions<ItemOf<I>> & ResultOptions>(
  comm: Communicator,
  items: I,
  task: Task<ItemOf<I>, R>,
  options: O = {} as O,
): Promise<Results<R, O>> {
  requireOptions("map", options);
  if (options.as !== undefined) requireType("map", options.as);
  const list = toList<ItemOf<I>>("map", items as Items<ItemOf<I>>);
  const { rank, size } = comm;
  const total = list.length;
  const [most, least] = await agree(comm, total);
  if (most !== -least) {
    throw new ArgumentError(
      `map: all ranks must have the same items; this one has ${total}, others ${most}.`,
    );
  }
  let order: Indices;
  const { schedule = "static", chunk = 1, cost } = options;
  if (cost !== undefined) {
    const sorted = byCost("map", list, cost);
    order = schedule === "static" ? balanced(sorted.order, sorted.costs, size)[rank] : sorted.order;
  } else {
    const { from, to } = blockOf(total, size, rank);
    order = schedule === "static" ? range(from, to) : range(0, total);
  }
  if (schedule !== "static") order = dealt(order, size, rank, chunk);
  const source = new OwnShare(order.length);
  const collect = options.errors === "collect";
  const context = {
    rank,
    size,
    get cancelled() {
      return source.cancelled;
    },
  };
  const part = await runTasks({ order, item: index => list.at(index) }, source, task, context, {
    concurrency: options.concurrency ?? 1,
    collect,
  });
  const gathering = {
    root: options.root,
    type: options.as,
    total,
    what: `${options.label ?? "map"}: item`,
    collect,
  };
  return (await gatherResults(comm, part, gathering)) as Results<R, O>;
}

async function agree(comm: Communicator, total: number): Promise<Float64Array> {
  const counts = Float64Array.of(total, -total);
  await comm.allreduceInto(counts, counts, max);
  return counts;
}
