import { allgather } from "./allgather.ts";
import type { Algorithm, CollectiveContext, Pending } from "./context.ts";
import { gather } from "./gather.ts";
import { endSends } from "./receive.ts";
import type { Reduction } from "./reduction.ts";

/**
 * Reductions in which a rank gets the contributions of all others as they are and combines them in rank order: few
 * steps for short values, and the only way for operators that must see all at once (`reproducible`).
 */

/** Everybody gets everything: the messages of an allgather. */
export function* allreduceGathered(context: CollectiveContext, reduction: Reduction): Algorithm<unknown> {
  return combine(context, reduction, yield* allgather(context, reduction.value));
}

/** Undefined off root. */
export function* reduceGathered(
  context: CollectiveContext,
  reduction: Reduction,
  root: number,
): Algorithm<unknown> {
  const values = yield* gather(context, reduction.value, root);
  return values && combine(context, reduction, values);
}

/** Every rank sends its value to all higher ones. */
export function* scanGathered(context: CollectiveContext, reduction: Reduction): Algorithm<unknown> {
  return combine(context, reduction, yield* lowerValues(context, reduction, [reduction.value]));
}

/** Undefined on rank 0. */
export function* exscanGathered(context: CollectiveContext, reduction: Reduction): Algorithm<unknown> {
  const values = yield* lowerValues(context, reduction, []);
  return values.length === 0 ? undefined : combine(context, reduction, values);
}

function* lowerValues(
  context: CollectiveContext,
  reduction: Reduction,
  own: readonly unknown[],
): Algorithm<unknown[]> {
  const { rank, size } = context;
  const arrivals: Pending<unknown>[] = [];
  const sends: Pending<void>[] = [];
  for (let source = 0; source < rank; source++) arrivals.push(context.recv(source));
  for (let dest = rank + 1; dest < size; dest++) sends.push(context.send(reduction.value, dest));
  const values: unknown[] = [];
  for (const arrival of arrivals) {
    if (!arrival.done) yield arrival;
    values.push(arrival.result());
  }
  yield* endSends(sends);
  return [...values, ...own];
}

/** @param values of ranks 0, 1, ... */
function combine({ rank }: CollectiveContext, reduction: Reduction, values: readonly unknown[]): unknown {
  values.forEach((value, source) => {
    if (source !== rank) reduction.accept(value, source);
  });
  return reduction.combineAll(values);
}
