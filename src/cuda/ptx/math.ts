/**
 * Elementary functions in PTX, in float32 and float64, made of sums, products and quotients that are rounded to
 * nearest, so that they give the same bits on every device. Polynomials are Taylor's, to where the next term is below a
 * tenth of the last digit. Errors: docs/cuda.md; measured by test/cuda/math.test.ts.
 */
import { f32, f64, type Kernel } from "./kernel.ts";
import { twoOverPi } from "./two-over-pi.ts";

interface Format {
  readonly bits: "b32" | "b64";
  readonly mantissa: number;
  readonly bias: number;
  /** Halves of ln 2: so many zeros end the first that its product with any exponent is exact. */
  readonly ln2: readonly [high: number, low: number];
  /** Parts of pi / 2, the first of 33 bits in float64. */
  readonly halfPi: readonly number[];
  /** Angles up to here are reduced with the parts of pi / 2, those above with the digits of 2 / pi. */
  readonly largeAngle: number;
  /** Beyond these exp is 0 or infinite. */
  readonly expRange: readonly [least: number, most: number];
  /** From here on tanh is 1, and expm1 of its negative -1. */
  readonly saturated: number;
  readonly terms: { readonly exp: number; readonly sin: number; readonly cos: number; readonly log: number };
}

const pi2 = Math.PI / 2;

const formats: { readonly [type in "f32" | "f64"]: Format } = {
  f32: {
    bits: "b32",
    mantissa: 23,
    bias: 127,
    ln2: [355 / 512, Math.LN2 - 355 / 512],
    halfPi: [
      Math.fround(pi2),
      Math.fround(pi2 - Math.fround(pi2)),
      // What a float64 does not hold of pi / 2 is 6.1e-17.
      pi2 - Math.fround(pi2) - Math.fround(pi2 - Math.fround(pi2)) + 6.123233995736766e-17,
    ],
    largeAngle: 2 ** 16,
    expRange: [-104, 89],
    saturated: 20,
    terms: { exp: 7, sin: 4, cos: 5, log: 5 },
  },
  f64: {
    bits: "b64",
    mantissa: 52,
    bias: 1023,
    // fdlibm, e_exp.c and e_rem_pio2.c
    ln2: [0.6931471803691238, 1.9082149292705877e-10],
    halfPi: [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32],
    largeAngle: 2 ** 20,
    expRange: [-746, 710],
    saturated: 40,
    terms: { exp: 13, sin: 8, cos: 8, log: 11 },
  },
};

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** Writes functions of values in registers of one type. */
export class PtxMath {
  private readonly kernel: Kernel;
  readonly type: "f32" | "f64";
  private readonly format: Format;

  constructor(kernel: Kernel, type: "f32" | "f64") {
    this.kernel = kernel;
    this.type = type;
    this.format = formats[type];
  }

  constant(value: number): string {
    return this.type === "f32" ? f32(value) : f64(value);
  }

  /** One instruction: `op` with its modifiers, without the type. */
  make(op: string, ...operands: string[]): string {
    return this.kernel.make(this.type, `${op}.${this.type}`, ...operands);
  }

  test(comparison: string, a: string, b: string): string {
    return this.kernel.make("pred", `setp.${comparison}.${this.type}`, a, b);
  }

  select(condition: string, a: string, b: string): string {
    return this.make("selp", a, b, condition);
  }

  add(a: string, b: string): string {
    return this.make("add.rn", a, b);
  }

  multiply(a: string, b: string): string {
    return this.make("mul.rn", a, b);
  }

  divide(a: string, b: string): string {
    return this.make("div.rn", a, b);
  }

  fma(a: string, b: string, c: string): string {
    return this.make("fma.rn", a, b, c);
  }

  negate(x: string): string {
    return this.make("neg", x);
  }

  abs(x: string): string {
    return this.make("abs", x);
  }

  /** `rni`: to nearest, `rmi` down, `rpi` up, `rzi` to zero. */
  whole(rounding: string, x: string): string {
    return this.kernel.make(this.type, `cvt.${rounding}.${this.type}.${this.type}`, x);
  }

  /** Halves up, with the sign of x on zero, as Math.round. */
  round(x: string): string {
    const floor = this.whole("rmi", x);
    const up = this.test("ge", this.make("sub.rn", x, floor), this.constant(0.5));
    const rounded = this.select(up, this.add(floor, this.constant(1)), floor);
    return this.make("copysign", x, this.abs(rounded));
  }

  sign(x: string): string {
    const negative = this.select(this.test("lt", x, this.constant(0)), this.constant(-1), x);
    return this.select(this.test("gt", x, this.constant(0)), this.constant(1), negative);
  }

  /** NaN if either is NaN; the instruction itself would give the other. */
  extreme(which: "min" | "max", a: string, b: string): string {
    return this.select(this.test("nan", a, b), this.constant(Number.NaN), this.make(which, a, b));
  }

  /** c[0] + c[1] x + c[2] x^2 + ... */
  private polynomial(x: string, coefficients: readonly number[]): string {
    const [highest, ...rest] = coefficients.toReversed().map(c => this.constant(c));
    return rest.reduce(
      (sum, c) => this.fma(sum, x, c),
      this.kernel.make(this.type, `mov.${this.type}`, highest),
    );
  }

  /** 2^n of an integer in a 32-bit register, as long as it is a normal number. */
  private powerOfTwo(n: string): string {
    const { kernel, format } = this;
    const biased = kernel.make("b32", "add.s32", n, format.bias);
    if (this.type === "f32")
      return kernel.make("f32", "mov.b32", kernel.make("b32", "shl.b32", biased, format.mantissa));
    const wide = kernel.make("b64", "cvt.u64.u32", biased);
    return kernel.make("f64", "mov.b64", kernel.make("b64", "shl.b64", wide, format.mantissa));
  }

  private clamp(x: string, least: number, most: number): string {
    const above = this.select(this.test("lt", x, this.constant(least)), this.constant(least), x);
    return this.select(this.test("gt", x, this.constant(most)), this.constant(most), above);
  }

  /** x = n ln 2 + r, |r| at most half of ln 2. */
  private reduceExp(x: string): { n: string; r: string } {
    const [high, low] = this.format.ln2;
    const n = this.whole("rni", this.multiply(x, this.constant(Math.LOG2E)));
    return { n, r: this.fma(n, this.constant(-low), this.fma(n, this.constant(-high), x)) };
  }

  /** e^r - 1 = r + r^2 (1/2! + r/3! + ...) */
  private expm1Small(r: string): string {
    const { terms } = this.format;
    const tail = this.polynomial(
      r,
      Array.from({ length: terms.exp - 1 }, (_, i) => 1 / factorial(i + 2)),
    );
    return this.fma(this.multiply(r, r), tail, r);
  }

  /** 2^n e^r, in two steps, since 2^n alone may be no normal number. */
  private scaled(n: string, r: string): string {
    const { kernel } = this;
    const exponent = kernel.make("b32", `cvt.rni.s32.${this.type}`, n);
    const half = kernel.make("b32", "shr.s32", exponent, 1);
    const rest = kernel.make("b32", "sub.s32", exponent, half);
    const value = this.add(this.expm1Small(r), this.constant(1));
    return this.multiply(this.multiply(value, this.powerOfTwo(half)), this.powerOfTwo(rest));
  }

  exp(x: string): string {
    const [least, most] = this.format.expRange;
    const { n, r } = this.reduceExp(this.clamp(x, least, most));
    return this.scaled(n, r);
  }

  exp2(x: string): string {
    const limits = this.format.expRange.map(limit => Math.round(limit * Math.LOG2E));
    const clamped = this.clamp(x, limits[0], limits[1]);
    const n = this.whole("rni", clamped);
    return this.scaled(n, this.multiply(this.make("sub.rn", clamped, n), this.constant(Math.LN2)));
  }

  /** 2 (2^(n-1) (e^r - 1) + 2^(n-1) - 1/2), which never cancels much and overflows where the result does. */
  expm1(x: string): string {
    const { kernel } = this;
    const { n, r } = this.reduceExp(this.clamp(x, -this.format.saturated, this.format.expRange[1]));
    const exponent = kernel.make("b32", `cvt.rni.s32.${this.type}`, n);
    const power = this.powerOfTwo(kernel.make("b32", "add.s32", exponent, -1));
    const small = this.expm1Small(r);
    const half = this.fma(power, small, this.add(power, this.constant(-0.5)));
    // Where n is 0 the sum above would round what is small already.
    const exact = this.make("copysign", x, this.abs(small));
    return this.select(this.test("eq", n, this.constant(0)), exact, this.add(half, half));
  }

  tanh(x: string): string {
    const size = this.clamp(this.abs(x), 0, this.format.saturated);
    const grown = this.expm1(this.add(size, size));
    return this.make("copysign", x, this.divide(grown, this.add(grown, this.constant(2))));
  }

  /** Of |x| a power of two and the logarithm of the rest, which lies between the roots of 1/2 and 2. */
  private splitLog(x: string): { n: string; log: string } {
    const { kernel, format } = this;
    const scale = format.mantissa + 2;
    const tiny = this.test("lt", x, this.constant(2 ** (1 - format.bias)));
    const normal = this.select(tiny, this.multiply(x, this.constant(2 ** scale)), x);
    const bits = kernel.make(format.bits, `mov.${format.bits}`, normal);
    const unsigned = format.bits === "b32" ? "u32" : "u64";
    const shifted = kernel.make(format.bits, `shr.${unsigned}`, bits, format.mantissa);
    const exponent = format.bits === "b32" ? shifted : kernel.make("b32", "cvt.u32.u64", shifted);
    const mask = (1n << BigInt(format.mantissa)) - 1n;
    const fraction = kernel.make(format.bits, `and.${format.bits}`, bits, `${mask}`);
    const one = BigInt(format.bias) << BigInt(format.mantissa);
    const m = kernel.make(
      this.type,
      `mov.${format.bits}`,
      kernel.make(format.bits, `or.${format.bits}`, fraction, `${one}`),
    );
    const large = this.test("gt", m, this.constant(Math.SQRT2));
    const rest = this.select(large, this.multiply(m, this.constant(0.5)), m);
    const raised = kernel.make(
      this.type,
      `cvt.rn.${this.type}.s32`,
      kernel.make("b32", "sub.s32", exponent, format.bias),
    );
    const n = this.add(
      this.add(raised, this.select(large, this.constant(1), this.constant(0))),
      this.select(tiny, this.constant(-scale), this.constant(0)),
    );
    // log(1 + f) = f - s (f - R), s = f / (2 + f), R = 2 s^2 / 3 + 2 s^4 / 5 + ... (fdlibm, e_log.c)
    const f = this.make("sub.rn", rest, this.constant(1));
    const s = this.divide(f, this.add(f, this.constant(2)));
    const z = this.multiply(s, s);
    const series = this.polynomial(
      z,
      Array.from({ length: format.terms.log }, (_, i) => 2 / (2 * i + 3)),
    );
    const log = this.fma(s, this.make("sub.rn", this.multiply(z, series), f), f);
    return { n, log };
  }

  /** Infinite and undefined values of logarithms. */
  private finishLog(x: string, log: string): string {
    const infinity = this.constant(Number.POSITIVE_INFINITY);
    const top = this.select(this.test("eq", x, infinity), infinity, log);
    const bottom = this.select(
      this.test("eq", x, this.constant(0)),
      this.constant(Number.NEGATIVE_INFINITY),
      top,
    );
    return this.select(this.test("ltu", x, this.constant(0)), this.constant(Number.NaN), bottom);
  }

  log(x: string): string {
    const { n, log } = this.splitLog(x);
    const [high, low] = this.format.ln2;
    return this.finishLog(x, this.fma(n, this.constant(high), this.fma(n, this.constant(low), log)));
  }

  log2(x: string): string {
    const { n, log } = this.splitLog(x);
    return this.finishLog(x, this.fma(log, this.constant(Math.LOG2E), n));
  }

  log10(x: string): string {
    const { n, log } = this.splitLog(x);
    return this.finishLog(
      x,
      this.fma(n, this.constant(Math.log10(2)), this.multiply(log, this.constant(Math.LOG10E))),
    );
  }

  /** x = q pi/2 + r, |r| at most pi/4; q modulo 4 in a 32-bit register. */
  private reduceAngle(x: string): { q: string; r: string } {
    const { kernel, format } = this;
    const n = this.whole("rni", this.multiply(x, this.constant(2 / Math.PI)));
    const r = format.halfPi.reduce((rest, part) => this.fma(n, this.constant(-part), rest), x);
    const q = kernel.make("b32", `cvt.rni.s32.${this.type}`, n);
    const near = this.test("le", this.abs(x), this.constant(format.largeAngle));
    const end = kernel.newLabel();
    kernel.emit(`@${near} bra ${end}`);
    const far = this.reduceLargeAngle(x);
    kernel.emit(`mov.${this.type} ${r}, ${far.r}`, `mov.u32 ${q}, ${far.q}`);
    kernel.label(end);
    return { q, r };
  }

  /** Of |x| = m 2^e only those digits of 2/pi count whose products with m are neither multiples of 4 nor too small. */
  private reduceLargeAngle(x: string): { q: string; r: string } {
    const { kernel } = this;
    const words = 20;
    kernel.table("two_over_pi", () => twoOverPi(words));
    const wide = this.type === "f64" ? x : kernel.make("f64", "cvt.f64.f32", x);
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
    const size = kernel.make("f64", "mul.rn.f64", fraction, f64(pi2));
    const negative = kernel.make("pred", "setp.lt.f64", wide, f64(0));
    const turned = kernel.make("f64", "selp.f64", kernel.make("f64", "neg.f64", size), size, negative);
    const count = kernel.make("b32", "cvt.u32.u64", quadrant);
    const q = kernel.make("b32", "selp.b32", kernel.make("b32", "neg.s32", count), count, negative);
    return { q, r: this.type === "f64" ? turned : kernel.make("f32", "cvt.rn.f32.f64", turned) };
  }

  private sinSmall(r: string, square: string): string {
    const { terms } = this.format;
    const series = this.polynomial(
      square,
      Array.from({ length: terms.sin }, (_, i) => (i % 2 === 0 ? -1 : 1) / factorial(2 * i + 3)),
    );
    return this.fma(this.multiply(r, square), series, r);
  }

  private cosSmall(square: string): string {
    const { terms } = this.format;
    const series = this.polynomial(
      square,
      Array.from({ length: terms.cos }, (_, i) => (i % 2 === 0 ? -1 : 1) / factorial(2 * i + 2)),
    );
    return this.fma(square, series, this.constant(1));
  }

  /** sin of x + `turn` quarters of a circle. */
  private turned(x: string, turn: number): string {
    const { kernel } = this;
    const { q, r } = this.reduceAngle(x);
    const square = this.multiply(r, r);
    const quarter = turn === 0 ? q : kernel.make("b32", "add.s32", q, turn);
    const odd = kernel.make("pred", "setp.ne.u32", kernel.make("b32", "and.b32", quarter, 1), 0);
    const size = this.select(odd, this.cosSmall(square), this.sinSmall(r, square));
    const lower = kernel.make("pred", "setp.ne.u32", kernel.make("b32", "and.b32", quarter, 2), 0);
    const value = this.select(lower, this.negate(size), size);
    const finite = this.test("lt", this.abs(x), this.constant(Number.POSITIVE_INFINITY));
    return this.select(finite, value, this.constant(Number.NaN));
  }

  sin(x: string): string {
    return this.keepZero(x, this.turned(x, 0));
  }

  cos(x: string): string {
    return this.turned(x, 1);
  }

  tan(x: string): string {
    const { kernel } = this;
    const { q, r } = this.reduceAngle(x);
    const square = this.multiply(r, r);
    const [sin, cos] = [this.sinSmall(r, square), this.cosSmall(square)];
    const odd = kernel.make("pred", "setp.ne.u32", kernel.make("b32", "and.b32", q, 1), 0);
    const value = this.divide(this.select(odd, this.negate(cos), sin), this.select(odd, sin, cos));
    const finite = this.test("lt", this.abs(x), this.constant(Number.POSITIVE_INFINITY));
    return this.keepZero(x, this.select(finite, value, this.constant(Number.NaN)));
  }

  /** The reduction of an angle loses the sign of zero. */
  private keepZero(x: string, value: string): string {
    return this.select(this.test("eq", x, this.constant(0)), x, value);
  }
}
