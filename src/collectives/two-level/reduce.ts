import { isTypedArray, type TypedArray } from "../../codec/dtype.ts";
import { requireAlike, requireArray, requireRoot } from "../arguments.ts";
import { copyOf, emptyLike, inPlaceOrApart } from "../arrays.ts";
import type { Algorithm } from "../context.ts";
import type { OperatorFor, Reduced } from "../operator.ts";
import { fillReduced, reduce as flatReduce } from "../reduce.ts";
import { Reduction } from "../reduction.ts";
import { borrow, release } from "../scratch.ts";
import type { Levels } from "./levels.ts";

/** Each host combines what its ranks have, then root what hosts have. */
export function* reduce<T>(
  levels: Levels,
  value: T,
  op: OperatorFor<T>,
  root: number,
): Algorithm<Reduced<T> | undefined> {
  const { context, placement, part, host, ranks, operation } = levels;
  requireRoot(operation, root, context.size);
  if (isTypedArray(value)) {
    const target = context.rank === root ? emptyLike(value) : undefined;
    yield* reduceInto(levels, target, value, op as OperatorFor<typeof value>, root);
    return target as Reduced<T> | undefined;
  }
  // For its checks.
  new Reduction(operation, value, op);
  const head = levels.headOf(host, root);
  const partial = yield* levels.within(part.reduce(value, op, ranks.indexOf(head)));
  if (context.rank !== head) return undefined;
  const heads = levels.heads(root);
  const step = flatReduce(heads, partial as T, op, placement.hostOf[root]);
  return yield* levels.between(heads, step);
}

export function* reduceInto<A extends TypedArray>(
  levels: Levels,
  target: A | undefined,
  array: A,
  op: OperatorFor<A>,
  root: number,
): Algorithm<void> {
  const { context, operation } = levels;
  requireRoot(operation, root, context.size);
  requireArray(operation, "array", array);
  const filled = context.rank === root ? target : undefined;
  if (context.rank === root) {
    requireArray(operation, "root's target", target);
    requireAlike(operation, target!, array);
  }
  const { grain } = new Reduction(operation, array, op).op;
  const given = filled === undefined || inPlaceOrApart(filled, array) ? array : copyOf(array);
  const shares = levels.sharesOf(array, grain);
  if (shares[0] === array.length) yield* reduceByHeads(levels, filled, given, op, root);
  else yield* reduceByShares(levels, filled, given, op, root, shares);
}

function* reduceByHeads<A extends TypedArray>(
  levels: Levels,
  target: A | undefined,
  array: A,
  op: OperatorFor<A>,
  root: number,
): Algorithm<void> {
  const { context, placement, part, host, ranks, operation } = levels;
  const head = levels.headOf(host, root);
  if (context.rank !== head) {
    return yield* levels.within(part.reduceInto<A>(undefined, array, op, ranks.indexOf(head)));
  }
  const partial = target ?? borrow(array, array.length);
  yield* levels.within(part.reduceInto(partial, array, op, ranks.indexOf(head)));
  const heads = levels.heads(root);
  const reduction = new Reduction(operation, partial, op);
  yield* levels.between(heads, fillReduced(heads, reduction, target, placement.hostOf[root]));
  if (target === undefined) release(partial);
}

/** Several ranks of each host combine a part each, which those of root's host give to root. */
function* reduceByShares<A extends TypedArray>(
  levels: Levels,
  target: A | undefined,
  array: A,
  op: OperatorFor<A>,
  root: number,
  shares: readonly number[],
): Algorithm<void> {
  const { placement, part, host, ranks, operation } = levels;
  const top = placement.hostOf[root];
  const share = borrow(array, shares[part.rank]);
  yield* levels.within(part.reduceScatterInto(share, array, op, shares));
  if (part.rank < placement.fewest) {
    const lane = levels.lane(part.rank);
    const reduction = new Reduction(operation, share, op);
    yield* levels.between(lane, fillReduced(lane, reduction, host === top ? share : undefined, top));
  }
  if (host === top) yield* levels.within(part.gatherInto(target, share, ranks.indexOf(root)));
  release(share);
}
