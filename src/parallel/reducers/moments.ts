/** Counts, sums, extremes, mean and variance. Missing values are skipped. */
import { ExactSum, exactSum } from "../../index.ts";
import { requireKnownOptions } from "../../known-options.ts";
import { isMissing, isPresent, type Maybe, type Reducer } from "./reducer.ts";

/** How many values are there, of any type. */
export function count(): Reducer<unknown, number, number> {
  return {
    empty: () => 0,
    add: (n, value) => (isMissing(value) ? n : n + 1),
    merge: (left, right) => left + right,
    result: n => n,
  };
}

/** How many values are missing, among values of any type. */
export function missing(): Reducer<unknown, number, number> {
  return {
    empty: () => 0,
    add: (n, value) => (isMissing(value) ? n + 1 : n),
    merge: (left, right) => left + right,
    result: n => n,
  };
}

/** The least value; undefined for none. */
export function min(): Reducer<Maybe, number | undefined, number | undefined> {
  const lesser = (a: number | undefined, b: number): number => (a === undefined || b < a ? b : a);
  return {
    empty: () => undefined,
    add: (least, value) => (isPresent("min", value) ? lesser(least, value) : least),
    merge: (left, right) => (right === undefined ? left : lesser(left, right)),
    result: least => least,
  };
}

/** The greatest value; undefined for none. */
export function max(): Reducer<Maybe, number | undefined, number | undefined> {
  const greater = (a: number | undefined, b: number): number => (a === undefined || b > a ? b : a);
  return {
    empty: () => undefined,
    add: (most, value) => (isPresent("max", value) ? greater(most, value) : most),
    merge: (left, right) => (right === undefined ? left : greater(left, right)),
    result: most => most,
  };
}

interface Sum {
  readonly sum: Float64Array;
}

function mergeSums({ sum: left }: Sum, { sum: right }: Sum): ExactSum {
  return exactSum().merge(left).merge(right);
}

/** Of a state that has travelled it is a plain array. */
function exact({ sum }: Sum): ExactSum {
  return sum instanceof ExactSum ? sum : exactSum().merge(sum);
}

/** The sum, without rounding on the way: the same for every number of ranks and order of values. */
export function sum(): Reducer<Maybe, Sum, number> {
  return {
    empty: () => ({ sum: exactSum() }),
    add: (state, value) => (isPresent("sum", value) ? { sum: exact(state).add(value) } : state),
    merge: (left, right) => ({ sum: mergeSums(left, right) }),
    result: state => exact(state).value,
  };
}

interface Mean extends Sum {
  readonly count: number;
}

/** The mean, from the exact sum; NaN for no values. */
export function mean(): Reducer<Maybe, Mean, number> {
  return {
    empty: () => ({ count: 0, sum: exactSum() }),
    add: (state, value) =>
      isPresent("mean", value) ? { count: state.count + 1, sum: exact(state).add(value) } : state,
    merge: (left, right) => ({ count: left.count + right.count, sum: mergeSums(left, right) }),
    result: state => exact(state).value / state.count,
  };
}

interface Moments {
  count: number;
  mean: number;
  /** Sum of squared deviations from the mean. */
  squares: number;
}

/**
 * The variance, sum of squared deviations over n - ddof; NaN where that is not positive. Values are added by B. P. Welford's
 * recurrence (1962), states merged by the formula of T. F. Chan, G. H. Golub and R. J. LeVeque (1979); both keep their
 * accuracy where the mean is large. Last bits depend on how values are spread over ranks.
 */
export function variance(options: { ddof?: number } = {}): Reducer<Maybe, Moments, number> {
  requireKnownOptions<{ ddof?: number }>("variance", options, { ddof: true });
  const { ddof = 1 } = options;
  return {
    empty: () => ({ count: 0, mean: 0, squares: 0 }),
    add: (state, value) => {
      if (!isPresent("variance", value)) return state;
      const deviation = value - state.mean;
      state.count++;
      state.mean += deviation / state.count;
      state.squares += deviation * (value - state.mean);
      return state;
    },
    merge: (left, right) => {
      // A mean of no values would make NaN of large ones: 0 times an overflown square.
      if (right.count === 0) return left;
      if (left.count === 0) return right;
      const count = left.count + right.count;
      const deviation = right.mean - left.mean;
      const share = right.count / count;
      const squares = left.squares + right.squares + deviation ** 2 * left.count * share;
      return { count, mean: left.mean + deviation * share, squares };
    },
    result: ({ count, squares }) => (count - ddof > 0 ? squares / (count - ddof) : NaN),
  };
}

/** The square root of `variance`. */
export function deviation(options?: { ddof?: number }): Reducer<Maybe, Moments, number> {
  const squared = variance(options);
  return { ...squared, result: state => Math.sqrt(squared.result(state)) };
}
