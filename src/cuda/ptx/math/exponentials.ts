/** exp and its kin. The argument is reduced to half of ln 2 (W. J. Cody and W. Waite, 1980). Errors: docs/cuda.md. */
import type { Arithmetic, Operand } from "./arithmetic.ts";

/** x = n ln 2 + r, |r| at most half of ln 2; `lost` is what rounding r has taken from it. */
function reduce(math: Arithmetic, x: string): { n: string; r: string; lost: () => string } {
  const [high, low] = math.coefficients.ln2Full;
  const n = math.whole("rni", math.multiply(x, Math.LOG2E));
  // Without an error: all that is left lies above the last digit of the product.
  const most = math.fma(n, -high, x);
  const r = math.fma(n, -low, most);
  return { n, r, lost: () => math.fma(n, -low, math.subtract(most, r)) };
}

/** e^r - 1 - r + `onto`, |r| at most half of ln 2. */
function expOnto(math: Arithmetic, onto: Operand, r: string): string {
  return math.fma(math.polynomial(r, math.coefficients.exp), math.multiply(r, r), onto);
}

/**
 * e^(x + low) = 2^n (1 + small), |low| below the last digit of x: in parts, so that a factor can be taken along in one
 * rounding. n is in a 32-bit register.
 */
export function expParts(math: Arithmetic, x: string, low?: string): { n: string; small: string } {
  // Beyond the limit results are 0 or infinite, and what is below the last digit may be anything.
  const limit = math.byType(160, 1100);
  const { n, r } = reduce(math, math.clamp(x, -limit, limit));
  if (low === undefined) return { n: math.integer(n), small: expOnto(math, r, r) };
  const inside = math.test("lt", math.abs(x), limit);
  const sum = math.fastTwoSum(r, math.select(inside, low, 0));
  return { n: math.integer(n), small: math.add(sum.high, expOnto(math, sum.low, sum.high)) };
}

export function exp(math: Arithmetic, x: string): string {
  const { n, small } = expParts(math, x);
  return math.scale(math.add(small, 1), n);
}

export function exp2(math: Arithmetic, x: string): string {
  const limit = math.byType(231, 1587);
  const clamped = math.clamp(x, -limit, limit);
  const n = math.whole("rni", clamped);
  const r = math.multiply(math.subtract(clamped, n), Math.LN2);
  return math.scale(math.add(expOnto(math, r, r), 1), math.integer(n));
}

/**
 * Of e^x - 1 a quarter, as 2^(n-2) (1 + r + ...) - 1/4, which does not overflow where sinh does not. Near 0, where n is 0,
 * a quarter of a subnormal number would lack digits: there `small` is all of it.
 */
function expm1Parts(math: Arithmetic, x: string): { near: string; small: string; quarter: string } {
  const { kernel } = math;
  // Below the first e^x - 1 is -1, above the second it and sinh are infinite.
  const { n, r, lost } = reduce(math, math.clamp(x, math.byType(-20, -40), math.byType(89.5, 710.6)));
  const power = math.powerOfTwo(kernel.make("b32", "add.s32", math.integer(n), -2));
  const tail = expOnto(math, lost(), r);
  const sum = math.twoSum(math.subtract(power, 0.25), math.multiply(power, r));
  const quarter = math.add(sum.high, math.fma(power, tail, sum.low));
  return { near: math.test("eq", n, 0), small: math.add(r, tail), quarter };
}

export function expm1(math: Arithmetic, x: string): string {
  const { near, small, quarter } = expm1Parts(math, x);
  return math.select(near, math.withSign(small, x), math.multiply(quarter, 4));
}

/** With e = e^|x| - 1: (e + e / (e + 1)) / 2. */
export function sinh(math: Arithmetic, x: string): string {
  const size = math.abs(x);
  const { near, small, quarter } = expm1Parts(math, size);
  const twice = math.add(small, math.divide(small, math.add(small, 1)));
  const half = math.add(quarter, quarter);
  const large = math.add(half, math.divide(quarter, math.fma(quarter, 2, 0.5)));
  return math.withSign(math.select(near, math.multiply(twice, 0.5), large), x);
}

/** With h = e^|x| / 2: h + 1 / (4 h). */
export function cosh(math: Arithmetic, x: string): string {
  const { n, small } = expParts(math, math.abs(x));
  const half = math.scale(math.add(small, 1), math.kernel.make("b32", "add.s32", n, -1));
  return math.add(half, math.divide(0.25, half));
}

/** With e = e^|2 x| - 1: e / (e + 2). */
export function tanh(math: Arithmetic, x: string): string {
  // From here on it is 1.
  const size = math.clamp(math.abs(x), 0, math.byType(20, 40));
  const e = expm1(math, math.add(size, size));
  return math.withSign(math.divide(e, math.add(e, 2)), x);
}
