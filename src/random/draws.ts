/**
 * The draws that others are made of: standard forms, those with location and scale, whole numbers. Scalars are drawn in
 * TypeScript from words made ahead where that takes no logarithm; all else runs natively, for no mathematical function
 * of JavaScript agrees with C's in the last bit.
 */
import { ArgumentError } from "../errors.ts";
import { requireKnownOptions } from "../known-options.ts";
import { native } from "../native.ts";
import { BitGenerator } from "./bit-generator.ts";
import { Distribution, finite, nonNegative, number } from "./distributions.ts";
import {
  type IntegerArray,
  type IntegerArrayOf,
  type IntegerOptions,
  type IntegerType,
  integerBounds,
  integerType,
  integerTypeOf,
} from "./integers.ts";

/** A number when no size is given, else an array of them. */
export type Drawn<Size extends number | undefined> = Size extends number ? Float64Array<ArrayBuffer> : number;

/** What the standard forms fill: single precision has draws of its own, from 32 bits each. */
export type Floats = Float64Array | Float32Array;

/** Limits and widths of the layers of both ziggurats, for scalar draws. */
let layers: Float64Array | undefined;
const NORMAL = 0;
const EXPONENTIAL = 512;
const WIDTHS = 256;

function loadLayers(): Float64Array {
  layers = new Float64Array(1024);
  native().randomLayers(layers);
  return layers;
}

const one = new Float64Array(1);
/** No options: a draw looks at none that were not given. */
export const none = {};

type BigType = "int64" | "uint64";

export function checkSize(size: number): number {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new ArgumentError(`a size must be a whole number, not negative, but is ${String(size)}`);
  }
  return size;
}

export function float64(name: string, target: Float64Array): Float64Array {
  if (!(target instanceof Float64Array))
    throw new ArgumentError(`${name}: the target must be a Float64Array`);
  return target;
}

function floats<T extends Floats>(name: string, target: T): T {
  if (!(target instanceof Float64Array || target instanceof Float32Array)) {
    throw new ArgumentError(`${name}: the target must be a Float64Array or a Float32Array`);
  }
  return target;
}

export function uniformRange(low: number, high: number): number {
  const range = finite("high", high) - finite("low", low);
  if (!Number.isFinite(range))
    throw new ArgumentError(`uniform: the range from ${low} to ${high} is too wide`);
  if (range < 0) throw new ArgumentError(`uniform: low must not be above high, but ${low} and ${high} came`);
  return range;
}

export class Draws {
  readonly bitGenerator: BitGenerator;

  constructor(bitGenerator: BitGenerator) {
    if (!(bitGenerator instanceof BitGenerator)) {
      throw new ArgumentError(
        `a Generator is made of a bit generator, such as new PCG64(seed), not of ${String(bitGenerator)}; defaultRng takes a seed`,
      );
    }
    this.bitGenerator = bitGenerator;
  }

  // --- the standard forms ---

  /** Evenly distributed in [0, 1). */
  random<S extends number | undefined = undefined>(size?: S): Drawn<S>;
  random(size?: number): number | Float64Array {
    return size === undefined
      ? this.bitGenerator.nextDouble()
      : this.randomInto(new Float64Array(checkSize(size)));
  }

  randomInto<T extends Floats>(target: T): T {
    return this.fill(Distribution.random, floats("randomInto", target));
  }

  standardNormal<S extends number | undefined = undefined>(size?: S): Drawn<S>;
  standardNormal(size?: number): number | Float64Array {
    if (size !== undefined) return this.standardNormalInto(new Float64Array(checkSize(size)));
    const bits = this.bitGenerator;
    const table = layers ?? loadLayers();
    bits.next64();
    const layer = bits.low & 0xff;
    const magnitude = (bits.high & 0x1fffffff) * 8388608 + (bits.low >>> 9);
    if (magnitude < table[NORMAL + layer]) {
      const x = magnitude * table[NORMAL + WIDTHS + layer];
      return (bits.low & 0x100) === 0 ? x : -x;
    }
    bits.undo64();
    return this.single(Distribution.standardNormal);
  }

  standardNormalInto<T extends Floats>(target: T): T {
    return this.fill(Distribution.standardNormal, floats("standardNormalInto", target));
  }

  standardExponential<S extends number | undefined = undefined>(size?: S): Drawn<S>;
  standardExponential(size?: number): number | Float64Array {
    if (size !== undefined) return this.standardExponentialInto(new Float64Array(checkSize(size)));
    const bits = this.bitGenerator;
    const table = layers ?? loadLayers();
    bits.next64();
    const layer = (bits.low >>> 3) & 0xff;
    const magnitude = bits.high * 2097152 + (bits.low >>> 11);
    if (magnitude < table[EXPONENTIAL + layer]) return magnitude * table[EXPONENTIAL + WIDTHS + layer];
    bits.undo64();
    return this.single(Distribution.standardExponential);
  }

  standardExponentialInto<T extends Floats>(target: T): T {
    return this.fill(Distribution.standardExponential, floats("standardExponentialInto", target));
  }

  standardGamma<S extends number | undefined = undefined>(shape: number, size?: S): Drawn<S>;
  standardGamma(shape: number, size?: number): number | Float64Array {
    return this.draw(Distribution.standardGamma, size, nonNegative("shape", shape));
  }

  standardGammaInto<T extends Floats>(target: T, shape: number): T {
    nonNegative("shape", shape);
    return this.fill(Distribution.standardGamma, floats("standardGammaInto", target), shape);
  }

  // --- with location and scale ---

  /** Evenly distributed in [low, high). */
  uniform<S extends number | undefined = undefined>(low?: number, high?: number, size?: S): Drawn<S>;
  uniform(low = 0, high = 1, size?: number): number | Float64Array {
    const range = uniformRange(low, high);
    return size === undefined
      ? low + range * this.random()
      : this.uniformInto(new Float64Array(checkSize(size)), low, high);
  }

  uniformInto(target: Float64Array, low = 0, high = 1): Float64Array {
    uniformRange(low, high);
    return this.fill(Distribution.uniform, float64("uniformInto", target), low, high);
  }

  normal<S extends number | undefined = undefined>(loc?: number, scale?: number, size?: S): Drawn<S>;
  normal(loc = 0, scale = 1, size?: number): number | Float64Array {
    if (size !== undefined) return this.normalInto(new Float64Array(checkSize(size)), loc, scale);
    return number("loc", loc) + nonNegative("scale", scale) * this.standardNormal();
  }

  normalInto(target: Float64Array, loc = 0, scale = 1): Float64Array {
    const args = [number("loc", loc), nonNegative("scale", scale)] as const;
    return this.fill(Distribution.normal, float64("normalInto", target), ...args);
  }

  /** `scale` is the mean, the inverse of the rate. */
  exponential<S extends number | undefined = undefined>(scale?: number, size?: S): Drawn<S>;
  exponential(scale = 1, size?: number): number | Float64Array {
    if (size !== undefined) return this.exponentialInto(new Float64Array(checkSize(size)), scale);
    return nonNegative("scale", scale) * this.standardExponential();
  }

  exponentialInto(target: Float64Array, scale = 1): Float64Array {
    nonNegative("scale", scale);
    return this.fill(Distribution.exponential, float64("exponentialInto", target), scale);
  }

  gamma<S extends number | undefined = undefined>(shape: number, scale?: number, size?: S): Drawn<S>;
  gamma(shape: number, scale = 1, size?: number): number | Float64Array {
    return this.draw(Distribution.gamma, size, nonNegative("shape", shape), nonNegative("scale", scale));
  }

  gammaInto(target: Float64Array, shape: number, scale = 1): Float64Array {
    const args = [nonNegative("shape", shape), nonNegative("scale", scale)] as const;
    return this.fill(Distribution.gamma, float64("gammaInto", target), ...args);
  }

  // --- whole numbers ---

  /**
   * Whole numbers from `low` up to `high`, which is left out unless `endpoint`; from 0 up to `low` when there is no
   * `high`. By Lemire's method; ranges below 2^32 take 32 bits a draw.
   * @throws {ArgumentError} when there is nothing between the bounds, or they do not fit the type.
   */
  integers(
    low: number,
    high?: number,
    size?: undefined,
    options?: IntegerOptions<Exclude<IntegerType, BigType>>,
  ): number;
  integers(
    low: number | bigint,
    high: number | bigint | undefined,
    size: undefined,
    options: IntegerOptions<BigType>,
  ): bigint;
  integers(low: bigint, high?: bigint): bigint;
  integers(low: bigint, high: bigint | undefined, size: number): BigInt64Array;
  integers<T extends IntegerType = "float64">(
    low: number | bigint,
    high: number | bigint | undefined,
    size: number,
    options?: IntegerOptions<T>,
  ): IntegerArrayOf<T>;
  integers(
    low: number | bigint,
    high?: number | bigint,
    size?: number,
    options: IntegerOptions = none,
  ): unknown {
    if (options !== none) requireKnownOptions("integers", options, { dtype: true, endpoint: true });
    const { endpoint = false } = options;
    const dtype = options.dtype ?? (typeof low === "bigint" ? "int64" : "float64");
    const scalar = size === undefined;
    if (scalar && dtype === "float64" && typeof low === "number" && typeof high !== "bigint") {
      const first = high === undefined ? 0 : low;
      const range = (high ?? low) - first - (endpoint ? 0 : 1);
      // All that is wrong, or large, goes the long way.
      if (range >= 0 && range < 0xffffffff && Number.isSafeInteger(first) && Number.isInteger(range)) {
        return first + this.below(range);
      }
    }
    const array = new (integerType(dtype)[0])(scalar ? 1 : checkSize(size));
    this.integersInto(array, low, high, { endpoint });
    return scalar ? array[0] : array;
  }

  /** The type of the draws is that of the array; in a Float64Array, NumPy's `int64` as numbers. */
  integersInto<T extends IntegerArray>(
    target: T,
    low: number | bigint,
    high?: number | bigint,
    options: { endpoint?: boolean } = none,
  ): T {
    if (options !== none) requireKnownOptions("integersInto", options, { endpoint: true });
    const { endpoint = false } = options;
    const bounds = integerBounds(integerTypeOf(target), low, high, endpoint);
    this.bitGenerator.fillIntegers(target, bounds.low, bounds.range, false);
    return target;
  }

  /** A whole number from 0 to `range`, included, which is below 2^32 - 1. */
  private below(range: number): number {
    if (range === 0) return 0;
    const bits = this.bitGenerator;
    const choices = range + 1;
    let draw = bits.next32();
    // The low half of the product, which is not exact in a double.
    let rest = Math.imul(draw, choices) >>> 0;
    if (rest < choices) {
      const threshold = (0xffffffff - range) % choices;
      while (rest < threshold) {
        draw = bits.next32();
        rest = Math.imul(draw, choices) >>> 0;
      }
    }
    // And the high half, in two steps that are.
    const low = (draw & 0xffff) * choices;
    return Math.floor(((draw >>> 16) * choices + Math.floor(low / 65536)) / 65536);
  }

  /** `length` random bytes. */
  bytes(length: number): Uint8Array {
    const words = new Uint32Array(Math.ceil(checkSize(length) / 4));
    return new Uint8Array(this.integersInto(words, 0, 2 ** 32).buffer, 0, length);
  }

  // --- how all are drawn ---

  /** Arguments have been checked. */
  protected fill<T extends Floats>(
    distribution: Distribution,
    target: T,
    a?: number,
    b?: number,
    c?: number,
  ): T {
    this.bitGenerator.fill(distribution, target, a, b, c);
    return target;
  }

  protected fillDoubles(
    distribution: Distribution,
    target: Float64Array,
    a?: number,
    b?: number,
    c?: number,
  ): Float64Array {
    return this.fill(distribution, float64("the fill", target), a, b, c);
  }

  protected draw(
    distribution: Distribution,
    size: number | undefined,
    a?: number,
    b?: number,
    c?: number,
  ): number | Float64Array {
    if (size === undefined) return this.single(distribution, a, b, c);
    return this.fill(distribution, new Float64Array(checkSize(size)), a, b, c);
  }

  private single(distribution: Distribution, a?: number, b?: number, c?: number): number {
    this.bitGenerator.fill(distribution, one, a, b, c);
    return one[0];
  }
}
