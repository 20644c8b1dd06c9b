import type { TypedArray } from "../codec/dtype.ts";
import { requireArray, requireRoot, requireType } from "./arguments.ts";
import { copyInto } from "./arrays.ts";
import { offsetsOf } from "./blocks.ts";
import type { Algorithm, CollectiveContext, Pending } from "./context.ts";
import { announcementOf, isAnnounced, lengthsOf } from "./contributions.ts";
import { endReceive } from "./receive.ts";

/**
 * Returns the values of all ranks in rank order on root, undefined elsewhere; root's own item is `value` itself.
 * Every rank sends to root directly: a tree would encode and decode the values again at each of its levels.
 */
export function* gather<T>(context: CollectiveContext, value: T, root: number): Algorithm<T[] | undefined> {
  const { rank, size } = context;
  requireRoot("gather", root, size);
  if (rank === root) return (yield* receiveFromAll(context, value)) as T[];
  const sent = context.send(value, root);
  if (!sent.done) yield sent;
  sent.result();
  return undefined;
}

/**
 * Fills root's `target` with the arrays of all ranks in rank order. They may differ in length, but must fill it.
 * Root's own array may lie in the target.
 */
export function* gatherInto(
  context: CollectiveContext,
  target: TypedArray | undefined,
  array: TypedArray,
  root: number,
): Algorithm<void> {
  const { rank, size } = context;
  requireRoot("gatherInto", root, size);
  requireArray("gatherInto", "array", array);
  if (rank === root) {
    requireArray("gatherInto", "root's target", target);
    requireType("gatherInto", target as TypedArray, array);
    return yield* receiveInto(context, target as TypedArray, array);
  }
  const first = context.send(announcementOf(array), root);
  const second = isAnnounced(array) ? context.send(array, root) : first;
  if (!first.done) yield first;
  first.result();
  if (!second.done) yield second;
  second.result();
}

function* receiveFromAll(context: CollectiveContext, own: unknown): Algorithm<unknown[]> {
  const { rank, size } = context;
  const arrivals: (Pending<unknown> | undefined)[] = [];
  for (let source = 0; source < size; source++) {
    arrivals.push(source === rank ? undefined : context.recv(source));
  }
  const items: unknown[] = [];
  for (const arrival of arrivals) {
    if (arrival !== undefined && !arrival.done) yield arrival;
    items.push(arrival === undefined ? own : arrival.result());
  }
  return items;
}

function* receiveInto(context: CollectiveContext, target: TypedArray, array: TypedArray): Algorithm<void> {
  const { rank, size } = context;
  const announcements = yield* receiveFromAll(context, array);
  const offsets = offsetsOf(lengthsOf("gatherInto", target, announcements));
  // Root's own array moves first: it may lie where another rank's goes.
  copyInto(target, array, offsets[rank]);
  const arrivals: (Pending<void> | undefined)[] = announcements.map((announcement, source) => {
    if (source === rank) return undefined;
    if (typeof announcement === "number") return context.recvInto(blockOf(target, offsets, source), source);
    copyInto(target, announcement as TypedArray, offsets[source]);
    return undefined;
  });
  for (let source = 0; source < size; source++) {
    const arrival = arrivals[source];
    if (arrival === undefined) continue;
    if (!arrival.done) yield arrival;
    endReceive(arrival, "gatherInto", source, blockOf(target, offsets, source));
  }
}

function blockOf(target: TypedArray, offsets: readonly number[], rank: number): TypedArray {
  return target.subarray(offsets[rank], offsets[rank + 1]);
}
