import { dtypeOf } from "../codec/dtype.ts";
import { ArgumentError } from "../errors.ts";
import type { Communicator } from "../index.ts";
import { execute, type Plan } from "./execute.ts";
import { type Items, type List, toList } from "./items.ts";
import { type ItemOf, type ResultOptions, resultOptions } from "./map.ts";
import {
  chunkOf,
  type MapOptions,
  requireOptions,
  requireRoot,
  requireTask,
  type Schedule,
} from "./options.ts";
import { type NumberArrayType, requireType } from "./results.ts";
import type { Task } from "./run.ts";
import { refusals } from "./sendable.ts";
import { balanced, blockOf, byCost, dealt, type Indices, range, whole } from "./shares.ts";
import { exclusively } from "./team.ts";

/** What a scatterMap gives on root; undefined elsewhere. */
export type RootResults<R, O> =
  | (O extends { as: infer A extends NumberArrayType } ? InstanceType<A> : R[])
  | undefined;

/** What root sends a rank. */
interface Delivery<T> {
  readonly total: number;
  readonly items: ArrayLike<T>;
  /** Which those are; undefined: all, in their order. */
  readonly order: Indices | undefined;
  /** Why there is nothing to do. */
  readonly problem: string | undefined;
}

/**
 * Calls `task` for every item that root has, and gives root the results in the order of items.
 *
 * All ranks call it; only root's `items` are looked at. With the schedules static and cyclic (the default) each rank is
 * sent its own items, with dynamic and guided all of them. Waits for all ranks; otherwise as `map`.
 * @throws {TaskError} @throws {TasksError} @throws {ArgumentError} all of them on every rank
 */
export async function scatterMap<I extends Items<any>, R, O extends MapOptions<ItemOf<I>> & ResultOptions>(
  comm: Communicator,
  items: I | undefined,
  task: Task<ItemOf<I>, R>,
  options: O = {} as O,
): Promise<RootResults<R, O>> {
  type T = ItemOf<I>;
  requireOptions<MapOptions<T> & ResultOptions>("scatterMap", options, resultOptions);
  requireTask("scatterMap", task);
  const { as, root = 0, schedule = "cyclic" } = options;
  requireRoot("scatterMap", root, comm.size);
  if (as !== undefined) requireType("scatterMap", as);
  const results = await exclusively(comm, "scatterMap", async () => {
    const make = (): Delivery<T>[] => deliveries(items, schedule, comm.size, options);
    const mine = comm.rank === root ? make() : undefined;
    const delivery = isOwn(schedule)
      ? await comm.scatter(mine, { root })
      : await comm.broadcast(mine?.[0], { root });
    if (delivery.problem !== undefined) throw new ArgumentError(delivery.problem);
    return execute(comm, "scatterMap", planOf(delivery, schedule), task, options, { as, root });
  });
  return results as RootResults<R, O>;
}

/** Whether each rank is sent what it runs, and nothing else. */
function isOwn(schedule: Schedule): boolean {
  return schedule === "static" || schedule === "cyclic";
}

function planOf<T>({ total, items, order }: Delivery<T>, schedule: Schedule): Plan<T> {
  return isOwn(schedule)
    ? { total, schedule, order, own: whole(items), item: (_index, place) => items[place] }
    : { total, schedule, order, own: undefined, item: index => items[index] };
}

/** On root: what each rank gets, or for schedules in which ranks claim items the one thing that all get. */
function deliveries<T>(
  items: Items<T> | undefined,
  schedule: Schedule,
  size: number,
  options: MapOptions<T>,
): Delivery<T>[] {
  try {
    const list = toList<T>("scatterMap", items as Items<T>);
    const total = list.length;
    if (size > 1) requireSendableItems(list);
    const costly = options.cost && byCost("scatterMap", list, options.cost);
    if (!isOwn(schedule)) {
      const all = pick(items, list, range(0, total));
      return [{ total, items: all, order: costly?.order, problem: undefined }];
    }
    let shares: Indices[];
    if (schedule === "cyclic") {
      const order = costly?.order ?? range(0, total);
      const chunk = chunkOf(options, total, size) ?? 1;
      shares = Array.from({ length: size }, (_, rank) => dealt(order, size, rank, chunk));
    } else if (costly !== undefined) {
      shares = balanced(costly.order, costly.costs, size);
    } else {
      shares = Array.from({ length: size }, (_, rank) => {
        const { from, to } = blockOf(total, size, rank);
        return range(from, to);
      });
    }
    return shares.map(order => ({ total, items: pick(items, list, order), order, problem: undefined }));
  } catch (error) {
    const problem = (error as Error).message;
    return Array.from({ length: size }, () => ({ total: 0, items: [], order: undefined, problem }));
  }
}

/** @throws {ArgumentError} naming the first item that cannot be sent */
function requireSendableItems<T>(list: List<T>): void {
  const items = Array.from({ length: list.length }, (_, index) => list.at(index));
  for (const [index, error] of refusals(items)) {
    throw new ArgumentError(
      `scatterMap: item ${index} cannot be sent to other ranks: ${(error as Error).message}.`,
    );
  }
}

/** Items of a typed array stay one, which travels raw; a Buffer becomes what it extends. */
function pick<T>(items: unknown, list: List<T>, order: Indices): ArrayLike<T> {
  const dtype = dtypeOf(items);
  if (dtype === undefined) return Array.from(order, index => list.at(index));
  const picked = new dtype.create(order.length);
  for (let place = 0; place < order.length; place++) picked[place] = list.at(order[place]) as never;
  return picked as unknown as ArrayLike<T>;
}
