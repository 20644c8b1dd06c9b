import type { TypedArray } from "../codec/dtype.ts";
import { evenOffsets } from "./blocks.ts";
import type { Algorithm, CollectiveContext } from "./context.ts";
import { endReceive, endSends } from "./receive.ts";
import type { Reduction } from "./reduction.ts";
import { borrow, release } from "./scratch.ts";

/**
 * Ring [Patarasuk, Yuan 2009] into `target`, which may be the array itself: p - 1 steps in which blocks go round
 * and collect every rank's part, then p - 1 in which the finished ones go round. 2 (p - 1) messages and two arrays a
 * rank for any p. A block collects its parts from an arbitrary rank on: for commutative operators only.
 */
export function* allreduceRing(
  context: CollectiveContext,
  reduction: Reduction,
  target: TypedArray,
): Algorithm<void> {
  const { rank, size } = context;
  const array = reduction.value as TypedArray;
  const { operation } = reduction;
  const offsets = evenOffsets(array.length, size, reduction.op.grain);
  const block = (of: TypedArray, index: number) => {
    const owner = (index + size) % size;
    return of.subarray(offsets[owner], offsets[owner + 1]);
  };
  const left = (rank - 1 + size) % size;
  const right = (rank + 1) % size;
  const shape = context.recv(left);
  const shapeSent = context.send(reduction.shape, right);
  if (!shape.done) yield shape;
  reduction.acceptShape(shape.result(), left);
  yield* endSends([shapeSent]);
  const scratch = borrow(array, offsets[1]);
  for (let step = 0; step < size - 1; step++) {
    const own = block(array, rank - step - 1);
    const received = scratch.subarray(0, own.length);
    const arrival = context.recvInto(received, left);
    const sends = [context.send(block(step === 0 ? array : target, rank - step), right)];
    if (!arrival.done) yield arrival;
    endReceive(arrival, operation, left, received);
    reduction.combineInto(block(target, rank - step - 1), received, own);
    yield* endSends(sends);
  }
  release(scratch);
  for (let step = 0; step < size - 1; step++) {
    const missing = block(target, rank - step);
    const arrival = context.recvInto(missing, left);
    const sends = [context.send(block(target, rank + 1 - step), right)];
    if (!arrival.done) yield arrival;
    endReceive(arrival, operation, left, missing);
    yield* endSends(sends);
  }
}
