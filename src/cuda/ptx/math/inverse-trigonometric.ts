/**
 * asin, acos, atan and atan2: polynomials of small arguments, to which others are brought by addition theorems;
 * multiples of pi are added in two numbers. Errors: docs/cuda.md.
 */
import type { Arithmetic, Operand, Pair } from "./arithmetic.ts";

/** `quarters` of pi, a power of two, less high + low, which is no greater. */
function angleLess(math: Arithmetic, quarters: number, { high, low }: Pair): string {
  const [first, second] = math.coefficients.quarterPi;
  const sum = math.fastTwoSum(first * quarters, math.negate(high));
  return math.add(sum.high, math.add(sum.low, math.subtract(second * quarters, low)));
}

/** asin x - x, |x| at most 1/2. */
function asinTail(math: Arithmetic, x: string, square: string): string {
  return math.multiply(math.multiply(math.polynomial(square, math.coefficients.asin), square), x);
}

/**
 * Beyond 1/2 asin x = pi/2 - 2 asin(sqrt((1 - |x|) / 2)): the square of what asin is taken of, x^2 or that, and the
 * latter's asin in two numbers.
 */
function reduceAsin(math: Arithmetic, x: string): { outer: string; square: string; half: Pair } {
  const size = math.abs(x);
  const outer = math.test("gt", size, 0.5);
  const rest = math.multiply(math.subtract(1, size), 0.5);
  const square = math.select(outer, rest, math.multiply(size, size));
  const root = math.sqrt(square);
  const missing = math.divide(math.fma(math.negate(root), root, square), math.add(root, root));
  const rootLow = math.select(math.test("eq", square, 0), 0, missing);
  return { outer, square, half: { high: root, low: math.add(rootLow, asinTail(math, root, square)) } };
}

function doubled(math: Arithmetic, { high, low }: Pair): Pair {
  return { high: math.add(high, high), low: math.add(low, low) };
}

export function asin(math: Arithmetic, x: string): string {
  const { outer, square, half } = reduceAsin(math, x);
  const size = math.abs(x);
  const near = math.add(size, asinTail(math, size, square));
  return math.withSign(math.select(outer, angleLess(math, 2, doubled(math, half)), near), x);
}

/** Near 1 twice the asin of the root, near -1 pi less that, between pi/2 - asin x. */
export function acos(math: Arithmetic, x: string): string {
  const { outer, square, half } = reduceAsin(math, x);
  const twice = doubled(math, half);
  const beyond = math.select(
    math.test("lt", x, 0),
    angleLess(math, 4, twice),
    math.add(twice.high, twice.low),
  );
  const between = angleLess(math, 2, { high: x, low: asinTail(math, x, square) });
  return math.select(outer, beyond, between);
}

/**
 * The angle of (x, y), both not negative and at least one not 0: atan t of t = y / x, (y - x) / (y + x) or -x / y, by
 * the eighth of a circle in which the point lies, with the remainder of the division.
 */
function angleOf(math: Arithmetic, y: Operand, x: Operand): Pair {
  const { atan: coefficients, quarterPi } = math.coefficients;
  const flat = math.test("le", y, math.multiply(x, Math.SQRT2 - 1));
  const beyond = math.test("gt", y, math.multiply(x, Math.SQRT2 + 1));
  const steep = math.both(math.not(flat), beyond);
  const above = math.select(flat, y, math.select(steep, math.subtract(0, x), math.subtract(y, x)));
  const below = math.select(flat, x, math.select(steep, y, math.add(y, x)));
  const t = math.divide(above, below);
  const [base, baseLow] = quarterPi.map(part => math.select(flat, 0, math.select(steep, part * 2, part)));
  const remainder = math.divide(math.fma(math.negate(t), below, above), below);
  // An infinite divisor leaves none.
  const lost = math.select(math.isNaN(remainder), 0, remainder);
  const sum = math.fastTwoSum(base, t);
  const square = math.multiply(t, t);
  const series = math.multiply(math.multiply(math.polynomial(square, coefficients), square), t);
  return { high: sum.high, low: math.add(sum.low, math.add(series, math.add(baseLow, lost))) };
}

export function atan(math: Arithmetic, x: string): string {
  const { high, low } = angleOf(math, math.abs(x), 1);
  return math.withSign(math.add(high, low), x);
}

export function atan2(math: Arithmetic, y: string, x: string): string {
  const sizes = [math.abs(y), math.abs(x)];
  const least = math.make("min", ...sizes);
  const most = math.make("max", ...sizes);
  // Of two that are infinite, or 0, the ratio counts as 1, or as 0.
  const alike = math.test("eq", least, Number.POSITIVE_INFINITY);
  const nothing = math.test("eq", most, 0);
  // Sums and products of the greatest and the least numbers must not leave the range.
  const big = math.test("gt", most, math.byType(2 ** 120, 2 ** 1000));
  const tiny = math.test("lt", most, math.byType(2 ** -60, 2 ** -900));
  const down = math.select(big, math.byType(2 ** -30, 2 ** -60), 1);
  const factor = math.select(tiny, math.byType(2 ** 90, 2 ** 120), down);
  const [up, along] = sizes.map(size => math.select(alike, 1, math.multiply(size, factor)));
  const angle = angleOf(math, up, math.select(nothing, 1, along));
  const right = math.add(angle.high, angle.low);
  const left = angleLess(math, 4, angle);
  const backward = math.test("lt", math.withSign(1, x), 0);
  const value = math.withSign(math.select(backward, left, right), y);
  return math.select(math.test("nan", x, y), Number.NaN, value);
}
