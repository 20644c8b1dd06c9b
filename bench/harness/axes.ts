/** Logarithmic axes. */

/** Places values of a range on pixels, logarithmically. `from` may be greater than `to`, as on an upward axis. */
export function logScale(low: number, high: number, from: number, to: number): (value: number) => number {
  const width = Math.log(high) - Math.log(low);
  if (!(low > 0) || !(width > 0)) throw new RangeError(`no logarithmic axis from ${low} to ${high}`);
  return value => from + ((Math.log(value) - Math.log(low)) / width) * (to - from);
}

/** More lines than this are clutter. */
const MOST_TICKS = 9;

/** Round values within the range: 1, 2 and 5 times powers of ten where it is short, otherwise powers of ten. */
export function logTicks(low: number, high: number): number[] {
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    const ticks = ticksOf(low, high, steps);
    if (ticks.length <= MOST_TICKS) return ticks;
  }
  const decades = ticksOf(low, high, [1]);
  const stride = Math.ceil(decades.length / MOST_TICKS);
  return decades.filter((_, i) => i % stride === 0);
}

function ticksOf(low: number, high: number, steps: readonly number[]): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const step of steps) {
      // By way of text: 2 * 10 ** -1 is not 0.2 everywhere.
      const value = Number(`${step}e${power}`);
      // A little more on either side, for ends that are round themselves.
      if (value >= low * 0.999 && value <= high * 1.001) ticks.push(value);
    }
  }
  return ticks;
}

export function tickLabel(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  if (value >= 1e4) return `${value / 1e3}k`;
  return String(value);
}

/** The range of some values, widened by a few percent of its logarithmic length, and to at least a factor of two. */
export function logRange(values: readonly number[]): [low: number, high: number] {
  let low = Math.min(...values);
  let high = Math.max(...values);
  const margin = Math.max((high / low) ** 0.05, high / low < 2 ? 1.5 : 1);
  low /= margin;
  high *= margin;
  return [low, high];
}

/** Moves labels apart along an axis so that none overlaps another, as little as possible, within the limits. */
export function spreadLabels(
  wanted: readonly number[],
  distance: number,
  low: number,
  high: number,
): number[] {
  const order = wanted.map((_, i) => i).toSorted((a, b) => wanted[a] - wanted[b]);
  const placed: number[] = new Array<number>(wanted.length);
  let last = low - distance;
  for (const i of order) {
    placed[i] = last = Math.max(wanted[i], last + distance);
  }
  // What went over the end pushes the others back.
  let next = high + distance;
  for (const i of order.toReversed()) {
    placed[i] = next = Math.min(placed[i], next - distance);
  }
  return placed;
}
