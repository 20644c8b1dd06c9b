import type { TypedArray } from "../codec/dtype.ts";
import { Need } from "./algorithm-names.ts";
import { requireArray, requireType } from "./arguments.ts";
import { copyInto, copyOf, overlap } from "./arrays.ts";
import { offsetsOf } from "./blocks.ts";
import { choose } from "./choice.ts";
import type { Algorithm, CollectiveContext, Pending } from "./context.ts";
import { announcementOf, lengthsOf } from "./contributions.ts";
import { endReceive, endSends } from "./receive.ts";

/**
 * Returns the values of all ranks in rank order on every rank; the own item is `value` itself.
 * @param bytes for the choice of an algorithm: what a rank gives, 0 where not all ranks know
 */
export function allgather<T>(context: CollectiveContext, value: T, bytes = 0): Algorithm<T[]> {
  return choose("allgather", context, bytes, Need.nothing) === "bruck"
    ? allgatherBruck(context, value)
    : allgatherDirect(context, value);
}

/** Every rank sends its value to every other: p - 1 messages in a single round. */
export function* allgatherDirect<T>(context: CollectiveContext, value: T): Algorithm<T[]> {
  const { rank, size } = context;
  const arrivals: Pending<unknown>[] = [];
  const sends: Pending<void>[] = [];
  for (let step = 1; step < size; step++) arrivals.push(context.recv((rank - step + size) % size));
  for (let step = 1; step < size; step++) sends.push(context.send(value, (rank + step) % size));
  const items = new Array<T>(size);
  items[rank] = value;
  for (let step = 1; step < size; step++) {
    const arrival = arrivals[step - 1];
    if (!arrival.done) yield arrival;
    items[(rank - step + size) % size] = arrival.result() as T;
  }
  yield* endSends(sends);
  return items;
}

/**
 * [Bruck et al. 1997]: in round k each rank passes all that it has, up to 2^k items, to the one 2^k before it.
 * ceil(log2 p) rounds for any p.
 */
export function* allgatherBruck<T>(context: CollectiveContext, value: T): Algorithm<T[]> {
  const { rank, size } = context;
  // held[i] is the item of rank + i.
  const held: T[] = [value];
  for (let distance = 1; distance < size; distance *= 2) {
    const arrival = context.recv((rank + distance) % size);
    const sent = context.send(held.slice(0, size - distance), (rank - distance + size) % size);
    if (!arrival.done) yield arrival;
    held.push(...(arrival.result() as T[]));
    if (!sent.done) yield sent;
    sent.result();
  }
  return held.map((_, index) => held[(index - rank + size) % size]);
}

/**
 * Fills every rank's `target` with the arrays of all ranks in rank order. They may differ in length, but must fill
 * it. The own array may lie in the target. Short arrays travel as values do; long ones tell their length that way
 * and then go from each rank to each other, straight into their place.
 */
export function* allgatherInto(
  context: CollectiveContext,
  target: TypedArray,
  array: TypedArray,
): Algorithm<void> {
  requireArray("allgatherInto", "target", target);
  requireType("allgatherInto", target, array);
  const { rank, size } = context;
  const block = target.byteLength / size;
  const announcements = yield* allgather<unknown>(context, announcementOf(array), block);
  const offsets = offsetsOf(lengthsOf("allgatherInto", target, announcements));
  const place = (owner: number) => target.subarray(offsets[owner], offsets[owner + 1]);
  const own = place(rank);
  // An array elsewhere in the target would be overwritten by what arrives while it is still being sent.
  const inPlace = array.buffer === own.buffer && array.byteOffset === own.byteOffset;
  const source = !inPlace && overlap(array, target) ? copyOf(array) : array;
  if (!inPlace) copyInto(own, source);
  const arrivals: Pending<void>[] = [];
  const sources: number[] = [];
  const sends: Pending<void>[] = [];
  for (let step = 1; step < size; step++) {
    const from = (rank - step + size) % size;
    const announcement = announcements[from];
    if (typeof announcement === "number") {
      arrivals.push(context.recvInto(place(from), from));
      sources.push(from);
    } else {
      copyInto(target, announcement as TypedArray, offsets[from]);
    }
    if (typeof announcements[rank] === "number") sends.push(context.send(source, (rank + step) % size));
  }
  for (let index = 0; index < arrivals.length; index++) {
    const arrival = arrivals[index];
    if (!arrival.done) yield arrival;
    endReceive(arrival, "allgatherInto", sources[index], place(sources[index]));
  }
  yield* endSends(sends);
}
