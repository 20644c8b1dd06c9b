/**
 * Logarithms: x = 2^n (1 + f) with sqrt(1/2) <= 1 + f <= sqrt(2), and log(1 + f) by its series in s = f / (2 + f).
 * Errors: docs/cuda.md.
 */
import type { Arithmetic, Pair } from "./arithmetic.ts";

function reduce(math: Arithmetic, x: string): { n: string; f: string } {
  const { m, n } = math.split(x);
  const large = math.test("gt", m, Math.SQRT2);
  const near = math.select(large, math.multiply(m, 0.5), m);
  return { n: math.add(n, math.select(large, 1, 0)), f: math.subtract(near, 1) };
}

/** log(1 + f) = f - s (f - R), R = s^2 P(s^2) (fdlibm, e_log.c). */
function logOfSum(math: Arithmetic, f: string): string {
  const s = math.divide(f, math.add(f, 2));
  const square = math.multiply(s, s);
  const series = math.polynomial(square, math.coefficients.log);
  return math.fma(s, math.subtract(math.multiply(square, series), f), f);
}

/** n ln 2 + log(1 + f), the latter given. */
function withPower(math: Arithmetic, n: string, log: string): string {
  const [high, low] = math.coefficients.ln2;
  return math.fma(n, high, math.fma(n, low, log));
}

/** Infinite and undefined values of logarithms. */
function finish(math: Arithmetic, x: string, log: string): string {
  const top = math.select(math.test("eq", x, Number.POSITIVE_INFINITY), x, log);
  const bottom = math.select(math.test("eq", x, 0), Number.NEGATIVE_INFINITY, top);
  return math.select(math.test("ltu", x, 0), Number.NaN, bottom);
}

export function log(math: Arithmetic, x: string): string {
  const { n, f } = reduce(math, x);
  return finish(math, x, withPower(math, n, logOfSum(math, f)));
}

export function log2(math: Arithmetic, x: string): string {
  const { n, f } = reduce(math, x);
  return finish(math, x, math.fma(logOfSum(math, f), Math.LOG2E, n));
}

export function log10(math: Arithmetic, x: string): string {
  const { n, f } = reduce(math, x);
  const log = math.multiply(logOfSum(math, f), Math.LOG10E);
  return finish(math, x, math.fma(n, Math.log10(2), log));
}

/** log of u = 1 + x, and what rounding that sum has lost, over u. */
export function log1p(math: Arithmetic, x: string): string {
  const u = math.add(x, 1);
  const [ofOne, ofX] = [math.subtract(1, math.subtract(u, x)), math.subtract(x, math.subtract(u, 1))];
  const lost = math.select(math.test("ge", x, 1), ofOne, ofX);
  const { n, f } = reduce(math, u);
  const log = withPower(math, n, math.add(logOfSum(math, f), math.divide(lost, u)));
  // Where u is infinite, so is what it has lost. The sign of zero is not in u.
  return math.select(math.test("eq", x, 0), x, finish(math, u, log));
}

/** log x in two numbers of positive, finite x, to some 12 bits more than one holds. */
export function logPair(math: Arithmetic, x: string): Pair {
  const { logDouble, ln2 } = math.coefficients;
  const { n, f } = reduce(math, x);
  const below = math.fastTwoSum(2, f);
  const s = math.divide(f, below.high);
  const rest = math.fma(math.negate(s), below.high, f);
  const sLow = math.divide(math.fma(math.negate(s), below.low, rest), below.high);
  // 2 s + 2 s^3 / 3 in two numbers, the rest in one.
  const square = math.twoProduct(s, s);
  const squareLow = math.fma(math.add(s, s), sLow, square.low);
  const cube = math.twoProduct(square.high, s);
  const cubeLow = math.add(cube.low, math.fma(square.high, sLow, math.multiply(squareLow, s)));
  // 2/3 in two parts: its binary digits are 1010...
  const twoThirds = math.byType(Math.fround(2 / 3), 2 / 3);
  const twoThirdsLow = math.byType((-2 / 3) * 2 ** -25, (2 / 3) * 2 ** -54);
  const third = math.twoProduct(cube.high, twoThirds);
  const thirdLow = math.add(third.low, math.fma(cube.high, twoThirdsLow, math.multiply(cubeLow, twoThirds)));
  const fifth = math.multiply(math.multiply(square.high, square.high), s);
  const series = math.multiply(math.polynomial(square.high, logDouble), fifth);
  const main = math.fastTwoSum(math.add(s, s), third.high);
  const low = math.add(main.low, math.add(math.add(math.add(sLow, sLow), thirdLow), series));
  // The product of n with the first part is exact.
  const power = math.twoProduct(n, ln2[1]);
  const sum = math.fastTwoSum(math.multiply(n, ln2[0]), main.high);
  const next = math.twoSum(sum.high, power.high);
  const tail = math.add(power.low, low);
  return math.fastTwoSum(next.high, math.add(next.low, math.add(sum.low, tail)));
}
