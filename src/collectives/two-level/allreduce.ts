import { isTypedArray, type TypedArray } from "../../codec/dtype.ts";
import { fillAllreduced, allreduce as flatAllreduce } from "../allreduce.ts";
import { requireAlike } from "../arguments.ts";
import { copyOf, emptyLike, inPlaceOrApart } from "../arrays.ts";
import { offsetsOf } from "../blocks.ts";
import type { Algorithm } from "../context.ts";
import type { OperatorFor, Reduced } from "../operator.ts";
import { Reduction } from "../reduction.ts";
import type { Levels } from "./levels.ts";

/** Each host combines what its ranks have, hosts combine what they have, and each host gives it to its ranks. */
export function* allreduce<T>(levels: Levels, value: T, op: OperatorFor<T>): Algorithm<Reduced<T>> {
  if (isTypedArray(value)) {
    const target = emptyLike(value);
    yield* allreduceInto(levels, target, value, op as OperatorFor<typeof value>);
    return target as Reduced<T>;
  }
  const { part, operation } = levels;
  const reduction = new Reduction(operation, value, op);
  const partial = yield* levels.within(part.reduce(value, op, 0));
  let result: Reduced<T> | undefined;
  if (part.rank === 0) {
    const lane = levels.lane(0);
    result = (yield* levels.between(lane, flatAllreduce(lane, partial as T, op))) as Reduced<T>;
  }
  return yield* levels.share(result, 0, reduction.staysNumber);
}

/** A long array is cut, so that several ranks of each host combine a part each with those of other hosts. */
export function* allreduceInto<A extends TypedArray>(
  levels: Levels,
  target: A,
  array: A,
  op: OperatorFor<A>,
): Algorithm<void> {
  const { part, placement, operation } = levels;
  requireAlike(operation, target, array);
  const { grain } = new Reduction(operation, array, op).op;
  const given = inPlaceOrApart(target, array) ? array : copyOf(array);
  const shares = levels.sharesOf(array, grain);
  const isCut = shares[0] < array.length;
  const from = offsetsOf(shares)[part.rank];
  const share = target.subarray(from, from + shares[part.rank]) as A;
  if (isCut) yield* levels.within(part.reduceScatterInto(share, given, op, shares));
  else yield* levels.within(part.reduceInto(target, given, op, 0));
  if (part.rank < (isCut ? placement.fewest : 1)) {
    const lane = levels.lane(part.rank);
    yield* levels.between(lane, fillAllreduced(lane, new Reduction(operation, share, op), share));
  }
  if (isCut) yield* levels.within(part.allgatherInto(target, share));
  else yield* levels.within(part.broadcastInto(target, 0));
}
