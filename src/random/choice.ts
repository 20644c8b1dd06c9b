/** `Generator.choice`: which positions are chosen, by the very algorithms of NumPy, so that the draws agree. */
import { ArgumentError } from "../errors.ts";
import type { Generator } from "./generator.ts";

/** The numbers from 0 to n - 1. */
export function upTo(n: number): Float64Array {
  const numbers = new Float64Array(n);
  for (let i = 0; i < n; i++) numbers[i] = i;
  return numbers;
}

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
export function checkProbabilities(p: ArrayLike<number>, n: number): void {
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

interface Uniforms {
  random(size: number): Float64Array;
}

export function weighted(source: Uniforms, size: number, p: ArrayLike<number>): Float64Array {
  const sums = cumulated(p);
  return source.random(size).map(value => rankOf(sums, value));
}

/** Draws as many as are missing, keeps the first of each, makes them impossible, and again. */
export function weightedOnce(source: Uniforms, size: number, p: ArrayLike<number>): Float64Array {
  const rest = Float64Array.from(p);
  const possible = rest.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0);
  if (possible < size) {
    throw new ArgumentError(
      `choice: ${size} without replacement, but only ${possible} have a probability above 0`,
    );
  }
  const found = new Set<number>();
  while (found.size < size) {
    const values = source.random(size - found.size);
    for (const index of found) rest[index] = 0;
    const sums = cumulated(rest);
    for (const value of values) found.add(rankOf(sums, value));
  }
  return Float64Array.from(found);
}

/** Floyd's sampling (Bentley, "Programming pearls", CACM 30(9), 754-757 (1987)). */
function floyd(rng: Generator, n: number, size: number): Float64Array {
  const chosen = new Set<number>();
  for (let last = n - size; last < n; last++) {
    const draw = rng.integers(0, last, undefined, { endpoint: true });
    chosen.add(chosen.has(draw) ? last : draw);
  }
  return Float64Array.from(chosen);
}

/** Exchanges each element, from the last down to `first`, with one before it; unlike `shuffle`, by Lemire's method. */
function shuffleFrom(rng: Generator, array: Float64Array, first: number): Float64Array {
  for (let i = array.length - 1; i >= first; i--) {
    const j = rng.integers(0, i, undefined, { endpoint: true });
    const kept = array[i];
    array[i] = array[j];
    array[j] = kept;
  }
  return array;
}

export function choiceIndices(
  rng: Generator,
  n: number,
  size: number,
  { replace = true, p, shuffle = true }: ChoiceOptions,
): Float64Array {
  if (!Number.isSafeInteger(n) || n < 0 || (n === 0 && size > 0)) {
    throw new ArgumentError(`choice: there must be something to choose from, not ${n} elements`);
  }
  if (p !== undefined) checkProbabilities(p, n);
  if (size === 0) return new Float64Array(0);
  if (replace) return p === undefined ? rng.integers(0, n, size) : weighted(rng, size, p);
  if (size > n) {
    throw new ArgumentError(
      `choice: ${size} of ${n} without replacement; allow replacement, or choose fewer`,
    );
  }
  if (p !== undefined) return weightedOnce(rng, size, p);
  if (n > 10_000 && size > Math.floor(n / (shuffle ? 50 : 20))) {
    return shuffleFrom(rng, upTo(n), Math.max(n - size, 1)).slice(n - size);
  }
  const chosen = floyd(rng, n, size);
  return shuffle ? shuffleFrom(rng, chosen, 1) : chosen;
}
