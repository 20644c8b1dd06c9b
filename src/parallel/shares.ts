/** Schedules in which every rank knows from the beginning what all others do. */
import { ArgumentError } from "../errors.ts";
import type { List } from "./items.ts";

/** Numbers of items, in the order in which they are to be run. */
export type Indices = Uint32Array;

/** All places of a list. */
export function whole({ length }: ArrayLike<unknown>): { from: number; to: number } {
  return { from: 0, to: length };
}

/** Block `rank` of 0 .. total - 1 cut into `size` blocks; the first ones are longer by one. */
export function blockOf(total: number, size: number, rank: number): { from: number; to: number } {
  const length = Math.floor(total / size);
  const longer = total % size;
  const from = rank * length + Math.min(rank, longer);
  return { from, to: from + length + (rank < longer ? 1 : 0) };
}

export function range(from: number, to: number): Indices {
  const indices = new Uint32Array(Math.max(0, to - from));
  for (let i = 0; i < indices.length; i++) indices[i] = from + i;
  return indices;
}

/** Blocks of `chunk` dealt to the ranks by turns; `order` says which item stands in which place. */
export function dealt(order: Indices, size: number, rank: number, chunk: number): Indices {
  const mine: number[] = [];
  for (let from = rank * chunk; from < order.length; from += size * chunk) {
    const to = Math.min(from + chunk, order.length);
    for (let at = from; at < to; at++) mine.push(order[at]);
  }
  return new Uint32Array(mine);
}

/**
 * Items of the greatest cost first, equal ones in their own order.
 * @throws {ArgumentError} cost gives something else than a number
 */
export function byCost<T>(
  operation: string,
  items: List<T>,
  cost: (item: T, index: number) => number,
): { order: Indices; costs: Float64Array } {
  const costs = new Float64Array(items.length);
  for (let index = 0; index < items.length; index++) {
    const value = cost(items.at(index), index);
    if (typeof value !== "number" || Number.isNaN(value)) {
      throw new ArgumentError(
        `${operation}: cost must give a number; for item ${index} it gave ${String(value)}.`,
      );
    }
    costs[index] = value;
  }
  const order = range(0, items.length).sort((a, b) => costs[b] - costs[a] || a - b);
  return { order, costs };
}

/**
 * Items for each rank so that the sums of cost are nearly equal: the next most costly one goes to the rank that has
 * least (longest processing time first; at most 4/3 of the best possible, R. L. Graham 1969).
 */
export function balanced(order: Indices, costs: Float64Array, size: number): Indices[] {
  const shares: number[][] = Array.from({ length: size }, () => []);
  const sums = new Float64Array(size);
  for (const index of order) {
    let least = 0;
    for (let rank = 1; rank < size; rank++) {
      if (
        sums[rank] < sums[least] ||
        (sums[rank] === sums[least] && shares[rank].length < shares[least].length)
      ) {
        least = rank;
      }
    }
    shares[least].push(index);
    sums[least] += Math.max(0, costs[index]);
  }
  return shares.map(share => new Uint32Array(share));
}
