/**
 * A graph of calls: readings of several stations are made, cleaned and summarised, and the summaries combined. Every
 * step is written as a plain call of a function; `compute` runs them, those that do not depend on each other at the
 * same time, on whatever ranks there are. With a file name as argument the graph is drawn into it as SVG.
 */
import { writeFileSync } from "node:fs";
import { world } from "tsmpi";
import { compute, delayed, toSvg } from "tsmpi/parallel";

const STATIONS = 6;
const READINGS = 100_000;

interface Summary {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared differences from the mean. */
  readonly squares: number;
}

/** Readings around 10 + station, one in ten of them missing; the same on every run. */
const read = delayed(
  (station: number) => {
    let state = station + 1;
    const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    return Float64Array.from({ length: READINGS }, () => (next() < 0.1 ? NaN : 10 + station + next() - 0.5));
  },
  { name: "read" },
);

const clean = delayed((readings: Float64Array) => readings.filter(x => !Number.isNaN(x)), { name: "clean" });

const summarise = delayed(
  (readings: Float64Array): Summary => {
    const mean = readings.reduce((sum, x) => sum + x, 0) / readings.length;
    return { count: readings.length, mean, squares: readings.reduce((sum, x) => sum + (x - mean) ** 2, 0) };
  },
  { name: "summarise" },
);

/** Two summaries in one (Chan, Golub and LeVeque 1979). */
const combine = delayed(
  (a: Summary, b: Summary): Summary => {
    const count = a.count + b.count;
    const difference = b.mean - a.mean;
    return {
      count,
      mean: a.mean + (difference * b.count) / count,
      squares: a.squares + b.squares + (difference ** 2 * a.count * b.count) / count,
    };
  },
  { name: "combine" },
);

const summaries = Array.from({ length: STATIONS }, (_, station) => summarise(clean(read(station))));
const total = summaries.reduce((left, right) => combine(left, right));

const [each, all] = await compute(world, [summaries, total]);
if (world.rank === 0) {
  const line = ({ count, mean, squares }: Summary): string =>
    `${count} readings, mean ${mean.toFixed(4)}, deviation ${Math.sqrt(squares / (count - 1)).toFixed(4)}`;
  for (const [station, summary] of each.entries()) console.log(`station ${station}: ${line(summary)}`);
  console.log(`all:       ${line(all)}`);
  if (process.argv[2] !== undefined) writeFileSync(process.argv[2], toSvg([summaries, total]));
}
