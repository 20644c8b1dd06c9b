/** The errors that docs/expressions.md states, in units in the last place, and where they are looked for. */
import type { FunctionName } from "../../../src/linalg/index.ts";

export interface Accuracy {
  readonly float64: number;
  readonly float32: number;
  /** Ranges of arguments; of the logarithm of their size when `logarithmic`, with both signs when `signed`. */
  readonly ranges: readonly Range[];
}

export interface Range {
  readonly low: number;
  readonly high: number;
  readonly logarithmic?: boolean;
  readonly signed?: boolean;
}

const all: Range = { low: -148, high: 127, logarithmic: true, signed: true };
const positive: Range = { low: -148, high: 127, logarithmic: true };
const nearOne: Range = { low: 0.4, high: 2.5 };
const within = (limit: number): Range => ({ low: -limit, high: limit });

export const accuracies: { readonly [name in FunctionName]?: Accuracy } = {
  sqrt: { float64: 0.5, float32: 0.5, ranges: [positive] },
  cbrt: { float64: 0.51, float32: 0.51, ranges: [all] },
  exp: { float64: 1.15, float32: 1.15, ranges: [within(87), within(1)] },
  exp2: { float64: 1.02, float32: 1.02, ranges: [within(125), within(1)] },
  expm1: { float64: 1.45, float32: 1.45, ranges: [within(87), within(1)] },
  log: { float64: 0.85, float32: 0.85, ranges: [positive, nearOne] },
  log2: { float64: 0.7, float32: 0.7, ranges: [positive, nearOne] },
  log10: { float64: 0.7, float32: 0.7, ranges: [positive, nearOne] },
  log1p: { float64: 0.9, float32: 0.9, ranges: [positive, { low: -0.99, high: 3 }] },
  sin: { float64: 1.2, float32: 1.2, ranges: [all, within(10), within(3000)] },
  cos: { float64: 1.2, float32: 1.2, ranges: [all, within(10), within(3000)] },
  tan: { float64: 3.2, float32: 3.2, ranges: [all, within(10), within(3000)] },
  asin: { float64: 0.75, float32: 0.75, ranges: [within(1)] },
  acos: { float64: 0.75, float32: 0.75, ranges: [within(1)] },
  atan: { float64: 1.6, float32: 1.6, ranges: [all, within(3)] },
  sinh: { float64: 2.5, float32: 2.5, ranges: [within(87), within(2)] },
  cosh: { float64: 1.6, float32: 1.6, ranges: [within(87), within(10)] },
  tanh: { float64: 2.8, float32: 2.8, ranges: [within(10), within(1)] },
  erf: { float64: 1.8, float32: 1.8, ranges: [all, within(4)] },
  erfc: { float64: 5, float32: 5, ranges: [within(9), within(1)] },
  lgamma: { float64: 4.5, float32: 0.51, ranges: [positive, { low: 0.01, high: 12 }] },
  pow: { float64: 1.4, float32: 0.51, ranges: [{ low: -10, high: 10, logarithmic: true }] },
  atan2: { float64: 1.6, float32: 1.6, ranges: [{ low: -30, high: 30, logarithmic: true, signed: true }] },
  hypot: { float64: 0.8, float32: 0.51, ranges: [all] },
};
