/**
 * erf and erfc: a polynomial about 0, and of larger arguments erfc(x) = e^(-x^2) P(t) / (1 + 2 x), t = (x - k) / (x + k)
 * with k = 3.75 (M. M. Shepherd and J. G. Laframboise, Math. Comp. 36, 1981). Errors: docs/cuda.md.
 */
import type { Arithmetic, Operand } from "./arithmetic.ts";
import { expParts } from "./exponentials.ts";

/** erfc of a positive x. */
function erfcPositive(math: Arithmetic, size: string): string {
  // From here on it is 0.
  const x = math.clamp(size, 0, 28);
  const t = math.divide(math.subtract(x, 3.75), math.add(x, 3.75));
  const [constant, ...others] = math.coefficients.erfc;
  const series = math.fastTwoSum(constant, math.multiply(math.polynomial(t, others), t));
  // The quotient, and what it is too small by, as rounding has changed the two and it.
  const divisor = math.fma(x, 2, 1);
  const lost = math.subtract(1, math.subtract(divisor, math.add(x, x)));
  const quotient = math.divide(series.high, divisor);
  const back = math.negate(quotient);
  const remainder = math.fma(back, divisor, series.high);
  const rest = math.divide(math.add(math.fma(back, lost, remainder), series.low), divisor);
  const square = math.twoProduct(x, x);
  const { n, small } = expParts(math, math.negate(square.high), math.negate(square.low));
  return math.scale(math.add(quotient, math.fma(quotient, small, rest)), n);
}

/** erf x - x + `onto`, |x| at most 1. */
function erfOnto(math: Arithmetic, onto: Operand, x: string): string {
  return math.fma(math.polynomial(math.multiply(x, x), math.coefficients.erf), x, onto);
}

export function erf(math: Arithmetic, x: string): string {
  const size = math.abs(x);
  const far = math.withSign(math.subtract(1, erfcPositive(math, size)), x);
  return math.select(math.test("gt", size, 1), far, erfOnto(math, x, x));
}

export function erfc(math: Arithmetic, x: string): string {
  const size = math.abs(x);
  const positive = erfcPositive(math, size);
  const far = math.select(math.test("lt", x, 0), math.subtract(2, positive), positive);
  // 1 - erf x, so that the difference of 1/2 and x, which is exact where the result is small, is taken first.
  const near = math.subtract(0.5, erfOnto(math, math.subtract(x, 0.5), x));
  return math.select(math.test("lt", size, 0.5), near, far);
}
