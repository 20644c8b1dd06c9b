import { isTypedArray, type TypedArray } from "../codec/dtype.ts";
import { describe } from "../describe.ts";
import { ArgumentError, TypeMismatchError } from "../errors.ts";
import {
  describeLengths,
  requireArray,
  requireAttached,
  requireCounts,
  requireItems,
  requireRoot,
  requireType,
} from "./arguments.ts";
import { copyInto, copyOf } from "./arrays.ts";
import { evenCounts, offsetsOf } from "./blocks.ts";
import type { Algorithm, CollectiveContext, Pending } from "./context.ts";
import { endReceive, endSends } from "./receive.ts";

/** What a rank gets: a block of a typed array, or an item of a list. */
export type Scattered<P> = P extends TypedArray ? P : P extends readonly (infer Item)[] ? Item : never;

/**
 * Cuts root's typed array into a block for each rank, in rank order and as even as can be unless `counts` says
 * otherwise; or gives item r of root's list to rank r. Every rank gets a new array (root a copy of its block), root
 * its own item itself. Root sends each part directly: every part travels once.
 */
export function* scatter<P extends TypedArray | readonly unknown[]>(
  context: CollectiveContext,
  parts: P | undefined,
  root: number,
  counts?: readonly number[],
): Algorithm<Scattered<P>> {
  const { rank, size } = context;
  requireRoot("scatter", root, size);
  if (rank !== root) {
    const arrival = context.recv(root);
    if (!arrival.done) yield arrival;
    return arrival.result() as Scattered<P>;
  }
  const items = partsOf(parts, size, counts);
  const sends: Pending<void>[] = [];
  for (let step = 1; step < size; step++) {
    const dest = (rank + step) % size;
    sends.push(context.send(items[dest], dest));
  }
  const own = items[rank];
  const result = isTypedArray(parts) ? copyOf(own as TypedArray) : own;
  yield* endSends(sends);
  return result as Scattered<P>;
}

function partsOf(parts: unknown, size: number, counts: readonly number[] | undefined): readonly unknown[] {
  if (isTypedArray(parts)) {
    requireAttached("scatter", "root's array", parts);
    if (counts !== undefined) requireCounts("scatter", "counts", counts, size, parts.length);
    const offsets = offsetsOf(counts ?? evenCounts(parts.length, size));
    return Array.from({ length: size }, (_, rank) => parts.subarray(offsets[rank], offsets[rank + 1]));
  }
  if (!Array.isArray(parts)) {
    throw new ArgumentError(
      `scatter: root must give a typed array or a list of ${size} items; got ${describe(parts)}`,
    );
  }
  requireItems("scatter", parts, size);
  if (counts !== undefined)
    throw new ArgumentError("scatter: counts are for typed arrays; a list gives each rank one item");
  return parts;
}

/**
 * Fills every rank's `target`, in rank order, from root's array, which must be as long as all targets together. The
 * ranks tell root the lengths first, so that it can refuse before any target changes; `target` may lie in `array`.
 */
export function* scatterInto(
  context: CollectiveContext,
  target: TypedArray,
  array: TypedArray | undefined,
  root: number,
): Algorithm<void> {
  const { rank, size } = context;
  requireRoot("scatterInto", root, size);
  requireArray("scatterInto", "target", target);
  if (rank !== root) {
    const arrival = context.recvInto(target, root);
    const length = context.send(target.length, root);
    if (!arrival.done) yield arrival;
    endReceive(arrival, "scatterInto", root, target);
    if (!length.done) yield length;
    return length.result();
  }
  requireArray("scatterInto", "root's array", array);
  const source = array as TypedArray;
  requireType("scatterInto", target, source);
  const offsets = offsetsOf(yield* gatherLengths(context, target.length));
  if (offsets[size] !== source.length) {
    const lengths = Array.from({ length: size }, (_, r) => offsets[r + 1] - offsets[r]);
    throw new ArgumentError(
      `scatterInto: the targets of all ranks together must be as long as root's ${describe(source)}; ` +
        `${describeLengths(lengths)}, ${offsets[size]} together`,
    );
  }
  const sends: Pending<void>[] = [];
  for (let step = 1; step < size; step++) {
    const dest = (rank + step) % size;
    sends.push(context.send(source.subarray(offsets[dest], offsets[dest + 1]), dest));
  }
  // Last, because the target may lie on a block that is still being read.
  yield* endSends(sends);
  copyInto(target, source.subarray(offsets[rank], offsets[rank + 1]));
}

function* gatherLengths(context: CollectiveContext, own: number): Algorithm<number[]> {
  const { rank, size } = context;
  const lengths: number[] = [];
  for (let source = 0; source < size; source++) {
    if (source === rank) {
      lengths.push(own);
      continue;
    }
    const arrival = context.recv(source);
    if (!arrival.done) yield arrival;
    const length = arrival.result();
    if (typeof length !== "number") {
      throw new TypeMismatchError(
        `scatterInto: expected the length of rank ${source}'s target from it; got ${describe(length)}`,
        { peer: source },
      );
    }
    lengths.push(length);
  }
  return lengths;
}
