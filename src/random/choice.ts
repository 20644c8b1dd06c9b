/** `Generator.choice`: which positions are chosen, by the very algorithms of NumPy, so that the draws agree. */
import { describe } from "../describe.ts";
import { ArgumentError } from "../errors.ts";
import type { OptionNames } from "../known-options.ts";
import { checkSize, type Draws } from "./draws.ts";
import { shuffle } from "./shuffle.ts";

export interface ChoiceOptions {
  /** Whether an element may be chosen more than once; default true. */
  replace?: boolean;
  /** Probability of each element; they sum to 1. */
  p?: ArrayLike<number>;
  /** Without replacement: whether the order is random, too; default true. */
  shuffle?: boolean;
}

export const choiceOptions: OptionNames<ChoiceOptions> = { replace: true, p: true, shuffle: true };

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

/** Fills with numbers in [0, 1). */
type Uniforms = (target: Float64Array) => Float64Array;

/**
 * Replaces values by how many of the ascending `sums` are at most each. A table says where to begin, for as many values as
 * there are sums (H.-C. Chen and Y. Asau, "On generating random variates from an empirical distribution", AIIE
 * Transactions 6(2), 163-166 (1974)); from there it is a step or two.
 */
function ranksOf(sums: Float64Array, values: Float64Array): void {
  const { length } = sums;
  const begins = new Uint32Array(length);
  for (let part = 0, rank = 0; part < length; part++) {
    while (sums[rank] <= part / length) rank++;
    begins[part] = rank;
  }
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    let rank = begins[Math.floor(value * length)];
    while (sums[rank] <= value) rank++;
    // The product may have been rounded up.
    while (rank > 0 && value < sums[rank - 1]) rank--;
    values[i] = rank;
  }
}

/** Fills with positions by their probabilities. */
export function weighted(uniforms: Uniforms, target: Float64Array, p: ArrayLike<number>): void {
  const sums = cumulated(p);
  uniforms(target);
  // The table costs as much as the sums.
  if (target.length >= sums.length / 8) ranksOf(sums, target);
  else for (let i = 0; i < target.length; i++) target[i] = rankOf(sums, target[i]);
}

/** None twice: draws as many as are missing, keeps the first of each, makes those impossible, and again. */
export function weightedOnce(uniforms: Uniforms, target: Float64Array, p: ArrayLike<number>): void {
  const { length: size } = target;
  const rest = Float64Array.from(p);
  const possible = rest.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0);
  if (possible < size) {
    throw new ArgumentError(
      `choice: ${size} without replacement, but only ${possible} have a probability above 0`,
    );
  }
  const found = new Set<number>();
  while (found.size < size) {
    const values = uniforms(new Float64Array(size - found.size));
    for (const position of found) rest[position] = 0;
    const sums = cumulated(rest);
    for (const value of values) found.add(rankOf(sums, value));
  }
  target.set(Float64Array.from(found));
}

/** Fills with positions below `n`. */
export type ChoosePositions = (target: Float64Array, n: number) => void;

/** How a `Generator` chooses positions. */
export function positions(
  rng: Draws,
  { replace = true, p, shuffle: shuffled = true }: ChoiceOptions,
): ChoosePositions {
  return (target, n) => {
    const uniforms: Uniforms = values => rng.randomInto(values);
    if (p !== undefined) {
      (replace ? weighted : weightedOnce)(uniforms, target, p);
    } else if (replace) {
      rng.integersInto(target, 0, n);
    } else {
      const { bitGenerator } = rng;
      // The end of a shuffled list of all positions, where there are not many more.
      const among = n > 10_000 && target.length > Math.floor(n / (shuffled ? 50 : 20));
      bitGenerator.fillDistinct(target, n, among);
      if (shuffled && !among) shuffle(bitGenerator, target, false);
    }
  };
}

/**
 * Fills with positions in a list, or numbers below n, and returns the target.
 * @throws {ArgumentError} when there is too little to choose from, or `p` are no probabilities that sum to 1.
 */
export function choosePositionsInto(
  target: Float64Array,
  from: number | ArrayLike<unknown>,
  { replace = true, p }: ChoiceOptions,
  choosePositions: ChoosePositions,
): Float64Array {
  const n = typeof from === "number" ? from : from?.length;
  const { length: wanted } = target;
  if (n === undefined) {
    throw new ArgumentError(`choice: expected a list or how many there are, but got ${describe(from)}`);
  }
  if (!Number.isSafeInteger(n) || n < 0 || (n === 0 && wanted > 0)) {
    throw new ArgumentError(`choice: there must be something to choose from, not ${n} elements`);
  }
  if (p !== undefined) checkProbabilities(p, n);
  if (!replace && wanted > n) {
    throw new ArgumentError(
      `choice: ${wanted} of ${n} without replacement; allow replacement, or choose fewer`,
    );
  }
  if (wanted > 0) choosePositions(target, n);
  return target;
}

/** Of a list, or of the numbers below n: one element, or an array of `size`. Throws as `choosePositionsInto` does. */
export function choose(
  from: number | ArrayLike<unknown>,
  size: number | undefined,
  options: ChoiceOptions,
  choosePositions: ChoosePositions,
): unknown {
  const chosen = choosePositionsInto(new Float64Array(checkSize(size ?? 1)), from, options, choosePositions);
  if (typeof from === "number") return size === undefined ? chosen[0] : chosen;
  if (size === undefined) return from[chosen[0]];
  // A loop: `Array.from` with a function takes eight times as long.
  const elements = new Array<unknown>(size);
  for (let i = 0; i < size; i++) elements[i] = from[chosen[i]];
  return elements;
}
