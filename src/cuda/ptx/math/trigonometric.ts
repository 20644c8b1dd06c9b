/** sin, cos and tan of angles of any size. Errors: docs/cuda.md. */
import { f64 } from "../kernel.ts";
import type { Arithmetic, Operand } from "./arithmetic.ts";
import { twoOverPi } from "./two-over-pi.ts";

const pi2 = Math.PI / 2;

/** Parts of pi / 2, the first of 33 bits in float64 (fdlibm, e_rem_pio2.c). */
const halfPi = {
  f32: [
    Math.fround(pi2),
    Math.fround(pi2 - Math.fround(pi2)),
    // What a float64 does not hold of pi / 2 is 6.1e-17.
    pi2 - Math.fround(pi2) - Math.fround(pi2 - Math.fround(pi2)) + 6.123233995736766e-17,
  ],
  f64: [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32],
};

/** x = q pi/2 + r, |r| at most pi/4; q modulo 4 in a 32-bit register. */
function reduce(math: Arithmetic, x: string): { q: string; r: string } {
  const { kernel } = math;
  const n = math.whole("rni", math.multiply(x, 2 / Math.PI));
  const r = halfPi[math.type].reduce((rest, part) => math.fma(n, -part, rest), x);
  const q = math.integer(n);
  const near = math.test("le", math.abs(x), math.byType(2 ** 16, 2 ** 20));
  const end = kernel.newLabel();
  kernel.emit(`@${near} bra ${end}`);
  const far = reduceLarge(math, x);
  kernel.emit(`mov.${math.type} ${r}, ${far.r}`, `mov.u32 ${q}, ${far.q}`);
  kernel.label(end);
  return { q, r };
}

/** Of |x| = m 2^e only those digits of 2/pi count whose products with m are neither multiples of 4 nor too small. */
function reduceLarge(math: Arithmetic, x: string): { q: string; r: string } {
  const { kernel } = math;
  const words = 20;
  kernel.table("two_over_pi", () => twoOverPi(words));
  const wide = math.type === "f64" ? x : kernel.make("f64", "cvt.f64.f32", x);
  const bits = kernel.make("b64", "mov.b64", kernel.make("f64", "abs.f64", wide));
  const biased = kernel.make("b64", "shr.u64", bits, 52);
  const mask = `${(1n << 52n) - 1n}`;
  const m = kernel.make("b64", "or.b64", kernel.make("b64", "and.b64", bits, mask), `${1n << 52n}`);
  // The first digit that counts stands at e - 1 after the point, e = biased - 1075; a word of zeros comes before it.
  const first = kernel.make("b64", "sub.u64", biased, 1075 - 62);
  const shift = kernel.make("b32", "and.b32", kernel.make("b32", "cvt.u32.u64", first), 63);
  const complement = kernel.make("b32", "sub.u32", 64, shift);
  const word = kernel.make("b64", "shr.u64", first, 6);
  const table = kernel.make("b64", "mov.u64", "two_over_pi");
  const at = kernel.at(table, word, 8);
  const read = [0, 8, 16, 24].map(offset => kernel.make("b64", "ld.const.u64", `[${at}+${offset}]`));
  const digits = [0, 1, 2].map(i => {
    const left = kernel.make("b64", "shl.b64", read[i], shift);
    return kernel.make("b64", "or.b64", left, kernel.make("b64", "shr.u64", read[i + 1], complement));
  });
  // The 128 bits of the product below 4, in quarters of a turn: two before the point.
  const product = (half: string, i: number): string => kernel.make("b64", `mul.${half}.u64`, m, digits[i]);
  const middle = product("lo", 1);
  const low = kernel.make("b64", "add.u64", middle, product("hi", 2));
  const carried = kernel.make("pred", "setp.lt.u64", low, middle);
  const carry = kernel.make("b64", "selp.b64", 1, 0, carried);
  const upper = kernel.make("b64", "add.u64", product("lo", 0), product("hi", 1));
  const high = kernel.make("b64", "add.u64", upper, carry);
  const quadrant = kernel.make("b64", "shr.u64", kernel.make("b64", "add.u64", high, `${1n << 61n}`), 62);
  const rest = kernel.make("b64", "sub.u64", high, kernel.make("b64", "shl.b64", quadrant, 62));
  const fraction = kernel.make(
    "f64",
    "fma.rn.f64",
    kernel.make("f64", "cvt.rn.f64.u64", low),
    f64(2 ** -126),
    kernel.make("f64", "mul.rn.f64", kernel.make("f64", "cvt.rn.f64.s64", rest), f64(2 ** -62)),
  );
  const size = kernel.make("f64", "mul.rn.f64", fraction, f64(Math.PI / 2));
  const negative = kernel.make("pred", "setp.lt.f64", wide, f64(0));
  const turned = kernel.make("f64", "selp.f64", kernel.make("f64", "neg.f64", size), size, negative);
  const count = kernel.make("b32", "cvt.u32.u64", quadrant);
  const q = kernel.make("b32", "selp.b32", kernel.make("b32", "neg.s32", count), count, negative);
  return { q, r: math.type === "f64" ? turned : kernel.make("f32", "cvt.rn.f32.f64", turned) };
}

/** sin r - r + `onto`, |r| at most pi / 4: onto r it is the sine, onto less what that is more than r. */
export function sinOnto(math: Arithmetic, onto: Operand, r: string, square: string): string {
  return math.fma(math.multiply(r, square), math.polynomial(square, math.coefficients.sin), onto);
}

/** cos r - 1 + `onto`. */
export function cosOnto(math: Arithmetic, onto: Operand, square: string): string {
  const series = math.fma(math.polynomial(square, math.coefficients.cos), square, -0.5);
  return math.fma(square, series, onto);
}

function isOdd(math: Arithmetic, q: string): string {
  return math.kernel.make("pred", "setp.ne.u32", math.kernel.make("b32", "and.b32", q, 1), 0);
}

function finish(math: Arithmetic, x: string, value: string): string {
  return math.select(math.isFinite(x), value, Number.NaN);
}

/** sin of r + q quarters of a circle. */
function turned(math: Arithmetic, r: string, q: string): string {
  const { kernel } = math;
  const square = math.multiply(r, r);
  const sin = sinOnto(math, r, r, square);
  const cos = cosOnto(math, 1, square);
  const size = math.select(isOdd(math, q), cos, sin);
  const lower = kernel.make("pred", "setp.ne.u32", kernel.make("b32", "and.b32", q, 2), 0);
  return math.select(lower, math.negate(size), size);
}

export function sin(math: Arithmetic, x: string): string {
  const { q, r } = reduce(math, x);
  return keepZero(math, x, finish(math, x, turned(math, r, q)));
}

export function cos(math: Arithmetic, x: string): string {
  const { q, r } = reduce(math, x);
  return finish(math, x, turned(math, r, math.kernel.make("b32", "add.s32", q, 1)));
}

export function tan(math: Arithmetic, x: string): string {
  const { q, r } = reduce(math, x);
  const square = math.multiply(r, r);
  const sin = sinOnto(math, r, r, square);
  const cos = cosOnto(math, 1, square);
  const odd = isOdd(math, q);
  const value = math.divide(math.select(odd, math.negate(cos), sin), math.select(odd, sin, cos));
  return keepZero(math, x, finish(math, x, value));
}

/** The reduction of an angle loses the sign of zero. */
function keepZero(math: Arithmetic, x: string, value: string): string {
  return math.select(math.test("eq", x, 0), x, value);
}
