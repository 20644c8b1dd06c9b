/** `Generator.choice`: which positions are chosen, by the very algorithms of NumPy, so that the draws agree. */
import { ArgumentError } from "../errors.ts";
import type { BitGenerator } from "./bit-generator.ts";
import { checkSize, type Draws } from "./draws.ts";
import { shuffle, upTo } from "./shuffle.ts";

export interface ChoiceOptions {
  /** Whether an element may be chosen more than once; default true. */
  replace?: boolean;
  /** Probability of each element; they sum to 1. */
  p?: ArrayLike<number>;
  /** Without replacement: whether the order is random, too; default true. */
  shuffle?: boolean;
}

/** As far as a sum of probabilities may be from 1. */
const TOLERANCE = 2 ** -26;

/** Kahan's compensated sum. */
function kahanSum(values: ArrayLike<number>): number {
  let sum = values[0];
  let lost = 0;
  for (let i = 1; i < values.length; i++) {
    const value = values[i] - lost;
    const next = sum + value;
    lost = next - sum - value;
    sum = next;
  }
  return sum;
}

/** @throws {ArgumentError} unless `p` are `n` probabilities that sum to 1. */
function checkProbabilities(p: ArrayLike<number>, n: number): void {
  if (p.length !== n) {
    throw new ArgumentError(
      `choice: p must have a probability for each of ${n} elements, but has ${p.length}`,
    );
  }
  for (let i = 0; i < n; i++) {
    if (!(p[i] >= 0))
      throw new ArgumentError(`choice: probabilities must not be negative, but p[${i}] is ${p[i]}`);
  }
  const sum = kahanSum(p);
  if (!(Math.abs(sum - 1) <= TOLERANCE)) {
    throw new ArgumentError(`choice: probabilities must sum to 1, but sum to ${sum}`);
  }
}

/** The running sums of `p`, scaled so that the last is 1. */
function cumulated(p: ArrayLike<number>): Float64Array {
  const sums = Float64Array.from(p);
  for (let i = 1; i < sums.length; i++) sums[i] += sums[i - 1];
  const total = sums[sums.length - 1];
  for (let i = 0; i < sums.length; i++) sums[i] /= total;
  return sums;
}

/** How many of the ascending `sums` are at most `value`. */
function rankOf(sums: Float64Array, value: number): number {
  let low = 0;
  let high = sums.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value < sums[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** As many numbers in [0, 1) as are asked for. */
type Uniforms = (size: number) => Float64Array;

/** Positions by their probabilities. */
export function weighted(uniforms: Uniforms, size: number, p: ArrayLike<number>): Float64Array {
  const sums = cumulated(p);
  return uniforms(size).map(value => rankOf(sums, value));
}

/** None twice: draws as many as are missing, keeps the first of each, makes those impossible, and again. */
export function weightedOnce(uniforms: Uniforms, size: number, p: ArrayLike<number>): Float64Array {
  const rest = Float64Array.from(p);
  const possible = rest.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0);
  if (possible < size) {
    throw new ArgumentError(
      `choice: ${size} without replacement, but only ${possible} have a probability above 0`,
    );
  }
  const found = new Set<number>();
  while (found.size < size) {
    const values = uniforms(size - found.size);
    for (const position of found) rest[position] = 0;
    const sums = cumulated(rest);
    for (const value of values) found.add(rankOf(sums, value));
  }
  return Float64Array.from(found);
}

/** Numbers that have been seen: open addressing, as `Set` is ten times slower. */
class Seen {
  readonly #table: Float64Array;

  constructor(size: number) {
    this.#table = new Float64Array(2 ** Math.ceil(Math.log2(1.5 * size + 1))).fill(-1);
  }

  /** Whether `value` is new, which it is no more. */
  add(value: number): boolean {
    const table = this.#table;
    const mask = table.length - 1;
    for (let place = value & mask; ; place = (place + 1) & mask) {
      if (table[place] === value) return false;
      if (table[place] === -1) {
        table[place] = value;
        return true;
      }
    }
  }
}

/** Floyd's sampling (Bentley, "Programming pearls", CACM 30(9), 754-757 (1987)). */
function floyd(bits: BitGenerator, n: number, size: number): Float64Array {
  const found = new Float64Array(size);
  bits.fillOrder(found, n - size, 1, false);
  const seen = new Seen(size);
  for (let i = 0; i < size; i++) {
    // The greatest that might have been drawn cannot have been before.
    if (!seen.add(found[i])) seen.add((found[i] = n - size + i));
  }
  return found;
}

/** How a `Generator` chooses positions. */
export function positions(rng: Draws, { replace = true, p, shuffle: shuffled = true }: ChoiceOptions) {
  return (n: number, size: number): Float64Array => {
    if (replace) return p === undefined ? rng.integers(0, n, size) : weighted(k => rng.random(k), size, p);
    if (p !== undefined) return weightedOnce(k => rng.random(k), size, p);
    const { bitGenerator } = rng;
    // The end of a shuffled list of all positions, where there are not many more.
    if (n > 10_000 && size > Math.floor(n / (shuffled ? 50 : 20))) {
      return shuffle(bitGenerator, upTo(n), false, Math.max(n - size, 1)).slice(n - size);
    }
    const found = floyd(bitGenerator, n, size);
    return shuffled ? shuffle(bitGenerator, found, false) : found;
  };
}

/**
 * Of a list, or of the numbers below n: one element, or an array of `size`.
 * @throws {ArgumentError} when there is too little to choose from, or `p` are no probabilities that sum to 1.
 */
export function choose(
  from: number | ArrayLike<unknown>,
  size: number | undefined,
  { replace = true, p }: ChoiceOptions,
  choosePositions: (n: number, size: number) => Float64Array,
): unknown {
  const n = typeof from === "number" ? from : from.length;
  const wanted = checkSize(size ?? 1);
  if (!Number.isSafeInteger(n) || n < 0 || (n === 0 && wanted > 0)) {
    throw new ArgumentError(`choice: there must be something to choose from, not ${n} elements`);
  }
  if (p !== undefined) checkProbabilities(p, n);
  if (!replace && wanted > n) {
    throw new ArgumentError(
      `choice: ${wanted} of ${n} without replacement; allow replacement, or choose fewer`,
    );
  }
  const chosen = wanted === 0 ? new Float64Array(0) : choosePositions(n, wanted);
  if (typeof from === "number") return size === undefined ? chosen[0] : chosen;
  return size === undefined ? from[chosen[0]] : Array.from(chosen, position => from[position]);
}
