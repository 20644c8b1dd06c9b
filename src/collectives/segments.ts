import type { TypedArray } from "../codec/dtype.ts";
import { limits } from "./choice.ts";

/** The borders of the pieces in which a long array goes through the ranks, by default through a chain. */
export function segmentsOf(
  array: TypedArray,
  grain: number,
  bytes = limits.scanSegment,
): [from: number, to: number][] {
  const elements = Math.max(grain, Math.floor(bytes / array.BYTES_PER_ELEMENT / grain) * grain);
  const segments: [number, number][] = [];
  for (let from = 0; from < array.length; from += elements) {
    segments.push([from, Math.min(from + elements, array.length)]);
  }
  return segments;
}
