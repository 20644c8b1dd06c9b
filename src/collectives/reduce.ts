import type { TypedArray } from "../codec/dtype.ts";
import type { AlgorithmOf } from "./algorithm-names.ts";
import { requireAlike, requireArray, requireRoot } from "./arguments.ts";
import { copyInto, copyOf, emptyLike, inPlaceOrApart } from "./arrays.ts";
import { evenOffsets } from "./blocks.ts";
import type { Algorithm, CollectiveContext, Pending } from "./context.ts";
import { reduceExchanged } from "./exchanged.ts";
import { reduceGathered } from "./gathered.ts";
import type { OperatorFor, Reduced } from "./operator.ts";
import { endReceive } from "./receive.ts";
import { reduceOwnBlock } from "./reduce-blocks.ts";
import { Reduction } from "./reduction.ts";
import { borrow, release } from "./scratch.ts";
import { binomialDistances, binomialParent } from "./tree.ts";

type WholeToRoot = (context: CollectiveContext, reduction: Reduction, root: number) => Algorithm<unknown>;
type CutToRoot = (
  context: CollectiveContext,
  reduction: Reduction,
  target: TypedArray | undefined,
  root: number,
) => Algorithm<void>;

const whole: Partial<Record<AlgorithmOf<"reduce">, WholeToRoot>> = {
  binomial: reduceTree,
  gather: reduceGathered,
};
const cut: Partial<Record<AlgorithmOf<"reduce">, CutToRoot>> = {
  rabenseifner: reduceCut,
  exchange: reduceExchanged,
};

/** Returns the values of all ranks combined on root, undefined elsewhere. */
export function* reduce<T>(
  context: CollectiveContext,
  value: T,
  op: OperatorFor<T>,
  root: number,
): Algorithm<Reduced<T> | undefined> {
  requireRoot("reduce", root, context.size);
  const reduction = new Reduction("reduce", value, op);
  const name = reduction.choose("reduce", context);
  const fill = cut[name];
  if (fill === undefined) {
    return reduction.own(yield* whole[name]!(context, reduction, root)) as Reduced<T> | undefined;
  }
  const target = context.rank === root ? emptyLike(value as TypedArray) : undefined;
  yield* fill(context, reduction, target, root);
  return target as Reduced<T> | undefined;
}

/** Fills root's `target`, which may be `array`, with the arrays of all ranks combined element by element. */
export function* reduceInto<A extends TypedArray>(
  context: CollectiveContext,
  target: A | undefined,
  array: A,
  op: OperatorFor<A>,
  root: number,
): Algorithm<void> {
  requireRoot("reduceInto", root, context.size);
  requireArray("reduceInto", "array", array);
  const filled = context.rank === root ? target : undefined;
  if (context.rank === root) {
    requireArray("reduceInto", "root's target", target);
    requireAlike("reduceInto", target!, array);
  }
  const given = filled === undefined || inPlaceOrApart(filled, array) ? array : copyOf(array);
  yield* fillReduced(context, new Reduction("reduceInto", given, op), filled, root);
}

/** @param target of root, which is the array of `reduction`, or apart from it */
export function* fillReduced(
  context: CollectiveContext,
  reduction: Reduction,
  target: TypedArray | undefined,
  root: number,
): Algorithm<void> {
  const name = reduction.choose("reduce", context);
  const fill = cut[name];
  if (fill !== undefined) return yield* fill(context, reduction, target, root);
  const result = yield* whole[name]!(context, reduction, root);
  if (target !== undefined && result !== target) copyInto(target, result as TypedArray);
}

/**
 * Binomial tree: ceil(log2 p) rounds. Each rank combines the ranks from itself to those of its subtree, so that the
 * tree keeps rank order when it is rooted at rank 0; for an operator that does not commute the result then goes
 * from there to root. Returns undefined off root, and `reduction.value` itself in a world of one.
 */
export function* reduceTree(
  context: CollectiveContext,
  reduction: Reduction,
  root: number,
): Algorithm<unknown> {
  const { rank, size } = context;
  const top = reduction.op.commutative ? root : 0;
  const relative = (rank - top + size) % size;
  let partial = reduction.value;
  for (const distance of binomialDistances(relative, size)) {
    const source = (relative + distance + top) % size;
    const arrival = context.recv(source);
    if (!arrival.done) yield arrival;
    const received = reduction.accept(arrival.result(), source);
    partial = reduction.combine(partial, received, received);
  }
  if (relative !== 0) yield* deliver(context, partial, (binomialParent(relative) + top) % size);
  if (top === root) return rank === root ? partial : undefined;
  if (rank === top) yield* deliver(context, partial, root);
  if (rank !== root) return undefined;
  const arrival = context.recv(top);
  if (!arrival.done) yield arrival;
  return reduction.accept(arrival.result(), top);
}

function* deliver(context: CollectiveContext, value: unknown, dest: number): Algorithm<void> {
  const sent = context.send(value, dest);
  if (!sent.done) yield sent;
  sent.result();
}

/**
 * For long arrays, after [Rabenseifner 2004]: reduce-scatter, here by pairwise exchange, then every rank sends the
 * block that it has reduced to root. Each rank combines and sends about one array in all, whatever p is.
 */
export function* reduceCut(
  context: CollectiveContext,
  reduction: Reduction,
  target: TypedArray | undefined,
  root: number,
): Algorithm<void> {
  const { rank, size } = context;
  const array = reduction.value as TypedArray;
  const offsets = evenOffsets(array.length, size, reduction.op.grain);
  if (target === undefined) {
    const block = borrow(array, offsets[rank + 1] - offsets[rank]);
    yield* reduceOwnBlock(context, reduction, offsets, block);
    yield* deliver(context, block, root);
    release(block);
    return;
  }
  const place = (owner: number) => target.subarray(offsets[owner], offsets[owner + 1]);
  // Only after this are all blocks of an array that is its own target sent, and may be overwritten.
  yield* reduceOwnBlock(context, reduction, offsets, place(rank));
  const arrivals: (Pending<void> | undefined)[] = [];
  for (let source = 0; source < size; source++) {
    arrivals.push(source === rank ? undefined : context.recvInto(place(source), source));
  }
  for (let source = 0; source < size; source++) {
    const arrival = arrivals[source];
    if (arrival === undefined) continue;
    if (!arrival.done) yield arrival;
    endReceive(arrival, reduction.operation, source, place(source));
  }
}
