import type { TypedArray } from "../codec/dtype.ts";
import { limits } from "./choice.ts";

/** The borders of the pieces in which a long array goes through a chain of ranks. */
export function segmentsOf(array: TypedArray, grain: number): [from: number, to: number][] {
  const elements = Math.max(grain, Math.floor(limits.scanSegment / array.BYTES_PER_ELEMENT / grain) * grain);
  const segments: [number, number][] = [];
  for (let from = 0; from < array.length; from += elements) {
    segments.push([from, Math.min(from + elements, array.length)]);
  }
  return segments;
}
