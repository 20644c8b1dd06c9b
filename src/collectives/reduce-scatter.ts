import { isTypedArray, type TypedArray } from "../codec/dtype.ts";
import { ArgumentError } from "../errors.ts";
import { type AlgorithmOf, Need } from "./algorithm-names.ts";
import { requireArray, requireCounts, requireItems, requireLength, requireType } from "./arguments.ts";
import { copyInto, emptyLike, overlap } from "./arrays.ts";
import { evenOffsets, type Offsets, offsetsOf } from "./blocks.ts";
import { choose } from "./choice.ts";
import type { Algorithm, CollectiveContext, Pending } from "./context.ts";
import { reduceBlockExchanged } from "./exchanged.ts";
import type { OperationName } from "./operations.ts";
import type { OperatorFor } from "./operator.ts";
import { endSends } from "./receive.ts";
import { reduceOwnBlock } from "./reduce-blocks.ts";
import { Reduction } from "./reduction.ts";
import type { Scattered } from "./scatter.ts";

/**
 * Combines the typed arrays of all ranks and returns to each rank its block of the result, as even as can be unless
 * `counts` (the same on all ranks) says otherwise. A list of one item for each rank is combined item by item, and
 * rank r gets item r.
 */
export function* reduceScatter<P extends TypedArray | readonly unknown[]>(
  context: CollectiveContext,
  parts: P,
  op: OperatorFor<Scattered<P>>,
  counts?: readonly number[],
): Algorithm<Scattered<P>> {
  if (isTypedArray(parts)) {
    const reduction = new Reduction("reduceScatter", parts, op);
    const offsets = blocksOf("reduceScatter", parts, reduction.op.grain, context.size, counts);
    const { rank } = context;
    const target = emptyLike(parts, offsets[rank + 1] - offsets[rank]);
    yield* reduceBlockInto(context, reduction, offsets, target);
    return target as Scattered<P>;
  }
  if (!Array.isArray(parts)) requireArray("reduceScatter", "the value, unless it is a list,", parts);
  requireItems("reduceScatter", parts, context.size);
  if (counts !== undefined) {
    throw new ArgumentError("reduceScatter: counts are for typed arrays; of a list each rank gets one item");
  }
  return (yield* reduceItems(context, parts, op)) as Scattered<P>;
}

/** Fills every rank's `target`, which may lie in `array`, with its block of the arrays of all ranks combined. */
export function* reduceScatterInto<A extends TypedArray>(
  context: CollectiveContext,
  target: A,
  array: A,
  op: OperatorFor<A>,
  counts?: readonly number[],
): Algorithm<void> {
  const { rank } = context;
  requireType("reduceScatterInto", target, array);
  const reduction = new Reduction("reduceScatterInto", array, op);
  const offsets = blocksOf("reduceScatterInto", array, reduction.op.grain, context.size, counts);
  const length = offsets[rank + 1] - offsets[rank];
  requireLength("reduceScatterInto", "target", target, length, `the block of rank ${rank}`);
  if (!overlap(target, array)) return yield* reduceBlockInto(context, reduction, offsets, target);
  // Elsewhere in the array the result would overwrite what is still being sent or combined.
  const result = emptyLike(target);
  yield* reduceBlockInto(context, reduction, offsets, result);
  copyInto(target, result);
}

/** The blocks of the result, one for each rank. */
export function blocksOf(
  operation: OperationName,
  array: TypedArray,
  grain: number,
  size: number,
  counts: readonly number[] | undefined,
): Offsets {
  if (counts === undefined) return evenOffsets(array.length, size, grain);
  requireCounts(operation, "counts", counts, size, array.length, grain);
  return offsetsOf(counts);
}

type ToBlock = (
  context: CollectiveContext,
  reduction: Reduction,
  offsets: Offsets,
  target: TypedArray,
) => Algorithm<void>;

const blocks: Partial<Record<AlgorithmOf<"reduceScatter">, ToBlock>> = {
  pairwise: reduceOwnBlock,
  exchange: reduceBlockExchanged,
};

function chooseFor({ size, crowded }: CollectiveContext, reduction: Reduction): AlgorithmOf<"reduceScatter"> {
  const bytes = reduction.dtype === undefined ? 0 : (reduction.value as TypedArray).byteLength / size;
  return choose("reduceScatter", { size, crowded }, bytes, reduction.op.reproducible ? 0 : Need.partial);
}

function* reduceBlockInto(
  context: CollectiveContext,
  reduction: Reduction,
  offsets: Offsets,
  target: TypedArray,
): Algorithm<void> {
  if (context.size === 1) copyInto(target, reduction.value as TypedArray);
  else yield* blocks[chooseFor(context, reduction)]!(context, reduction, offsets, target);
}

/** Pairwise exchange as for blocks: from rank - 1 downwards on the left, then from p - 1 downwards on the right. */
function* reduceItems(
  context: CollectiveContext,
  parts: readonly unknown[],
  op: unknown,
): Algorithm<unknown> {
  const { rank, size } = context;
  const reductions = parts.map(part => new Reduction("reduceScatter", part, op));
  const own = reductions[rank];
  const arrivals: Pending<unknown>[] = [];
  const sends: Pending<void>[] = [];
  for (let step = 1; step < size; step++) arrivals.push(context.recv((rank - step + size) % size));
  for (let step = 1; step < size; step++) {
    const dest = (rank + step) % size;
    sends.push(context.send(parts[dest], dest));
  }
  if (chooseFor(context, own) === "exchange") return yield* combineItems(own, arrivals, sends, context);
  let left = own.value;
  let right: unknown;
  for (let step = 1; step < size; step++) {
    const source = (rank - step + size) % size;
    const arrival = arrivals[step - 1];
    if (!arrival.done) yield arrival;
    const received = own.accept(arrival.result(), source);
    if (source < rank) left = own.combine(received, left, received);
    else if (source === size - 1) right = received;
    else right = own.combine(received, right, received);
  }
  if (rank < size - 1) left = own.combine(left, right, right);
  yield* endSends(sends);
  return own.own(left);
}

/** All at once, in rank order. */
function* combineItems(
  own: Reduction,
  arrivals: readonly Pending<unknown>[],
  sends: readonly Pending<void>[],
  { rank, size }: CollectiveContext,
): Algorithm<unknown> {
  const items = new Array<unknown>(size);
  items[rank] = own.value;
  for (let step = 1; step < size; step++) {
    const source = (rank - step + size) % size;
    const arrival = arrivals[step - 1];
    if (!arrival.done) yield arrival;
    items[source] = own.accept(arrival.result(), source);
  }
  yield* endSends(sends);
  return own.combineAll(items);
}
