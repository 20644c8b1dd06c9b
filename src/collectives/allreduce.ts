import type { TypedArray } from "../codec/dtype.ts";
import type { AlgorithmOf } from "./algorithm-names.ts";
import { allreduceRabenseifner } from "./allreduce-rabenseifner.ts";
import { allreduceRing } from "./allreduce-ring.ts";
import { requireAlike } from "./arguments.ts";
import { copyInto, copyOf, emptyLike, inPlaceOrApart } from "./arrays.ts";
import type { Algorithm, CollectiveContext } from "./context.ts";
import { allreduceExchanged } from "./exchanged.ts";
import { foldOf, rankOf } from "./fold.ts";
import { allreduceGathered } from "./gathered.ts";
import type { OperatorFor, Reduced } from "./operator.ts";
import { type CutReduction, Reduction, type WholeReduction } from "./reduction.ts";

const whole: Partial<Record<AlgorithmOf<"allreduce">, WholeReduction>> = {
  "recursive-doubling": allreduceRecursiveDoubling,
  gather: allreduceGathered,
};
const cut: Partial<Record<AlgorithmOf<"allreduce">, CutReduction>> = {
  rabenseifner: allreduceRabenseifner,
  ring: allreduceRing,
  exchange: allreduceExchanged,
};

/** Returns the values of all ranks combined, the same bits on every rank. */
export function* allreduce<T>(
  context: CollectiveContext,
  value: T,
  op: OperatorFor<T>,
): Algorithm<Reduced<T>> {
  const reduction = new Reduction("allreduce", value, op);
  const name = reduction.choose("allreduce", context);
  const fill = cut[name];
  if (fill === undefined) return reduction.own(yield* whole[name]!(context, reduction)) as Reduced<T>;
  const target = emptyLike(value as TypedArray);
  yield* fill(context, reduction, target);
  return target as Reduced<T>;
}

/** Fills every rank's `target`, which may be `array`, with the arrays of all ranks combined element by element. */
export function* allreduceInto<A extends TypedArray>(
  context: CollectiveContext,
  target: A,
  array: A,
  op: OperatorFor<A>,
): Algorithm<void> {
  requireAlike("allreduceInto", target, array);
  const given = inPlaceOrApart(target, array) ? array : copyOf(array);
  yield* fillAllreduced(context, new Reduction("allreduceInto", given, op), target);
}

/** @param target which is the array of `reduction`, or apart from it */
export function* fillAllreduced(
  context: CollectiveContext,
  reduction: Reduction,
  target: TypedArray,
): Algorithm<void> {
  const name = reduction.choose("allreduce", context);
  const fill = cut[name];
  if (fill !== undefined) return yield* fill(context, reduction, target);
  const result = yield* whole[name]!(context, reduction);
  if (result !== target) copyInto(target, result as TypedArray);
}

/**
 * Recursive doubling [Thakur, Rabenseifner, Gropp 2005]: in round k pairs 2^k apart exchange what they have, each
 * the combination of 2^k neighbours, and combine it in the same order, so that both hold the same bits. Returns
 * `reduction.value` itself in a world of one.
 */
export function* allreduceRecursiveDoubling(
  context: CollectiveContext,
  reduction: Reduction,
): Algorithm<unknown> {
  const { rank, size } = context;
  const fold = foldOf(rank, size);
  let partial = reduction.value;
  if (fold.index === undefined) {
    const arrival = context.recv(rank + 1);
    const sent = context.send(partial, rank + 1);
    if (!sent.done) yield sent;
    sent.result();
    if (!arrival.done) yield arrival;
    return reduction.accept(arrival.result(), rank + 1);
  }
  const folded = rank < 2 * fold.pairs;
  if (folded) {
    const arrival = context.recv(rank - 1);
    if (!arrival.done) yield arrival;
    const received = reduction.accept(arrival.result(), rank - 1);
    partial = reduction.combine(received, partial, received);
  }
  for (let distance = 1; distance < fold.count; distance *= 2) {
    const peer = rankOf(fold.index ^ distance, fold);
    const arrival = context.recv(peer);
    const sent = context.send(partial, peer);
    if (!arrival.done) yield arrival;
    const received = reduction.accept(arrival.result(), peer);
    if (!sent.done) yield sent;
    sent.result();
    partial =
      (fold.index & distance) === 0
        ? reduction.combine(partial, received, received)
        : reduction.combine(received, partial, received);
  }
  if (folded) {
    const sent = context.send(partial, rank - 1);
    if (!sent.done) yield sent;
    sent.result();
  }
  return partial;
}
