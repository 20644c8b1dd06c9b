import type { TypedArray } from "../codec/dtype.ts";
import type { AlgorithmOf } from "./algorithm-names.ts";
import { requireAlike } from "./arguments.ts";
import { copyInto, copyOf, emptyLike, inPlaceOrApart } from "./arrays.ts";
import type { Algorithm, CollectiveContext, Pending } from "./context.ts";
import { scanExchanged } from "./exchanged.ts";
import { scanGathered } from "./gathered.ts";
import type { OperatorFor, Reduced } from "./operator.ts";
import { endReceive, endSends } from "./receive.ts";
import { type CutReduction, Reduction, type WholeReduction } from "./reduction.ts";
import { borrow, release } from "./scratch.ts";
import { segmentsOf } from "./segments.ts";

const whole: Partial<Record<AlgorithmOf<"scan">, WholeReduction>> = {
  "recursive-doubling": scanDoubling,
  gather: scanGathered,
};
const cut: Partial<Record<AlgorithmOf<"scan">, CutReduction>> = {
  chain: scanChain,
  exchange: scanExchanged,
};

/** Returns on each rank the values of ranks 0 to its own combined. */
export function* scan<T>(context: CollectiveContext, value: T, op: OperatorFor<T>): Algorithm<Reduced<T>> {
  const reduction = new Reduction("scan", value, op);
  const name = reduction.choose("scan", context);
  const fill = cut[name];
  if (fill === undefined) return reduction.own(yield* whole[name]!(context, reduction)) as Reduced<T>;
  const target = emptyLike(value as TypedArray);
  yield* fill(context, reduction, target);
  return target as Reduced<T>;
}

/** Fills `target`, which may be `array`, with the arrays of ranks 0 to the own combined element by element. */
export function* scanInto<A extends TypedArray>(
  context: CollectiveContext,
  target: A,
  array: A,
  op: OperatorFor<A>,
): Algorithm<void> {
  requireAlike("scanInto", target, array);
  const reduction = new Reduction("scanInto", array, op);
  const name = reduction.choose("scan", context);
  const fill = cut[name];
  if (fill !== undefined) {
    if (inPlaceOrApart(target, array)) return yield* fill(context, reduction, target);
    return yield* fill(context, new Reduction("scanInto", copyOf(array), op), target);
  }
  const result = yield* whole[name]!(context, reduction);
  if (result !== target) copyInto(target, result as TypedArray);
}

/**
 * Recursive doubling [Hillis, Steele 1986]: in round k each rank passes the combination of the last 2^k ranks to
 * the one 2^k further on, which puts it on the left of its own. Returns `reduction.value` itself on rank 0.
 */
export function* scanDoubling(context: CollectiveContext, reduction: Reduction): Algorithm<unknown> {
  const { rank, size } = context;
  let partial = reduction.value;
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
    partial = reduction.combine(received, partial, received);
  }
  return partial;
}

/**
 * For long arrays a pipelined chain [Sanders, Träff 2006]: segments go from rank to rank, and each rank combines
 * one while the next arrives. Every rank combines, receives and sends one array, where doubling takes log2 p.
 */
export function* scanChain(
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
    copyInto(target, array);
    if (!last)
      for (const [from, to] of segments) sends.push(context.send(array.subarray(from, to), rank + 1));
    return yield* endSends(sends);
  }
  const shape = context.recv(rank - 1);
  if (!shape.done) yield shape;
  reduction.acceptShape(shape.result(), rank - 1);
  const buffers = [borrow(array, segments[0][1]), borrow(array, segments[0][1])];
  const receive = (index: number) => {
    const [from, to] = segments[index];
    return context.recvInto(buffers[index % 2].subarray(0, to - from), rank - 1);
  };
  let arrival = receive(0);
  for (let index = 0; index < segments.length; index++) {
    const [from, to] = segments[index];
    const received = buffers[index % 2].subarray(0, to - from);
    if (!arrival.done) yield arrival;
    endReceive(arrival, reduction.operation, rank - 1, received);
    if (index + 1 < segments.length) arrival = receive(index + 1);
    const result = target.subarray(from, to);
    reduction.combineInto(result, received, array.subarray(from, to));
    if (!last) sends.push(context.send(result, rank + 1));
  }
  buffers.forEach(release);
  yield* endSends(sends);
}
