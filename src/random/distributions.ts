/** Codes of the distributions, as in `native/random-fill.h`, and what their parameters may be. */
import { ArgumentError } from "../errors.ts";

export const Distribution = {
  random: 0,
  uniform: 1,
  standardNormal: 2,
  normal: 3,
  standardExponential: 4,
  exponential: 5,
  standardGamma: 6,
  gamma: 7,
  beta: 8,
  chisquare: 9,
  f: 10,
  lognormal: 11,
  laplace: 12,
  gumbel: 13,
  logistic: 14,
  weibull: 15,
  pareto: 16,
  power: 17,
  rayleigh: 18,
  standardCauchy: 19,
  standardT: 20,
  triangular: 21,
  poisson: 22,
  binomial: 23,
  geometric: 24,
  negativeBinomial: 25,
} as const;

export type Distribution = (typeof Distribution)[keyof typeof Distribution];

export function finite(name: string, value: number): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new ArgumentError(`${name} must be a finite number, not ${String(value)}`);
  }
  return value;
}

/** NumPy lets a location be anything but a number of another kind. */
export function number(name: string, value: number): number {
  if (typeof value !== "number") throw new ArgumentError(`${name} must be a number, not ${String(value)}`);
  return value;
}

/** -0 counts as negative, as it does for NumPy. */
export function nonNegative(name: string, value: number): number {
  if (typeof value !== "number" || !(value >= 0) || Object.is(value, -0)) {
    throw new ArgumentError(`${name} must not be negative, but is ${String(value)}`);
  }
  return value;
}

export function positive(name: string, value: number): number {
  if (typeof value !== "number" || !(value > 0)) {
    throw new ArgumentError(`${name} must be greater than 0, not ${String(value)}`);
  }
  return value;
}

export function probability(name: string, value: number): number {
  if (typeof value !== "number" || !(value >= 0 && value <= 1)) {
    throw new ArgumentError(`${name} must be a probability, from 0 to 1, not ${String(value)}`);
  }
  return value;
}

/** Above 0, up to 1. */
export function positiveProbability(name: string, value: number): number {
  if (value === 0) throw new ArgumentError(`${name} must be a probability greater than 0`);
  return probability(name, value);
}

export function count(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ArgumentError(`${name} must be a whole number, not negative, but is ${String(value)}`);
  }
  return value;
}

/** Up to where a count of that mean still fits in 64 bits. */
export function poissonMean(name: string, value: number): number {
  const most = 9223372006484771000;
  if (nonNegative(name, value) > most)
    throw new ArgumentError(`${name} is too large: ${value}, above ${most}`);
  return value;
}
