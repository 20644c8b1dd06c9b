/** Sums as whole multiples of the least double, rounded by long division: another way than the library's. */

export interface Format {
  /** Bits of the significand. */
  bits: number;
  /** Exponent of the least number. */
  least: number;
  /** Exponent of the least power of two that is too large. */
  beyond: number;
}

export const formats: Record<string, Format> = {
  Float64Array: { bits: 53, least: -1074, beyond: 1024 },
  Float32Array: { bits: 24, least: -149, beyond: 128 },
  Float16Array: { bits: 11, least: -24, beyond: 16 },
};

const view = new DataView(new ArrayBuffer(8));

/** A double divided by 2^-1074. */
function wholeOf(value: number): bigint {
  view.setFloat64(0, value);
  const word = view.getBigUint64(0);
  const exponent = Number((word >> 52n) & 0x7ffn);
  const fraction = word & 0xfffffffffffffn;
  const whole = exponent === 0 ? fraction : (fraction | 0x10000000000000n) << BigInt(exponent - 1);
  return word >> 63n === 0n ? whole : -whole;
}

/** `whole` times 2^-1074, rounded to nearest, ties to even. */
function rounded(whole: bigint, { bits, least, beyond }: Format): number {
  if (whole < 0n) return -rounded(-whole, { bits, least, beyond });
  if (whole === 0n) return 0;
  // The result is a multiple of 2^unit.
  const unit = Math.max(whole.toString(2).length - 1074 - bits, least);
  const divisor = 1n << BigInt(unit + 1074);
  let quotient = whole / divisor;
  const twice = 2n * (whole % divisor);
  if (twice > divisor || (twice === divisor && quotient % 2n === 1n)) quotient++;
  if (quotient >= 1n << BigInt(bits) && unit + bits >= beyond) return Number.POSITIVE_INFINITY;
  if (unit + quotient.toString(2).length > beyond) return Number.POSITIVE_INFINITY;
  return Number(quotient) * 2 ** unit;
}

/** The sum that every order agrees on, see docs/collectives.md. */
export function referenceSum(values: Iterable<number>, format: Format = formats.Float64Array): number {
  let whole = 0n;
  let special = 0;
  let count = 0;
  let allNegativeZero = true;
  for (const value of values) {
    count++;
    if (!Object.is(value, -0)) allNegativeZero = false;
    if (Number.isFinite(value)) whole += wholeOf(value);
    else special += value;
  }
  // Not the NaN that adding infinities gives: it has another bit pattern than JavaScript's.
  if (Number.isNaN(special)) return Number.NaN;
  if (special !== 0) return special;
  if (whole === 0n) return count > 0 && allNegativeZero ? -0 : 0;
  return rounded(whole, format);
}
