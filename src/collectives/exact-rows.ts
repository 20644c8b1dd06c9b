import type { Dtype, TypedArray } from "../codec/dtype.ts";
import { ExactSum } from "./exact-sum.ts";
import { build, floats } from "./kernels.ts";

/**
 * Correctly rounded sums of few numbers each, the elements of the ranks' arrays. Each addition's rounding error is
 * found by TwoSum [Knuth, TAOCP 2, 4.2.2; Møller 1965], the errors are summed in the same way, and so the sum is s + t
 * + rest, as in the cascaded summation of [Ogita, Rump, Oishi, "Accurate sum and dot product", SIAM J. Sci. Comput. 26,
 * 2005]. The rest is nearly always zero, and then s + t rounds once. Otherwise its magnitude tells whether it can
 * matter; only if so, and where there are infinities or NaN, an ExactSum decides.
 */
type RowsKernel = (target: any, rows: any, count: number) => void;

const kernels: (RowsKernel | undefined)[] = [];

/**
 * Sets target[i] to the exact sum, rounded once, of element i of `count` rows, which lie one after the other in `rows`.
 * Undefined for whole numbers, whose sums are exact anyway.
 */
export function exactRows(dtype: Dtype): RowsKernel | undefined {
  if (!floats.has(dtype.name)) return undefined;
  return (kernels[dtype.code] ??= build(
    `function (target, rows, count) {
      const length = target.length, end = count * length;
      for (let i = 0; i < length; i++) {
        let s = rows[i], t = 0, rest = 0;
        for (let at = i + length; at < end; at += length) {
          const x = rows[at];
          const u = s + x, z = u - s, e = (s - (u - z)) + (x - z);
          const v = t + e, w = v - t;
          rest += Math.abs((t - (v - w)) + (e - w));
          s = u;
          t = v;
        }
        target[i] = t === 0 && rest === 0 ? s : ${dtype.bytes === 8 ? "rest === 0 ? s + t : " : ""}finish(s, t, rest, rows, i, count);
      }
    }`,
    { finish: dtype.bytes === 8 ? finishDouble : finishNarrow },
  ) as RowsKernel);
}

/** hi + low is s + t exactly, and hi the double nearest to it. */
function lowPart(s: number, t: number, hi: number): number {
  const z = hi - s;
  return s - (hi - z) + (t - z);
}

/** Whether hi is also the double nearest to hi + low + any number of magnitude up to about `rest`. */
function isCertain(hi: number, low: number, rest: number): boolean {
  // A bound that no rounding, of the rest itself or of these additions, makes too small.
  const bound = 2 * rest + Math.abs(low) * 2 ** -50;
  return hi + (low + bound) === hi && hi + (low - bound) === hi;
}

function finishDouble(
  s: number,
  t: number,
  rest: number,
  rows: TypedArray,
  index: number,
  count: number,
): number {
  const hi = s + t;
  return isCertain(hi, lowPart(s, t, hi), rest) ? hi : exactColumn(rows, index, count).value;
}

/** The result rounds correctly when it is stored into a narrower type: rounding to odd keeps what decides there. */
function finishNarrow(
  s: number,
  t: number,
  rest: number,
  rows: TypedArray,
  index: number,
  count: number,
): number {
  const hi = s + t;
  const low = lowPart(s, t, hi);
  if (low === 0 && rest === 0) return hi;
  const signIsKnown = Math.abs(low) > 4 * rest;
  return signIsKnown && isCertain(hi, low, rest) ? toOdd(hi, low) : exactColumn(rows, index, count).oddValue;
}

const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);

/** Of the two doubles around hi + low the odd one; hi is the nearest. */
function toOdd(hi: number, low: number): number {
  scratch[0] = hi;
  if ((words[0] & 1) === 1) return hi;
  if (low > 0 === hi > 0) {
    words[0] |= 1;
  } else {
    if (words[0] === 0) words[1]--;
    words[0]--;
  }
  return scratch[0];
}

function exactColumn(rows: TypedArray, index: number, count: number): ExactSum {
  const stride = rows.length / count;
  const total = new ExactSum();
  for (let row = 0; row < count; row++) total.add(rows[row * stride + index] as number);
  return total;
}
