import type { TypedArray } from "../codec/dtype.ts";
import { copyInto } from "./arrays.ts";
import { evenOffsets, type Offsets } from "./blocks.ts";
import { limits } from "./choice.ts";
import type { Algorithm, CollectiveContext, Pending } from "./context.ts";
import { endReceive, endSends } from "./receive.ts";
import type { Reduction } from "./reduction.ts";
import { borrow, release } from "./scratch.ts";
import { segmentsOf } from "./segments.ts";

/**
 * Reductions of long arrays in which every rank gets one block of all arrays, combines it in rank order and passes the
 * result on: the pairwise exchange of reduce-blocks.ts, but nothing is combined before all is there. Every rank sends
 * two arrays at most, as in the algorithms that combine on the way. Targets may be the array itself.
 */

/** The blocks of a rank, in rank order one after the other, from the arrays of all. Give back with `release`. */
function* exchangeBlocks(
  context: CollectiveContext,
  reduction: Reduction,
  array: TypedArray,
  offsets: Offsets,
): Algorithm<TypedArray> {
  const { rank, size } = context;
  const length = offsets[rank + 1] - offsets[rank];
  const rows = borrow(array, size * length);
  const row = (source: number) => rows.subarray(source * length, (source + 1) * length);
  const arrivals: Pending<void>[] = [];
  const sends: Pending<void>[] = [];
  for (let step = 1; step < size; step++) {
    const source = (rank - step + size) % size;
    arrivals.push(context.recvInto(row(source), source));
  }
  for (let step = 1; step < size; step++) {
    const dest = (rank + step) % size;
    sends.push(context.send(array.subarray(offsets[dest], offsets[dest + 1]), dest));
  }
  copyInto(row(rank), array.subarray(offsets[rank], offsets[rank + 1]));
  for (let step = 1; step < size; step++) {
    const source = (rank - step + size) % size;
    const arrival = arrivals[step - 1];
    if (!arrival.done) yield arrival;
    endReceive(arrival, reduction.operation, source, row(source));
  }
  yield* endSends(sends);
  return rows;
}

/** This rank's block of all arrays combined. */
export function reduceBlockExchanged(
  context: CollectiveContext,
  reduction: Reduction,
  offsets: Offsets,
  target: TypedArray,
): Algorithm<void> {
  return reduceBlock(context, reduction, reduction.value as TypedArray, offsets, target);
}

function* reduceBlock(
  context: CollectiveContext,
  reduction: Reduction,
  array: TypedArray,
  offsets: Offsets,
  target: TypedArray,
): Algorithm<void> {
  const rows = yield* exchangeBlocks(context, reduction, array, offsets);
  reduction.combineRows(target, rows, context.size);
  release(rows);
}

/** Each block then goes from its rank to all others. */
export function* allreduceExchanged(
  context: CollectiveContext,
  reduction: Reduction,
  target: TypedArray,
): Algorithm<void> {
  const { rank, size } = context;
  const array = reduction.value as TypedArray;
  for (const [from, to] of pieces(context, reduction)) {
    const piece = target.subarray(from, to);
    const offsets = evenOffsets(piece.length, size, reduction.op.grain);
    const place = (owner: number) => piece.subarray(offsets[owner], offsets[owner + 1]);
    yield* reduceBlock(context, reduction, array.subarray(from, to), offsets, place(rank));
    const sends: Pending<void>[] = [];
    for (let step = 1; step < size; step++) sends.push(context.send(place(rank), (rank + step) % size));
    yield* receiveBlocks(context, reduction, place);
    yield* endSends(sends);
  }
}

/** Each block then goes from its rank to root. */
export function* reduceExchanged(
  context: CollectiveContext,
  reduction: Reduction,
  target: TypedArray | undefined,
  root: number,
): Algorithm<void> {
  const { rank, size } = context;
  const array = reduction.value as TypedArray;
  for (const [from, to] of pieces(context, reduction)) {
    const part = array.subarray(from, to);
    const offsets = evenOffsets(part.length, size, reduction.op.grain);
    if (target !== undefined) {
      const piece = target.subarray(from, to);
      const place = (owner: number) => piece.subarray(offsets[owner], offsets[owner + 1]);
      yield* reduceBlock(context, reduction, part, offsets, place(rank));
      yield* receiveBlocks(context, reduction, place);
    } else {
      const block = borrow(array, offsets[rank + 1] - offsets[rank]);
      yield* reduceBlock(context, reduction, part, offsets, block);
      yield* endSends([context.send(block, root)]);
      release(block);
    }
  }
}

export function scanExchanged(
  context: CollectiveContext,
  reduction: Reduction,
  target: TypedArray,
): Algorithm<void> {
  return prefixesExchanged(context, reduction, target, 1);
}

export function exscanExchanged(
  context: CollectiveContext,
  reduction: Reduction,
  target: TypedArray,
): Algorithm<void> {
  return prefixesExchanged(context, reduction, target, 0);
}

/**
 * Each rank combines its block for every rank, and sends it there.
 * @param own 1 when a rank's result contains its own array, else 0; then rank 0 has no result
 */
function* prefixesExchanged(
  context: CollectiveContext,
  reduction: Reduction,
  target: TypedArray,
  own: 0 | 1,
): Algorithm<void> {
  const { rank, size } = context;
  const array = reduction.value as TypedArray;
  for (const [from, to] of pieces(context, reduction)) {
    const piece = target.subarray(from, to);
    const offsets = evenOffsets(piece.length, size, reduction.op.grain);
    const place = (owner: number) => piece.subarray(offsets[owner], offsets[owner + 1]);
    const { length } = place(rank);
    const rows = yield* exchangeBlocks(context, reduction, array.subarray(from, to), offsets);
    const results = borrow(array, size * length);
    const sends: Pending<void>[] = [];
    for (let dest = 1 - own; dest < size; dest++) {
      const count = dest + own;
      const result = dest === rank ? place(rank) : results.subarray(dest * length, (dest + 1) * length);
      reduction.combineRows(result, rows.subarray(0, count * length), count);
      if (dest !== rank) sends.push(context.send(result, dest));
    }
    if (rank >= 1 - own) yield* receiveBlocks(context, reduction, place);
    yield* endSends(sends);
    release(rows);
    release(results);
  }
}

/** A long array goes piece by piece, so that the blocks of all ranks stay in the cache until they are combined. */
function pieces({ size }: CollectiveContext, reduction: Reduction): [from: number, to: number][] {
  return segmentsOf(reduction.value as TypedArray, reduction.op.grain, size * limits.exchangedBlock);
}

/** The blocks of all other ranks. */
function* receiveBlocks(
  context: CollectiveContext,
  reduction: Reduction,
  place: (source: number) => TypedArray,
): Algorithm<void> {
  const { rank, size } = context;
  const sources = Array.from({ length: size - 1 }, (_, step) => (rank - step - 1 + size) % size);
  const arrivals = sources.map(source => context.recvInto(place(source), source));
  for (let index = 0; index < sources.length; index++) {
    const arrival = arrivals[index];
    if (!arrival.done) yield arrival;
    endReceive(arrival, reduction.operation, sources[index], place(sources[index]));
  }
}
