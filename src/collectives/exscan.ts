import type { TypedArray } from "../codec/dtype.ts";
import type { AlgorithmOf } from "./algorithm-names.ts";
import { requireAlike } from "./arguments.ts";
import { copyInto, copyOf, emptyLike, inPlaceOrApart } from "./arrays.ts";
import type { Algorithm, CollectiveContext, Pending } from "./context.ts";
import { exscanExchanged } from "./exchanged.ts";
import { exscanGathered } from "./gathered.ts";
import type { OperatorFor, Reduced } from "./operator.ts";
import { endReceive, endSends } from "./receive.ts";
import { type CutReduction, Reduction, type WholeReduction } from "./reduction.ts";
import { borrow, release } from "./scratch.ts";
import { segmentsOf } from "./segments.ts";

const whole: Partial<Record<AlgorithmOf<"exscan">, WholeReduction>> = {
  "recursive-doubling": exscanDoubling,
  gather: exscanGathered,
};
const cut: Partial<Record<AlgorithmOf<"exscan">, CutReduction>> = {
  chain: exscanChain,
  exchange: exscanExchanged,
};

/** Returns on each rank the values of the ranks before it combined, undefined on rank 0. */
export function* exscan<T>(
  context: CollectiveContext,
  value: T,
  op: OperatorFor<T>,
): Algorithm<Reduced<T> | undefined> {
  const reduction = new Reduction("exscan", value, op);
  const name = reduction.choose("exscan", context);
  const fill = cut[name];
  if (fill === undefined) return (yield* whole[name]!(context, reduction)) as Reduced<T> | undefined;
  const target = emptyLike(value as TypedArray);
  yield* fill(context, reduction, target);
  return context.rank === 0 ? undefined : (target as Reduced<T>);
}

/**
 * Fills `target`, which may be `array`, with the arrays of the ranks before combined element by element. Rank 0's
 * target stays as it is.
 */
export function* exscanInto<A extends TypedArray>(
  context: CollectiveContext,
  target: A,
  array: A,
  op: OperatorFor<A>,
): Algorithm<void> {
  requireAlike("exscanInto", target, array);
  const reduction = new Reduction("exscanInto", array, op);
  const name = reduction.choose("exscan", context);
  const fill = cut[name];
  if (fill !== undefined) {
    if (inPlaceOrApart(target, array)) return yield* fill(context, reduction, target);
    return yield* fill(context, new Reduction("exscanInto", copyOf(array), op), target);
  }
  const result = yield* whole[name]!(context, reduction);
  if (result !== undefined) copyInto(target, result as TypedArray);
}

/**
 * Recursive doubling as in scan [Hillis, Steele 1986], with a second combination that leaves the own value out.
 * Returns undefined on rank 0.
 */
export function* exscanDoubling(context: CollectiveContext, reduction: Reduction): Algorithm<unknown> {
  const { rank, size } = context;
  let partial = reduction.value;
  let before: unknown;
  for (let distance = 1; distance < size; distance *= 2) {
    const source = rank - distance;
    const arrival = source < 0 ? undefined : context.recv(source);
    if (rank + distance < size) {
      const sent = context.send(partial, rank + distance);
      if (!sent.done) yield sent;
      sent.result();
    }
    if (arrival === undefined) continue;
    if (!arrival.done) yield arrival;
    const received = reduction.accept(arrival.result(), source);
    const further = rank + 2 * distance < size;
    // Into a new array the first time: `partial` is then the caller's own, and `received` becomes `before`.
    if (further)
      partial = reduction.combine(received, partial, partial === reduction.value ? undefined : partial);
    before = distance === 1 ? received : reduction.combine(received, before, before);
  }
  return before;
}

/** For long arrays a pipelined chain as in scan; every rank passes on what it has received and its own combined. */
export function* exscanChain(
  context: CollectiveContext,
  reduction: Reduction,
  target: TypedArray,
): Algorithm<void> {
  const { rank, size } = context;
  const array = reduction.value as TypedArray;
  const segments = segmentsOf(array, reduction.op.grain);
  const sends: Pending<void>[] = [];
  const last = rank === size - 1;
  if (!last) sends.push(context.send(reduction.shape, rank + 1));
  if (rank === 0) {
    for (const [from, to] of segments) sends.push(context.send(array.subarray(from, to), rank + 1));
    return yield* endSends(sends);
  }
  const shape = context.recv(rank - 1);
  if (!shape.done) yield shape;
  reduction.acceptShape(shape.result(), rank - 1);
  const buffers = Array.from({ length: 4 }, () => borrow(array, segments[0][1]));
  const piece = (buffer: number, index: number) => {
    const [from, to] = segments[index];
    return buffers[buffer].subarray(0, to - from);
  };
  let arrival = context.recvInto(piece(0, 0), rank - 1);
  const passedOn: Pending<void>[] = [];
  for (let index = 0; index < segments.length; index++) {
    const [from, to] = segments[index];
    const received = piece(index % 2, index);
    if (!arrival.done) yield arrival;
    endReceive(arrival, reduction.operation, rank - 1, received);
    if (index + 1 < segments.length) arrival = context.recvInto(piece((index + 1) % 2, index + 1), rank - 1);
    if (!last) {
      // The buffer is free when the message two segments ago has left it.
      const previous = passedOn[index - 2];
      if (previous !== undefined) yield* endSends([previous]);
      const result = piece(2 + (index % 2), index);
      reduction.combineInto(result, received, array.subarray(from, to));
      passedOn.push(context.send(result, rank + 1));
    }
    copyInto(target.subarray(from, to), received);
  }
  yield* endSends(sends);
  yield* endSends(passedOn);
  buffers.forEach(release);
}
