/**
 * Groups of neighbouring elements, which a thread takes at once: so it has 16 bytes of each array on their way by one
 * instruction, whatever a compiler makes of the order of instructions, and computes one address for all of them.
 */
import type { Dtype } from "../dtype.ts";

export interface Grouping {
  /** Elements of a group. */
  readonly lanes: number;
  /** Whether they are moved by vector instructions rather than one by one. */
  readonly vectors: boolean;
}

/** Element by element. */
export const single: Grouping = { lanes: 1, vectors: false };

/** What one instruction moves at most. */
export const vectorBytes = 16;

/** A dense array: the type of its elements, and where the first of them lies. */
export type Laid = readonly [type: Dtype, address: number];

/** How many elements of arrays of these types make a group. */
export function lanesOf(types: readonly Dtype[]): number {
  return types.every(({ bytes }) => bytes <= 2) ? 8 : 4;
}

/**
 * For kernels that only read. Groups depend on types alone, so that sums come in one order wherever the elements lie;
 * vectors must lie at multiples of their bytes, which elements of views may not.
 */
export function groupingToRead(arrays: readonly Laid[]): Grouping {
  const lanes = lanesOf(arrays.map(([type]) => type));
  const aligned = ([{ bytes }, address]: Laid): boolean =>
    address % Math.min(lanes * bytes, vectorBytes) === 0;
  return { lanes, vectors: arrays.every(aligned) };
}

/** For kernels that write as well: without vectors element by element, so that what neighbouring threads write lies together. */
export function groupingOf(arrays: readonly Laid[]): Grouping {
  const grouping = groupingToRead(arrays);
  return grouping.vectors ? grouping : single;
}
