/**
 * lgamma: a polynomial about 2, where arguments below 8 are brought by the recurrence, Stirling's series from there on,
 * and the reflection for negative ones. Sums are in two numbers, since they cancel about 1 and near the zeros below -2.
 * Errors: docs/cuda.md.
 */
import type { Arithmetic, Operand, Pair } from "./arithmetic.ts";
import { logPair } from "./logarithms.ts";
import { cosOnto, sinOnto } from "./trigonometric.ts";

/** lgamma(2 + t) in two numbers, |t| at most 1/2. */
function aboutTwo(math: Arithmetic, t: string): Pair {
  const [constant, ...others] = math.coefficients.lgamma2;
  const sum = math.fastTwoSum(constant, math.multiply(math.polynomial(t, others), t));
  const product = math.twoProduct(sum.high, t);
  return { high: product.high, low: math.fma(sum.low, t, product.low) };
}

/** Stirling's series in two numbers, x at least 8: x M - M / 2 + (log(2 pi) - 1) / 2 + P(1 / x^2) / x, M = log x - 1. */
function stirling(math: Arithmetic, x: string, log: Pair): Pair {
  const { stirling: coefficients, halfLog2Pi } = math.coefficients;
  const less = math.fastTwoSum(log.high, -1);
  const over = math.divide(1, x);
  const series = math.polynomial(math.multiply(over, over), coefficients);
  const constant = math.add(math.fma(series, over, halfLog2Pi[1]), halfLog2Pi[0] - 0.5);
  const main = math.twoProduct(x, less.high);
  const rest = math.fma(x, math.add(less.low, log.low), math.fma(less.high, -0.5, constant));
  const sum = math.fastTwoSum(main.high, rest);
  return { high: sum.high, low: math.add(sum.low, main.low) };
}

/** Of a positive, finite x, in two numbers. */
function positive(math: Arithmetic, x: string): Pair {
  const tiny = math.test("lt", x, 0.5);
  const low = math.test("lt", x, 1.5);
  const large = math.test("ge", x, 8);
  // x + 2, x + 1 or x - steps lies about 2; what is between is a factor of the gamma function.
  const steps = math.select(low, 0, math.subtract(math.whole("rni", x), 2));
  const place = math.select(low, math.select(tiny, 0, 1), math.add(steps, 2));
  let [factors, factor]: Operand[] = [1, x];
  for (let i = 1; i <= 6; i++) {
    factor = math.subtract(factor, 1);
    factors = math.select(math.test("ge", steps, i), math.multiply(factors, factor), factors);
  }
  const next = math.fastTwoSum(1, x);
  const two = math.twoProduct(x, next.high);
  const twoLow = math.divide(math.fma(x, next.low, two.low), two.high);
  // One logarithm for all; without steps it is 0.
  const below = math.select(low, math.select(tiny, two.high, x), factors);
  const log = logPair(math, math.select(large, x, below));
  const logLow = math.add(log.low, math.select(tiny, twoLow, 0));
  const near = aboutTwo(math, math.subtract(x, place));
  const sum = math.fastTwoSum(math.select(low, math.negate(log.high), log.high), near.high);
  const sumLow = math.add(math.select(low, math.negate(logLow), logLow), near.low);
  const far = stirling(math, x, log);
  return {
    high: math.select(large, far.high, sum.high),
    low: math.select(large, far.low, math.add(sum.low, sumLow)),
  };
}

/** log(pi / |x sin(pi x)|) - lgamma(|x|), of which the latter is given, |x| neither tiny nor whole. */
function reflected(math: Arithmetic, size: string, other: Pair): string {
  const { pi } = math.coefficients;
  const d = math.abs(math.subtract(size, math.whole("rni", size)));
  // sin(pi d) up to d = 1/4, and cos(pi (1/2 - d)) above.
  const far = math.test("gt", d, 0.25);
  const near = math.select(far, math.subtract(0.5, d), d);
  const r = math.multiply(near, pi[0]);
  const low = math.fma(near, pi[1], math.fma(near, pi[0], math.negate(r)));
  const square = math.multiply(r, r);
  const cosine = cosOnto(math, math.multiply(math.negate(r), low), square);
  const sine = math.fastTwoSum(
    math.select(far, 1, r),
    math.select(far, cosine, sinOnto(math, low, r, square)),
  );
  // The quotient, and what it is too small by, as a part of it.
  const product = math.twoProduct(size, sine.high);
  const productLow = math.fma(size, sine.low, product.low);
  const quotient = math.divide(pi[0], product.high);
  const back = math.negate(quotient);
  const remainder = math.fma(back, product.high, pi[0]);
  const rest = math.multiply(math.add(math.fma(back, productLow, remainder), pi[1]), 1 / Math.PI);
  const log = logPair(math, quotient);
  const sum = math.twoSum(log.high, math.negate(other.high));
  const tail = math.subtract(math.add(log.low, rest), other.low);
  return math.add(sum.high, math.add(sum.low, tail));
}

export function lgamma(math: Arithmetic, x: string): string {
  const { kernel, type } = math;
  const size = math.abs(x);
  const whole = positive(math, size);
  const value = math.add(whole.high, whole.low);
  // Between 0 and a tiny negative number the two are the same.
  const simple = math.test("gtu", x, math.byType(-(2 ** -30), -(2 ** -60)));
  const end = kernel.newLabel();
  kernel.emit(`@${simple} bra ${end}`);
  kernel.emit(`mov.${type} ${value}, ${reflected(math, size, whole)}`);
  kernel.label(end);
  const pole = math.both(math.test("le", x, 0), math.test("eq", math.whole("rni", size), size));
  const finite = math.both(math.not(pole), math.isFinite(whole.high));
  return math.select(math.isNaN(x), x, math.select(finite, value, Number.POSITIVE_INFINITY));
}
