import type { TypedArray } from "../codec/dtype.ts";
import { evenOffsets, type Offsets } from "./blocks.ts";
import type { Algorithm, CollectiveContext } from "./context.ts";
import { type Fold, foldOf, rankOf } from "./fold.ts";
import { endReceive, endSends } from "./receive.ts";
import type { Reduction } from "./reduction.ts";
import { borrow, release } from "./scratch.ts";

/**
 * Rabenseifner's algorithm [Rabenseifner 2004; Thakur, Rabenseifner, Gropp 2005] into `target`, which may be the
 * array itself: reduce-scatter by recursive halving, then allgather by recursive doubling. 2 log2 p messages and
 * about two arrays a rank; when p is no power of two, folding moves two more over some ranks. Neighbours pair up
 * first, so rank order stays.
 */
export function* allreduceRabenseifner(
  context: CollectiveContext,
  reduction: Reduction,
  target: TypedArray,
): Algorithm<void> {
  const { rank, size } = context;
  const array = reduction.value as TypedArray;
  const fold = foldOf(rank, size);
  if (fold.index === undefined) {
    yield* endSends([context.send(reduction.shape, rank + 1), context.send(array, rank + 1)]);
    const arrival = context.recvInto(target, rank + 1);
    if (!arrival.done) yield arrival;
    return endReceive(arrival, reduction.operation, rank + 1, target);
  }
  const folded = rank < 2 * fold.pairs;
  const offsets = evenOffsets(array.length, fold.count, reduction.op.grain);
  const scratch = borrow(array, folded ? array.length : offsets[fold.count / 2]);
  if (folded) {
    yield* receiveBlock(context, reduction, scratch, rank - 1);
    reduction.combineInto(target, scratch, array);
  }
  yield* halve(context, reduction, fold, offsets, folded ? target : array, target, scratch);
  release(scratch);
  if (folded) yield* endSends([context.send(target, rank - 1)]);
}

/** `held` is what the first round starts from; from then on everything is in `target`. */
function* halve(
  context: CollectiveContext,
  reduction: Reduction,
  fold: Fold,
  offsets: Offsets,
  held: TypedArray,
  target: TypedArray,
  scratch: TypedArray,
): Algorithm<void> {
  const index = fold.index!;
  const part = (of: TypedArray, from: number, to: number) => of.subarray(offsets[from], offsets[to]);
  // Blocks `from` to `to` are this rank's share of the work. Both halves of a share have equally many.
  let from = 0;
  let to = fold.count;
  for (let distance = 1; distance < fold.count; distance *= 2) {
    const peer = rankOf(index ^ distance, fold);
    const middle = (from + to) / 2;
    const lower = (index & distance) === 0;
    const sends = [
      context.send(reduction.shape, peer),
      context.send(lower ? part(held, middle, to) : part(held, from, middle), peer),
    ];
    if (lower) to = middle;
    else from = middle;
    const own = part(held, from, to);
    const received = scratch.subarray(0, own.length);
    yield* receiveBlock(context, reduction, received, peer);
    yield* endSends(sends);
    reduction.combineInto(part(target, from, to), lower ? own : received, lower ? received : own);
    held = target;
  }
  for (let distance = fold.count / 2; distance >= 1; distance /= 2) {
    const peer = rankOf(index ^ distance, fold);
    const width = to - from;
    const lower = (index & distance) === 0;
    const missing = lower ? part(target, to, to + width) : part(target, from - width, from);
    const arrival = context.recvInto(missing, peer);
    const sends = [context.send(part(target, from, to), peer)];
    if (!arrival.done) yield arrival;
    endReceive(arrival, reduction.operation, peer, missing);
    yield* endSends(sends);
    if (lower) to += width;
    else from -= width;
  }
}

/** A peer's first block, after the shape of its array. */
function* receiveBlock(
  context: CollectiveContext,
  reduction: Reduction,
  target: TypedArray,
  source: number,
): Algorithm<void> {
  const shape = context.recv(source);
  const block = context.recvInto(target, source);
  if (!shape.done) yield shape;
  reduction.acceptShape(shape.result(), source);
  if (!block.done) yield block;
  endReceive(block, reduction.operation, source, target);
}
