import type { TypedArray } from "../codec/dtype.ts";
import { ArgumentError } from "../errors.ts";
import { Need } from "./algorithm-names.ts";
import { requireCounts, requireEqualBlocks, requireItems, requireLength, requireType } from "./arguments.ts";
import { copyInto, copyOf, emptyLike, overlap } from "./arrays.ts";
import { offsetsOf } from "./blocks.ts";
import { choose } from "./choice.ts";
import type { Algorithm, CollectiveContext, Pending } from "./context.ts";
import { operations } from "./operations.ts";
import { requireOptions } from "./options.ts";
import { endReceive, endSends } from "./receive.ts";

export interface AlltoallCounts {
  /** Lengths of the blocks of `array`, for each rank in rank order. Default: equal ones. */
  sendCounts?: readonly number[];
  /** Lengths of the blocks of `target`, from each rank in rank order. Default: equal ones. */
  recvCounts?: readonly number[];
}

/**
 * Gives item r of `parts` to rank r and returns what the ranks have for this one, in rank order; the own item is
 * that of `parts` itself. Items may be of any kind and length. Every rank sends to every other directly.
 */
export function* alltoall<T>(context: CollectiveContext, parts: readonly T[]): Algorithm<T[]> {
  const { rank, size } = context;
  requireItems("alltoall", parts, size);
  const arrivals: Pending<unknown>[] = [];
  const sends: Pending<void>[] = [];
  for (let step = 1; step < size; step++) arrivals.push(context.recv((rank - step + size) % size));
  for (let step = 1; step < size; step++) {
    const dest = (rank + step) % size;
    sends.push(context.send(parts[dest], dest));
  }
  const items = new Array<T>(size);
  items[rank] = parts[rank];
  for (let step = 1; step < size; step++) {
    const arrival = arrivals[step - 1];
    if (!arrival.done) yield arrival;
    items[(rank - step + size) % size] = arrival.result() as T;
  }
  yield* endSends(sends);
  return items;
}

/** Calls with counts may choose another algorithm, so they are another operation: all ranks give them or none. */
export function alltoallIntoOperation(counts: AlltoallCounts): number {
  requireOptions("alltoallInto", counts, "{ sendCounts: [1, 2], recvCounts: [1, 2] }");
  return hasCounts(counts) ? operations.alltoallIntoWithCounts : operations.alltoallInto;
}

function hasCounts(counts: AlltoallCounts): boolean {
  return counts.sendCounts !== undefined || counts.recvCounts !== undefined;
}

/** Block r of `array` goes to rank r, block r of `target` comes from it. `target` may be `array`. */
export function* alltoallInto(
  context: CollectiveContext,
  target: TypedArray,
  array: TypedArray,
  counts: AlltoallCounts = {},
): Algorithm<void> {
  const { rank, size } = context;
  requireType("alltoallInto", target, array);
  const outgoing = blockCounts("sendCounts", "array", array, counts.sendCounts, size);
  const incoming = blockCounts("recvCounts", "target", target, counts.recvCounts, size);
  if (!hasCounts(counts)) requireLength("alltoallInto", "target", target, array.length, "as many as array");
  if (incoming[rank] !== outgoing[rank]) {
    throw new ArgumentError(
      `alltoallInto: a rank's block for itself must be equally long in sendCounts and recvCounts; rank ${rank} ` +
        `sends ${outgoing[rank]} elements to itself and receives ${incoming[rank]}`,
    );
  }
  const blockBytes = outgoing[0] * array.BYTES_PER_ELEMENT;
  const equal = !hasCounts(counts);
  if (equal && choose("alltoall", context, blockBytes, Need.equal) === "bruck") {
    yield* alltoallBruck(context, target, array);
  } else {
    yield* alltoallPairwise(context, target, array, offsetsOf(outgoing), offsetsOf(incoming));
  }
}

function blockCounts(
  name: string,
  arrayName: string,
  array: TypedArray,
  counts: readonly number[] | undefined,
  size: number,
): readonly number[] {
  if (counts === undefined) {
    return new Array<number>(size).fill(requireEqualBlocks("alltoallInto", arrayName, array, size));
  }
  requireCounts("alltoallInto", name, counts, size, array.length);
  return counts;
}

/** Pairwise exchange [Thakur, Rabenseifner, Gropp 2005]: in step s with the ranks s before and s after. */
export function* alltoallPairwise(
  context: CollectiveContext,
  target: TypedArray,
  array: TypedArray,
  outgoing: readonly number[],
  incoming: readonly number[],
): Algorithm<void> {
  const { rank, size } = context;
  const source = overlap(target, array) ? copyOf(array) : array;
  copyInto(target, source.subarray(outgoing[rank], outgoing[rank + 1]), incoming[rank]);
  const place = (owner: number) => target.subarray(incoming[owner], incoming[owner + 1]);
  const arrivals: Pending<void>[] = [];
  const sends: Pending<void>[] = [];
  for (let step = 1; step < size; step++) {
    const from = (rank - step + size) % size;
    arrivals.push(context.recvInto(place(from), from));
  }
  for (let step = 1; step < size; step++) {
    const dest = (rank + step) % size;
    sends.push(context.send(source.subarray(outgoing[dest], outgoing[dest + 1]), dest));
  }
  for (let step = 1; step < size; step++) {
    const arrival = arrivals[step - 1];
    const from = (rank - step + size) % size;
    if (!arrival.done) yield arrival;
    endReceive(arrival, "alltoallInto", from, place(from));
  }
  yield* endSends(sends);
}

/**
 * [Bruck et al. 1997], for equal short blocks: a block for the rank d further on travels by the set bits of d, in
 * one message per bit that holds half of all blocks. ceil(log2 p) messages instead of p - 1.
 */
export function* alltoallBruck(
  context: CollectiveContext,
  target: TypedArray,
  array: TypedArray,
): Algorithm<void> {
  const { rank, size } = context;
  const length = array.length / size;
  const block = (of: TypedArray, index: number) => of.subarray(index * length, (index + 1) * length);
  // Block i of `moving` is for the rank i further on than the one that holds it.
  const moving = emptyLike(array);
  for (let index = 0; index < size; index++) {
    copyInto(moving, block(array, (rank + index) % size), index * length);
  }
  for (let distance = 1; distance < size; distance *= 2) {
    const indices: number[] = [];
    for (let index = distance; index < size; index++) if ((index & distance) !== 0) indices.push(index);
    const outgoing = emptyLike(array, indices.length * length);
    const incoming = emptyLike(array, indices.length * length);
    indices.forEach((index, slot) => {
      copyInto(outgoing, block(moving, index), slot * length);
    });
    const source = (rank - distance + size) % size;
    const arrival = context.recvInto(incoming, source);
    const sent = context.send(outgoing, (rank + distance) % size);
    if (!arrival.done) yield arrival;
    endReceive(arrival, "alltoallInto", source, incoming);
    if (!sent.done) yield sent;
    sent.result();
    indices.forEach((index, slot) => {
      copyInto(moving, block(incoming, slot), index * length);
    });
  }
  // Now block i has come from the rank i before.
  for (let index = 0; index < size; index++) {
    copyInto(target, block(moving, index), ((rank - index + size) % size) * length);
  }
}
