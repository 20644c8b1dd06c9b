/**
 * Arithmetic in PTX, in float32 and float64, and what functions are made of: sums, products and quotients that are
 * rounded to nearest, so that they give the same bits on every device.
 */
import { f32, f64, type Kernel } from "../kernel.ts";
import { type Coefficients, coefficients } from "./coefficients.ts";

/** A register of the arithmetic's type, or a number. */
export type Operand = string | number;

/** The sum of two numbers, the second below the last digit of the first. */
export interface Pair {
  readonly high: string;
  readonly low: string;
}

interface Format {
  readonly bits: "b32" | "b64";
  readonly mantissa: number;
  readonly bias: number;
}

const formats: { readonly [type in "f32" | "f64"]: Format } = {
  f32: { bits: "b32", mantissa: 23, bias: 127 },
  f64: { bits: "b64", mantissa: 52, bias: 1023 },
};

/** Writes operations on values in registers of one type. */
export class Arithmetic {
  readonly kernel: Kernel;
  readonly type: "f32" | "f64";
  readonly coefficients: Coefficients;
  private readonly format: Format;

  constructor(kernel: Kernel, type: "f32" | "f64") {
    this.kernel = kernel;
    this.type = type;
    this.coefficients = coefficients[type];
    this.format = formats[type];
  }

  /** What differs between the types. */
  byType<T>(single: T, double: T): T {
    return this.type === "f32" ? single : double;
  }

  private operand(value: Operand): string {
    return typeof value === "string" ? value : this.byType(f32, f64)(value);
  }

  /** One instruction: `op` with its modifiers, without the type. */
  make(op: string, ...operands: Operand[]): string {
    return this.kernel.make(this.type, `${op}.${this.type}`, ...operands.map(value => this.operand(value)));
  }

  /** A register of its own, which may be changed. */
  copy(value: Operand): string {
    return this.make("mov", value);
  }

  test(comparison: string, a: Operand, b: Operand): string {
    return this.kernel.make("pred", `setp.${comparison}.${this.type}`, this.operand(a), this.operand(b));
  }

  both(a: string, b: string): string {
    return this.kernel.make("pred", "and.pred", a, b);
  }

  either(a: string, b: string): string {
    return this.kernel.make("pred", "or.pred", a, b);
  }

  not(a: string): string {
    return this.kernel.make("pred", "not.pred", a);
  }

  select(condition: string, a: Operand, b: Operand): string {
    return this.make("selp", a, b, condition);
  }

  add(a: Operand, b: Operand): string {
    return this.make("add.rn", a, b);
  }

  subtract(a: Operand, b: Operand): string {
    return this.make("sub.rn", a, b);
  }

  multiply(a: Operand, b: Operand): string {
    return this.make("mul.rn", a, b);
  }

  divide(a: Operand, b: Operand): string {
    return this.make("div.rn", a, b);
  }

  /** a b + c, rounded once. */
  fma(a: Operand, b: Operand, c: Operand): string {
    return this.make("fma.rn", a, b, c);
  }

  sqrt(x: Operand): string {
    return this.make("sqrt.rn", x);
  }

  negate(x: Operand): string {
    return this.make("neg", x);
  }

  abs(x: Operand): string {
    return this.make("abs", x);
  }

  /** x with the sign of another number. */
  withSign(x: Operand, sign: Operand): string {
    return this.make("copysign", sign, x);
  }

  isNaN(x: Operand): string {
    return this.test("nan", x, x);
  }

  isFinite(x: Operand): string {
    return this.test("lt", this.abs(x), Number.POSITIVE_INFINITY);
  }

  /** `rni`: to nearest, `rmi` down, `rpi` up, `rzi` to zero. */
  whole(rounding: string, x: string): string {
    return this.kernel.make(this.type, `cvt.${rounding}.${this.type}.${this.type}`, x);
  }

  /** A whole number as an integer in a 32-bit register. */
  integer(x: string): string {
    return this.kernel.make("b32", `cvt.rni.s32.${this.type}`, x);
  }

  /** Halves up, with the sign of x on zero, as Math.round. */
  round(x: string): string {
    const floor = this.whole("rmi", x);
    const up = this.test("ge", this.subtract(x, floor), 0.5);
    return this.withSign(this.select(up, this.add(floor, 1), floor), x);
  }

  sign(x: string): string {
    return this.select(this.test("gt", x, 0), 1, this.select(this.test("lt", x, 0), -1, x));
  }

  /** NaN if either is NaN; the instruction itself would give the other. */
  extreme(which: "min" | "max", a: Operand, b: Operand): string {
    return this.select(this.test("nan", a, b), Number.NaN, this.make(which, a, b));
  }

  /** NaN stays NaN. */
  clamp(x: Operand, least: number, most: number): string {
    const above = this.select(this.test("lt", x, least), least, x);
    return this.select(this.test("gt", above, most), most, above);
  }

  /** c[0] + c[1] x + c[2] x^2 + ... */
  polynomial(x: Operand, c: readonly Operand[]): Operand {
    return c.reduceRight((sum, coefficient) => this.fma(sum, x, coefficient));
  }

  /** The sum of two numbers, without an error. */
  twoSum(a: Operand, b: Operand): Pair {
    const high = this.add(a, b);
    const part = this.subtract(high, a);
    const low = this.add(this.subtract(a, this.subtract(high, part)), this.subtract(b, part));
    return { high, low };
  }

  /** The same, where |a| >= |b|, or a is 0. */
  fastTwoSum(a: Operand, b: Operand): Pair {
    const high = this.add(a, b);
    return { high, low: this.subtract(b, this.subtract(high, a)) };
  }

  /** The product of two numbers, without an error. */
  twoProduct(a: Operand, b: Operand): Pair {
    const high = this.multiply(a, b);
    return { high, low: this.fma(a, b, this.negate(high)) };
  }

  /** 2^n of an integer in a 32-bit register, as long as it is a normal number. */
  powerOfTwo(n: string): string {
    const { kernel } = this;
    const { bits, bias, mantissa } = this.format;
    const biased = kernel.make("b32", "add.s32", n, bias);
    const word = bits === "b32" ? biased : kernel.make("b64", "cvt.u64.u32", biased);
    return kernel.make(this.type, `mov.${bits}`, kernel.make(bits, `shl.${bits}`, word, mantissa));
  }

  /** x 2^n in two steps, since 2^n alone may be no normal number; n in a 32-bit register. */
  scale(x: Operand, n: string): string {
    const half = this.kernel.make("b32", "shr.s32", n, 1);
    const rest = this.kernel.make("b32", "sub.s32", n, half);
    return this.multiply(this.multiply(x, this.powerOfTwo(half)), this.powerOfTwo(rest));
  }

  /** A positive, finite x as m 2^n, 1 <= m < 2. */
  split(x: string): { m: string; n: string } {
    const { kernel } = this;
    const { bits, bias, mantissa } = this.format;
    const lift = mantissa + 2;
    const tiny = this.test("lt", x, 2 ** (1 - bias));
    const normal = this.select(tiny, this.multiply(x, 2 ** lift), x);
    const word = kernel.make(bits, `mov.${bits}`, normal);
    const shifted = kernel.make(bits, `shr.${bits === "b32" ? "u32" : "u64"}`, word, mantissa);
    const biased = bits === "b32" ? shifted : kernel.make("b32", "cvt.u32.u64", shifted);
    const exponent = kernel.make("b32", "sub.s32", biased, bias);
    const fraction = kernel.make(bits, `and.${bits}`, word, `${(1n << BigInt(mantissa)) - 1n}`);
    const one = `${BigInt(bias) << BigInt(mantissa)}`;
    const m = kernel.make(this.type, `mov.${bits}`, kernel.make(bits, `or.${bits}`, fraction, one));
    const n = kernel.make(this.type, `cvt.rn.${this.type}.s32`, exponent);
    return { m, n: this.add(n, this.select(tiny, -lift, 0)) };
  }
}
