import type { TypedArray } from "../codec/dtype.ts";
import type { Offsets } from "./blocks.ts";
import type { Algorithm, CollectiveContext, Pending } from "./context.ts";
import { endReceive, endSends } from "./receive.ts";
import type { Reduction } from "./reduction.ts";
import { borrow, release } from "./scratch.ts";

/**
 * Reduces this rank's block of the array into `target`, which may be that block itself. Pairwise exchange [Thakur,
 * Rabenseifner, Gropp 2005]: every rank sends each block straight from its array to the rank that reduces it, so
 * that nothing waits for another rank's result and every byte travels once. Works for any p and for operators that
 * do not commute: blocks come from rank - 1 downwards and combine on the left, then from p - 1 downwards into a
 * part of their own, which combines on the right in the end.
 */
export function* reduceOwnBlock(
  context: CollectiveContext,
  reduction: Reduction,
  offsets: Offsets,
  target: TypedArray,
): Algorithm<void> {
  const { rank, size } = context;
  const array = reduction.value as TypedArray;
  const own = array.subarray(offsets[rank], offsets[rank + 1]);
  const sends: Pending<void>[] = [];
  // One buffer receives while another is combined; the third collects what is on the right.
  const buffers = [borrow(array, own.length), borrow(array, own.length), borrow(array, own.length)];
  let next = 0;
  const receive = (step: number) => context.recvInto(buffers[next], (rank - step + size) % size);
  let arrival = receive(1);
  for (let step = 1; step < size; step++) {
    const dest = (rank + step) % size;
    sends.push(context.send(array.subarray(offsets[dest], offsets[dest + 1]), dest));
  }
  let left = own;
  let right: number | undefined;
  for (let step = 1; step < size; step++) {
    const current = next;
    const source = (rank - step + size) % size;
    if (!arrival.done) yield arrival;
    endReceive(arrival, reduction.operation, source, buffers[current]);
    if (step + 1 < size) {
      next = [0, 1, 2].find(index => index !== current && index !== right)!;
      arrival = receive(step + 1);
    }
    if (source < rank) {
      reduction.combineInto(target, buffers[current], left);
      left = target;
    } else if (right === undefined) {
      right = current;
    } else {
      reduction.combineInto(buffers[right], buffers[current], buffers[right]);
    }
  }
  if (right !== undefined) reduction.combineInto(target, left, buffers[right]);
  yield* endSends(sends);
  buffers.forEach(release);
}
