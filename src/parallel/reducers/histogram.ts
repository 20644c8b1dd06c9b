import { ArgumentError } from "../../errors.ts";
import { requireKnownOptions } from "../../known-options.ts";
import { isPresent, type Maybe, type Reducer } from "./reducer.ts";

export interface Histogram {
  /** Borders of the bins, one more than there are bins. */
  readonly edges: Float64Array;
  /** Values in each bin: from its lower edge to below its upper one, in the last bin up to its upper edge. */
  readonly counts: Float64Array;
  /** Values below the first edge and above the last. */
  readonly below: number;
  readonly above: number;
}

interface Even {
  bins: number;
  from: number;
  to: number;
}

/**
 * How many values lie in each bin. Missing values are skipped.
 * @param bins edges in rising order; or a number of bins of one width between `from` and `to`
 * @throws {ArgumentError} no edges, or edges that do not rise
 */
export function histogram(
  bins: ArrayLike<number> | Even,
): Reducer<Maybe, { counts: Float64Array }, Histogram> {
  if (typeof bins !== "object" || bins === null) {
    throw new ArgumentError(
      `histogram: wants edges, such as [0, 10, 20], or { bins, from, to }; got ${String(bins)}.`,
    );
  }
  const edges = "bins" in bins ? evenEdges(bins) : Float64Array.from(bins);
  if (edges.length < 2 || edges.some((edge, i) => Number.isNaN(edge) || edge <= edges[i - 1])) {
    throw new ArgumentError(
      "histogram: edges must be at least two numbers, each greater than the one before.",
    );
  }
  const last = edges.length - 1;
  // Below, the bins, above.
  const place = (value: number): number => {
    if (value < edges[0]) return 0;
    if (value >= edges[last]) return value === edges[last] ? last : last + 1;
    let low = 0;
    let high = last;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (value < edges[middle]) high = middle;
      else low = middle;
    }
    return low + 1;
  };
  return {
    empty: () => ({ counts: new Float64Array(last + 2) }),
    add: (state, value) => {
      if (isPresent("histogram", value)) state.counts[place(value)]++;
      return state;
    },
    merge: (left, right) => ({ counts: left.counts.map((n, i) => n + right.counts[i]) }),
    result: ({ counts }) => ({
      edges,
      counts: counts.slice(1, last + 1),
      below: counts[0],
      above: counts[last + 1],
    }),
  };
}

function evenEdges(options: Even): Float64Array {
  requireKnownOptions<Even>("histogram", options, { bins: true, from: true, to: true });
  const { bins, from, to } = options;
  if (!(Number.isSafeInteger(bins) && bins > 0)) {
    throw new ArgumentError(`histogram: bins must be a whole number from 1; got ${String(bins)}.`);
  }
  return Float64Array.from({ length: bins + 1 }, (_, i) =>
    i === bins ? to : from + ((to - from) * i) / bins,
  );
}
