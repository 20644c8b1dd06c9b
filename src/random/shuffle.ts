/** Random order, as NumPy makes it. */
import { describe } from "../describe.ts";
import { ArgumentError } from "../errors.ts";
import type { BitGenerator } from "./bit-generator.ts";

/** Anything with numbered elements that can be exchanged. */
export interface Shuffled {
  length: number;
  [index: number]: unknown;
}

/** @throws {ArgumentError} no elements that can be exchanged: a text, a Set, a number. */
export function checkShuffled(name: string, array: unknown): void {
  if (typeof array === "object" && array !== null && Number.isSafeInteger((array as Shuffled).length)) return;
  throw new ArgumentError(`${name}: expected an array, but got ${describe(array)}`);
}

/** The numbers from 0 to n - 1. */
export function upTo(n: number): Float64Array {
  const numbers = new Float64Array(n);
  for (let i = 0; i < n; i++) numbers[i] = i;
  return numbers;
}

/** Other arrays of numbers than these, should there be any, are shuffled as lists are. */
const NUMERIC = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

function isNumeric(array: object): array is ArrayBufferView {
  return NUMERIC.some(type => array instanceof type);
}

/** Draws of an order are made natively, so many at once. */
const CHUNK = 1024;

/**
 * Exchanges each element, from the last down to number `first`, with one up to it. Durstenfeld, "Algorithm 235", CACM
 * 7(7), 420 (1964). NumPy draws by masking when it shuffles, and by Lemire's method when it chooses.
 */
export function shuffle<T extends Shuffled>(bits: BitGenerator, array: T, masked = true, first = 1): T {
  if (isNumeric(array)) {
    bits.shuffle(array, first, masked);
    return array;
  }
  const draws = new Float64Array(Math.min(CHUNK, Math.max(0, array.length - first)));
  for (let last = array.length - 1; last >= first; last -= CHUNK) {
    const some = Math.min(CHUNK, last - first + 1);
    bits.fillOrder(some === draws.length ? draws : draws.subarray(0, some), last, -1, masked);
    for (let i = 0; i < some; i++) {
      const j = draws[i];
      const kept = array[last - i];
      array[last - i] = array[j];
      array[j] = kept;
    }
  }
  return array;
}
