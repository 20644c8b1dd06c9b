/** The few statistics of the benchmark. */

/** Value below which a part of the sorted values lies, with linear interpolation. */
export function quantile(values: readonly number[], part: number): number {
  if (values.length === 0) throw new RangeError("a quantile needs at least one value");
  const sorted = values.toSorted((a, b) => a - b);
  const at = part * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Half the distance of the quartiles, as a part of the median. */
export function spread(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values);
}

/**
 * How many times longer the peer takes: the median of the ratios of batches that were measured one after the other.
 * A machine that changes speed changes both of a pair, so this holds still where the ratio of medians does not.
 */
export function pairedRatio(peer: readonly number[], ours: readonly number[]): number {
  if (peer.length !== ours.length)
    throw new RangeError(`${peer.length} and ${ours.length} batches make no pairs`);
  return median(peer.map((time, i) => time / ours[i]));
}

export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("a mean needs at least one value");
  return Math.exp(values.reduce((total, value) => total + Math.log(value), 0) / values.length);
}
