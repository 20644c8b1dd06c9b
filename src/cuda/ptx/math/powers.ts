/** cbrt, hypot and pow. Errors: docs/cuda.md. */
import type { Arithmetic } from "./arithmetic.ts";
import { expParts } from "./exponentials.ts";
import { logPair } from "./logarithms.ts";

/**
 * Of |x| = m 2^(3 q + rest), 1/2 <= m < 1, the root of m 2^rest: a polynomial, then Halley's step, then Newton's, in
 * which the cube is taken without an error.
 */
export function cbrt(math: Arithmetic, x: string): string {
  const size = math.abs(x);
  const split = math.split(size);
  const half = math.multiply(split.m, 0.5);
  const e = math.add(split.n, 1);
  const q = math.whole("rni", math.multiply(e, 1 / 3));
  const rest = math.fma(q, -3, e);
  const [above, below] = [math.test("gt", rest, 0), math.test("lt", rest, 0)];
  const byRest = (up: number, down: number): string => math.select(above, up, math.select(below, down, 1));
  const m = math.multiply(half, byRest(2, 0.5));
  const start = math.polynomial(half, math.coefficients.cbrt);
  const y = math.multiply(start, byRest(Math.cbrt(2), Math.cbrt(0.5)));
  const cube = math.multiply(math.multiply(y, y), y);
  const numerator = math.add(cube, math.add(m, m));
  const halley = math.divide(math.multiply(y, numerator), math.add(math.add(cube, cube), m));
  const square = math.twoProduct(halley, halley);
  const error = math.fma(square.low, halley, math.fma(square.high, halley, math.negate(m)));
  const root = math.subtract(halley, math.divide(error, math.multiply(square.high, 3)));
  const value = math.withSign(math.multiply(root, math.powerOfTwo(math.integer(q))), x);
  const ordinary = math.both(math.isFinite(x), math.test("gt", size, 0));
  return math.select(ordinary, value, math.add(x, x));
}

/** sqrt(x^2 + y^2), the squares in two numbers each; infinite where one is, whatever the other. */
export function hypot(math: Arithmetic, x: string, y: string): string {
  const sizes = [math.abs(x), math.abs(y)];
  // NaN is the second, where there is one.
  const order = math.test("gt", sizes[0], sizes[1]);
  const [larger, smaller] = [math.select(order, sizes[0], sizes[1]), math.select(order, sizes[1], sizes[0])];
  // Squares must not leave the range, nor what they are rounded by.
  const big = math.test("gt", larger, math.byType(2 ** 60, 2 ** 500));
  const small = math.test("lt", larger, math.byType(2 ** -40, 2 ** -400));
  const [down, up] = [math.byType(2 ** -70, 2 ** -600), math.byType(2 ** 100, 2 ** 600)];
  const factor = math.select(big, down, math.select(small, up, 1));
  const back = math.select(big, 1 / down, math.select(small, 1 / up, 1));
  const [high, low] = [larger, smaller].map(size => {
    const scaled = math.multiply(size, factor);
    return math.twoProduct(scaled, scaled);
  });
  const sum = math.fastTwoSum(high.high, low.high);
  const square = math.add(sum.high, math.add(sum.low, math.add(high.low, low.low)));
  const value = math.multiply(math.sqrt(square), back);
  const infinite = math.test("eq", math.make("max", ...sizes), Number.POSITIVE_INFINITY);
  return math.select(infinite, Number.POSITIVE_INFINITY, value);
}

/** |x|^y of positive, finite |x| and finite y: e to y times the logarithm, which is taken in two numbers. */
function ordinaryPower(math: Arithmetic, size: string, y: string): string {
  const log = logPair(math, size);
  const product = math.twoProduct(log.high, y);
  const { n, small } = expParts(math, product.high, math.fma(log.low, y, product.low));
  return math.scale(math.add(small, 1), n);
}

/** As IEEE 754 and C have it: 1 to any power is 1, NaN and infinity included. */
export function pow(math: Arithmetic, x: string, y: string): string {
  const infinity = Number.POSITIVE_INFINITY;
  const size = math.abs(x);
  const whole = math.test("eq", math.whole("rzi", y), y);
  const half = math.multiply(y, 0.5);
  const odd = math.both(whole, math.test("neu", math.whole("rzi", half), half));
  const falling = math.test("lt", y, 0);
  const vanishing = math.select(falling, infinity, 0);
  const growing = math.select(falling, 0, infinity);
  const fromZero = math.select(math.test("eq", size, 0), vanishing, ordinaryPower(math, size, y));
  const fromInfinity = math.select(math.test("eq", size, infinity), growing, fromZero);
  const endless = math.test("eq", math.abs(y), infinity);
  const limit = math.select(math.test("gt", size, 1), growing, vanishing);
  const toInfinity = math.select(math.test("eq", size, 1), 1, limit);
  const power = math.select(endless, toInfinity, fromInfinity);
  const negative = math.test("lt", math.withSign(1, x), 0);
  const signed = math.select(math.both(negative, odd), math.negate(power), power);
  const below = math.both(math.test("lt", x, 0), math.isFinite(x));
  const real = math.select(math.both(below, math.not(whole)), Number.NaN, signed);
  const known = math.select(math.test("nan", x, y), Number.NaN, real);
  const one = math.either(math.test("eq", y, 0), math.test("eq", x, 1));
  return math.select(one, 1, known);
}
