/**
 * Quantiles from a sketch of bounded size: KLL, Z. Karnin, K. Lang and E. Liberty, "Optimal quantile approximation in
 * streams" (2016). Level h holds values that stand for 2^h each. A level that is full is sorted, and every other one of its
 * values, beginning at random with the first or the second, goes up a level; the rest is forgotten.
 */
import { ArgumentError } from "../../errors.ts";
import { requireKnownOptions } from "../../known-options.ts";
import { isPresent, type Maybe, type Reducer } from "./reducer.ts";

export interface Sketch {
  /** Values added. */
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly levels: readonly number[][];
  /** State of the generator of coins, so that equal calls give equal results. */
  readonly coins: number;
}

interface Mutable {
  count: number;
  min: number;
  max: number;
  levels: number[][];
  coins: number;
}

/** A level has this part of the capacity of the one above it, and at least LEAST. */
const SHRINK = 2 / 3;
const LEAST = 8;

function capacity(k: number, level: number, levels: number): number {
  return Math.max(LEAST, Math.ceil(k * SHRINK ** (levels - 1 - level)));
}

/** xorshift32 (G. Marsaglia, 2003). */
function toss(sketch: Mutable): number {
  let state = sketch.coins;
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  sketch.coins = state;
  return state & 1;
}

/** Empties the lowest level that is full until all fit. */
function compact(sketch: Mutable, k: number): void {
  const { levels } = sketch;
  for (;;) {
    let room = 0;
    let held = 0;
    for (let h = 0; h < levels.length; h++) {
      room += capacity(k, h, levels.length);
      held += levels[h].length;
    }
    if (held <= room) return;
    const h = levels.findIndex((level, index) => level.length >= capacity(k, index, levels.length));
    if (h === levels.length - 1) levels.push([]);
    const sorted = levels[h].sort((a, b) => a - b);
    // An odd one out stays, so that weights add up to the count.
    const left = sorted.length % 2 === 1 ? [sorted.pop()!] : [];
    for (let i = toss(sketch); i < sorted.length; i += 2) levels[h + 1].push(sorted[i]);
    levels[h] = left;
  }
}

/**
 * Quantiles of the values, missing ones skipped: for p the least value that at least a part p of all values does not
 * exceed, give or take the sketch's error. p = 0 and 1 are exactly the least and greatest value. NaN for no values.
 *
 * The rank of what is returned lies within 1.3 % of n of p n with a probability of 99 %, for k = 200 (2.296 / k^0.9723, from
 * the documentation of Apache DataSketches, whose KLL sketch has the same parameters); up to k values it is exact. A
 * state holds about 3 k numbers, however many values were added. The same values, spread in the same way, give the same results.
 * @param probabilities from 0 to 1
 * @param options.k larger is more exact; default 200
 * @throws {ArgumentError}
 */
export function quantiles(
  probabilities: readonly number[],
  options: { k?: number } = {},
): Reducer<Maybe, Sketch, number[]> {
  requireKnownOptions<{ k?: number }>("quantiles", options, { k: true });
  const { k = 200 } = options;
  if (!Array.isArray(probabilities) && !ArrayBuffer.isView(probabilities)) {
    throw new ArgumentError(
      `quantiles: probabilities must be a list, such as [0.25, 0.5]; got ${String(probabilities)}.`,
    );
  }
  if (!(Number.isSafeInteger(k) && k >= LEAST && k <= 65_535)) {
    throw new ArgumentError(`quantiles: k must be a whole number from ${LEAST} to 65535; got ${String(k)}.`);
  }
  for (const p of probabilities) {
    if (!(p >= 0 && p <= 1)) {
      throw new ArgumentError(`quantiles: probabilities must be from 0 to 1; got ${String(p)}.`);
    }
  }
  return {
    empty: () => ({ count: 0, min: Infinity, max: -Infinity, levels: [[]], coins: 0x9e3779b9 | 0 }),
    add: (state, value) => {
      if (!isPresent("quantiles", value)) return state;
      const sketch = state as Mutable;
      sketch.count++;
      if (value < sketch.min) sketch.min = value;
      if (value > sketch.max) sketch.max = value;
      sketch.levels[0].push(value);
      if (sketch.levels[0].length >= capacity(k, 0, sketch.levels.length)) compact(sketch, k);
      return state;
    },
    merge: (left, right) => {
      const merged: Mutable = {
        count: left.count + right.count,
        min: Math.min(left.min, right.min),
        max: Math.max(left.max, right.max),
        levels: Array.from({ length: Math.max(left.levels.length, right.levels.length) }, (_, h) => [
          ...(left.levels[h] ?? []),
          ...(right.levels[h] ?? []),
        ]),
        coins: left.coins ^ Math.imul(right.coins, 0x85ebca6b) || 1,
      };
      compact(merged, k);
      return merged;
    },
    result: ({ count, min, max, levels }) => {
      const weighted = levels.flatMap((level, h) => level.map(value => [value, 2 ** h] as const));
      weighted.sort((a, b) => a[0] - b[0]);
      return probabilities.map(p => {
        if (count === 0) return NaN;
        if (p === 0) return min;
        if (p === 1) return max;
        let below = 0;
        for (const [value, weight] of weighted) {
          below += weight;
          if (below >= p * count) return value;
        }
        return max;
      });
    },
  };
}
