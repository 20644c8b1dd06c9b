import { describe } from "../describe.ts";
import { ArgumentError, TsmpiError } from "../errors.ts";

/**
 * Sums without rounding, after the small superaccumulator of R. M. Neal, "Fast exact summation using small and large
 * superaccumulators", 2015: a fixed-point number wide enough for every double, in digits of 32 bits. A digit is
 * a whole number in a double and may grow beyond 32 bits for a while, so that most additions carry nothing, and so that
 * accumulators are merged by adding them element by element.
 */

const DIGITS = 67;
const RADIX = 2 ** 32;
/** The lowest digit counts multiples of the least double; this is its exponent. */
const LOWEST = -1074;

// What has no digits is counted. `OTHERS` and `NEGATIVE_ZEROS` tell -0 from 0: a sum is -0 when all its parts are.
const NANS = DIGITS;
const INFINITIES = DIGITS + 1;
const NEGATIVE_INFINITIES = DIGITS + 2;
const OTHERS = DIGITS + 3;
const NEGATIVE_ZEROS = DIGITS + 4;
const LENGTH = DIGITS + 5;

/** Additions after which digits are carried: they then stay below 2^41, which leaves room for 4096 ranks' digits. */
const CARRY_AFTER = 256;
const LARGEST = 2 ** 53;

const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);

/**
 * The exact sum of any number of numbers. It is a `Float64Array`, and two of them added element by element are the sum
 * of all numbers of both: `comm.allreduceInto(total, total, sum)` merges those of all ranks, whatever algorithm adds
 * them, and every rank reads the same `value`. Elements that came some other way are merged by
 * `exactSum().merge(elements)`.
 */
export class ExactSum extends Float64Array {
  private uncarried = 0;

  /** Parts and copies are plain arrays. */
  static get [Symbol.species](): Float64ArrayConstructor {
    return Float64Array;
  }

  constructor() {
    super(LENGTH);
  }

  add(value: number): this {
    if (typeof value !== "number") {
      throw new ArgumentError(`ExactSum.add: expected a number; got ${describe(value)}`);
    }
    scratch[0] = value;
    this.addHalves(words);
    return this;
  }

  addAll(values: Float64Array | Iterable<number>): this {
    if (values.constructor !== Float64Array) {
      for (const value of values) this.add(value);
      return this;
    }
    const { buffer, byteOffset, length } = values;
    const halves = new Uint32Array(buffer, byteOffset, 2 * length);
    for (let at = 0; at < halves.length; at += 2 * CARRY_AFTER) {
      this.addHalves(halves.subarray(at, at + 2 * CARRY_AFTER));
    }
    return this;
  }

  /** Adds all that another accumulator has added. */
  merge(other: Float64Array): this {
    if (!(other instanceof Float64Array) || other.length !== LENGTH) {
      throw new ArgumentError(
        `ExactSum.merge: expected an ExactSum or its ${LENGTH} elements; got ${describe(other)}`,
      );
    }
    this.carry();
    for (let i = 0; i < LENGTH; i++) this[i] += other[i];
    this.carry();
    return this;
  }

  /**
   * The double nearest to the sum, the even one of two: 0 for no numbers, -0 when all were. NaN when one was NaN or
   * there were infinities of both signs.
   */
  get value(): number {
    const { isSpecial } = this;
    return isSpecial ? this.special : this.round(Number);
  }

  /** As `value`, but an inexact sum becomes the odd one of the two doubles beside it: narrower types round it correctly. */
  get oddValue(): number {
    const { isSpecial } = this;
    return isSpecial ? this.special : this.round(toOdd);
  }

  /** Adds up to CARRY_AFTER doubles. */
  private addHalves(halves: Uint32Array): void {
    const count = halves.length / 2;
    if (this.uncarried + count > CARRY_AFTER) this.carry();
    this.uncarried += count;
    addHalves(this, halves);
  }

  /** Leaves every digit from 0 to below 2^32, and the sign in the highest. */
  private carry(): void {
    this.uncarried = 0;
    for (let i = 0; i < DIGITS - 1; i++) {
      if (this[i] === 0) continue;
      if (Math.abs(this[i]) >= LARGEST) {
        throw new TsmpiError("TSMPI_EXACT_SUM", "ExactSum: its elements were added too often to be exact");
      }
      const carried = Math.floor(this[i] / RADIX);
      this[i] -= carried * RADIX;
      this[i + 1] += carried;
    }
  }

  private get isSpecial(): boolean {
    return this[NANS] + this[INFINITIES] + this[NEGATIVE_INFINITIES] > 0;
  }

  private get special(): number {
    const bothSigns = this[INFINITIES] > 0 && this[NEGATIVE_INFINITIES] > 0;
    if (this[NANS] > 0 || bothSigns) return Number.NaN;
    return this[INFINITIES] > 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  /** @param toDouble rounds a whole number to a double */
  private round(toDouble: (whole: bigint) => number): number {
    this.carry();
    const digits = this.slice(0, DIGITS);
    const negative = digits[DIGITS - 1] < 0;
    if (negative) negate(digits);
    let top = DIGITS - 1;
    while (top >= 0 && digits[top] === 0) top--;
    if (top < 0) return this[OTHERS] === 0 && this[NEGATIVE_ZEROS] > 0 ? -0 : 0;
    // Three digits have at least 65 bits; of what is below them only matters whether there is anything.
    const bottom = Math.max(0, top - 2);
    let whole = 0n;
    for (let i = top; i >= bottom; i--) whole = (whole << 32n) | BigInt(digits[i]);
    if (digits.subarray(0, bottom).some(digit => digit !== 0)) whole |= 1n;
    const magnitude = toDouble(whole) * 2 ** (32 * bottom + LOWEST);
    return negative ? -magnitude : magnitude;
  }
}

/** Adds the doubles whose halves these are, the low one first. A function, for it is three times as fast as a method. */
function addHalves(digits: Float64Array, halves: Uint32Array): void {
  let others = 0;
  for (let half = 0; half < halves.length; half += 2) {
    const low = halves[half];
    const high = halves[half + 1];
    const exponent = (high >>> 20) & 0x7ff;
    if (exponent === 0x7ff) {
      if ((high & 0xfffff) !== 0 || low !== 0) digits[NANS]++;
      else digits[high >>> 31 === 0 ? INFINITIES : NEGATIVE_INFINITIES]++;
      continue;
    }
    if (low === 0 && high === 0x80000000) {
      digits[NEGATIVE_ZEROS]++;
      continue;
    }
    others++;
    // Subnormal numbers have the exponent of the least normal ones, without the bit that is not written.
    const top = exponent === 0 ? high & 0xfffff : (high & 0xfffff) | 0x100000;
    const shift = exponent === 0 ? 0 : exponent - 1;
    const bits = shift & 31;
    const at = shift >>> 5;
    const first = (low << bits) >>> 0;
    const second = ((top << bits) | ((low >>> 1) >>> (31 - bits))) >>> 0;
    const third = (top >>> 1) >>> (31 - bits);
    if (high >>> 31 === 0) {
      digits[at] += first;
      digits[at + 1] += second;
      digits[at + 2] += third;
    } else {
      digits[at] -= first;
      digits[at + 1] -= second;
      digits[at + 2] -= third;
    }
  }
  digits[OTHERS] += others;
}

function negate(digits: Float64Array): void {
  let borrow = 0;
  for (let i = 0; i < DIGITS - 1; i++) {
    const digit = -digits[i] - borrow;
    borrow = digit < 0 ? 1 : 0;
    digits[i] = digit + borrow * RADIX;
  }
  digits[DIGITS - 1] = -digits[DIGITS - 1] - borrow;
}

/** Cuts to 53 bits and sets the last one when something was lost. */
function toOdd(whole: bigint): number {
  const excess = whole.toString(2).length - 53;
  if (excess <= 0) return Number(whole);
  const kept = whole >> BigInt(excess);
  const exact = kept << BigInt(excess) === whole;
  return Number(exact ? kept : kept | 1n) * 2 ** excess;
}

/** An accumulator that has added these numbers, see `ExactSum`. */
export function exactSum(values: Float64Array | Iterable<number> = []): ExactSum {
  return new ExactSum().addAll(values);
}
