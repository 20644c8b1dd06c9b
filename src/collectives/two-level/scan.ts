import { isTypedArray, type TypedArray } from "../../codec/dtype.ts";
import { requireAlike } from "../arguments.ts";
import { copyInto, copyOf, emptyLike, inPlaceOrApart } from "../arrays.ts";
import type { Algorithm } from "../context.ts";
import { exscan as flatExscan } from "../exscan.ts";
import type { OperatorFor, Reduced } from "../operator.ts";
import { Reduction } from "../reduction.ts";
import type { Levels } from "./levels.ts";

/**
 * Prefixes, where the ranks of each host follow one another: those within hosts, then the last ranks of hosts find what
 * all hosts before theirs come to, and every rank puts that before its own.
 */

export function* scan<T>(levels: Levels, value: T, op: OperatorFor<T>): Algorithm<Reduced<T>> {
  if (isTypedArray(value)) {
    const target = emptyLike(value);
    yield* scanInto(levels, target, value, op as OperatorFor<typeof value>);
    return target as Reduced<T>;
  }
  const reduction = new Reduction(levels.operation, value, op);
  const own = yield* levels.within(levels.part.scan(value, op));
  const before = yield* prefixOf(levels, reduction, own, op);
  return (levels.host === 0 ? own : reduction.combine(before, own)) as Reduced<T>;
}

export function* scanInto<A extends TypedArray>(
  levels: Levels,
  target: A,
  array: A,
  op: OperatorFor<A>,
): Algorithm<void> {
  requireAlike(levels.operation, target, array);
  const reduction = new Reduction(levels.operation, array, op);
  const given = inPlaceOrApart(target, array) ? array : copyOf(array);
  yield* levels.within(levels.part.scanInto(target, given, op));
  const before = yield* prefixOf(levels, reduction, target, op);
  if (levels.host > 0) reduction.combineInto(target, before as TypedArray, target);
}

/** Undefined on rank 0. */
export function* exscan<T>(levels: Levels, value: T, op: OperatorFor<T>): Algorithm<Reduced<T> | undefined> {
  if (isTypedArray(value)) {
    const target = emptyLike(value);
    yield* exscanInto(levels, target, value, op as OperatorFor<typeof value>);
    return levels.context.rank === 0 ? undefined : (target as Reduced<T>);
  }
  const { part, host } = levels;
  const reduction = new Reduction(levels.operation, value, op);
  const own = yield* levels.within(part.exscan(value, op));
  const total = part.rank === 0 ? value : reduction.combine(own, value);
  const before = yield* prefixOf(levels, reduction, total, op);
  if (host === 0) return own;
  return (part.rank === 0 ? before : reduction.combine(before, own)) as Reduced<T>;
}

export function* exscanInto<A extends TypedArray>(
  levels: Levels,
  target: A,
  array: A,
  op: OperatorFor<A>,
): Algorithm<void> {
  requireAlike(levels.operation, target, array);
  const { part, host } = levels;
  const reduction = new Reduction(levels.operation, array, op);
  // The target may be the array, of which the last rank needs the total.
  const total = part.rank === part.size - 1 ? copyOf(array) : array;
  const given = inPlaceOrApart(target, array) ? array : copyOf(array);
  yield* levels.within(part.exscanInto(target, given, op));
  if (part.rank === part.size - 1 && part.rank > 0) reduction.combineInto(total, target, total);
  const before = yield* prefixOf(levels, reduction, total, op);
  if (host === 0) return;
  if (part.rank === 0) copyInto(target, before as TypedArray);
  else reduction.combineInto(target, before as TypedArray, target);
}

/**
 * What the hosts before this one come to; undefined on the first.
 * @param total what this host comes to, on its last rank
 */
function* prefixOf<T>(
  levels: Levels,
  reduction: Reduction,
  total: unknown,
  op: OperatorFor<T>,
): Algorithm<unknown> {
  const { part, host } = levels;
  const last = part.size - 1;
  let before: unknown;
  if (part.rank === last) {
    const { tails } = levels;
    before = yield* levels.between(tails, flatExscan(tails, total as T, op));
  }
  if (host === 0) return undefined;
  if (reduction.dtype === undefined) return yield* levels.share(before, last, reduction.staysNumber);
  const shared = (before ?? emptyLike(reduction.value as TypedArray)) as TypedArray;
  yield* levels.within(part.broadcastInto(shared, last));
  return shared;
}
