import type { TypedArray } from "../codec/dtype.ts";
import { Need } from "./algorithm-names.ts";
import { requireArray, requireRoot } from "./arguments.ts";
import { evenOffsets } from "./blocks.ts";
import { choose, hasBlocks } from "./choice.ts";
import type { Algorithm, CollectiveContext, Pending } from "./context.ts";
import { endReceive, endSends } from "./receive.ts";
import { binomialDistances, binomialParent } from "./tree.ts";

/** Returns root's value on every rank; on root that is `value` itself, elsewhere `value` is not looked at. */
export function* broadcast<T>(context: CollectiveContext, value: T | undefined, root: number): Algorithm<T> {
  const { rank, size } = context;
  requireRoot("broadcast", root, size);
  const relative = (rank - root + size) % size;
  let held = value as T;
  if (relative !== 0) {
    const arrival = context.recv((binomialParent(relative) + root) % size);
    if (!arrival.done) yield arrival;
    held = arrival.result() as T;
  }
  yield* endSends(sendDown(context, held, root, relative));
  return held;
}

/** Fills `target`, of one type and length on all ranks, with root's. */
export function* broadcastInto(
  context: CollectiveContext,
  target: TypedArray,
  root: number,
): Algorithm<void> {
  requireArray("broadcastInto", "target", target);
  requireRoot("broadcastInto", root, context.size);
  const has = hasBlocks(target.length, context.size) ? Need.blocks : 0;
  const cut = choose("broadcast", context, target.byteLength, has) === "scatter-ring";
  yield* cut ? broadcastCut(context, target, root) : broadcastTree(context, target, root);
}

/** Binomial tree: ceil(log2 p) rounds, in each of which all that have the array pass it on. */
export function* broadcastTree(
  context: CollectiveContext,
  target: TypedArray,
  root: number,
): Algorithm<void> {
  const { rank, size } = context;
  const relative = (rank - root + size) % size;
  if (relative !== 0) {
    const source = (binomialParent(relative) + root) % size;
    const arrival = context.recvInto(target, source);
    if (!arrival.done) yield arrival;
    endReceive(arrival, "broadcastInto", source, target);
  }
  yield* endSends(sendDown(context, target, root, relative));
}

/** Largest subtree first: its ranks have the longest way to go. */
function sendDown(
  context: CollectiveContext,
  value: unknown,
  root: number,
  relative: number,
): Pending<void>[] {
  const { size } = context;
  const distances = binomialDistances(relative, size);
  const sends: Pending<void>[] = [];
  for (let index = distances.length - 1; index >= 0; index--) {
    sends.push(context.send(value, (relative + distances[index] + root) % size));
  }
  return sends;
}

/**
 * Scatter and ring allgather [van de Geijn 1994; Thakur, Rabenseifner, Gropp 2005]: root gives each rank its block,
 * then blocks go round the ring, so that no rank sends more than twice the array. Ranks count from root.
 */
export function* broadcastCut(context: CollectiveContext, target: TypedArray, root: number): Algorithm<void> {
  const { rank, size } = context;
  const relative = (rank - root + size) % size;
  const offsets = evenOffsets(target.length, size);
  const block = (index: number) => {
    const owner = (index + size) % size;
    return target.subarray(offsets[owner], offsets[owner + 1]);
  };
  const sends: Pending<void>[] = [];
  if (relative === 0) {
    for (let to = 1; to < size; to++) sends.push(context.send(block(to), (to + root) % size));
  } else {
    const own = block(relative);
    const arrival = context.recvInto(own, root);
    if (!arrival.done) yield arrival;
    endReceive(arrival, "broadcastInto", root, own);
  }
  const left = (rank - 1 + size) % size;
  const right = (rank + 1) % size;
  for (let step = 0; step < size - 1; step++) {
    // Root has every block; its neighbour has none for it.
    const awaited = relative === 0 ? undefined : block(relative - step - 1);
    const arrival = awaited === undefined ? undefined : context.recvInto(awaited, left);
    if (right !== root) sends.push(context.send(block(relative - step), right));
    if (arrival === undefined) continue;
    if (!arrival.done) yield arrival;
    endReceive(arrival, "broadcastInto", left, awaited!);
  }
  yield* endSends(sends);
}
