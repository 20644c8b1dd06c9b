/**
 * Flights: how late were 3,000,000 flights in the USA in 2001, and from which airports worst? Every rank reads its
 * own part of the file, one pass makes a small summary of it, and one reduction merges the summaries.
 *
 *   npx tsmpirun -n 8 examples/flights.ts [least]
 *
 * With `least`, the list of the worst has only airports with so many flights or more; otherwise one flight is enough.
 *
 * Delays are whole minutes. So the summaries hold exact sums, from which mean and variance follow at the end: the
 * answer is the same, to the last digit, for every number of ranks. (3,000,000 squares of delays stay far below 2^53.)
 */
import { fileURLToPath } from "node:url";
import { asyncBufferFromFile, parquetScan } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { operator, world } from "tsmpi";

interface Delays {
  count: number;
  missing: number;
  min: number;
  max: number;
  sum: number;
  squares: number;
}

/** By the code of the airport of departure. */
type Summary = Map<string, Delays>;

const NONE: Readonly<Delays> = { count: 0, missing: 0, min: Infinity, max: -Infinity, sum: 0, squares: 0 };

function add(delays: Delays, delay: bigint | null): void {
  if (delay === null) {
    delays.missing++;
    return;
  }
  const minutes = Number(delay);
  delays.count++;
  delays.min = Math.min(delays.min, minutes);
  delays.max = Math.max(delays.max, minutes);
  delays.sum += minutes;
  delays.squares += minutes * minutes;
}

function merge(left: Delays, right: Delays): Delays {
  return {
    count: left.count + right.count,
    missing: left.missing + right.missing,
    min: Math.min(left.min, right.min),
    max: Math.max(left.max, right.max),
    sum: left.sum + right.sum,
    squares: left.squares + right.squares,
  };
}

const mergeSummaries = operator(
  (left: Summary, right: Summary): Summary => {
    const merged = new Map(left);
    for (const [origin, delays] of right) merged.set(origin, merge(merged.get(origin) ?? NONE, delays));
    return merged;
  },
  { name: "mergeSummaries", commutative: true },
);

/** Row groups are the parts in which a Parquet file is written; rank r takes those numbered r, r + size, ... */
async function summarize(path: string): Promise<Summary> {
  const summary: Summary = new Map();
  const file = await asyncBufferFromFile(path);
  const scan = await parquetScan({ file, compressors, columns: ["delay", "origin"] });
  for (let group = world.rank; group < scan.ranges.length; group += world.size) {
    const rows = scan.ranges[group];
    const delay = await scan.readColumn({ column: "delay", ...rows });
    const origin = await scan.readColumn({ column: "origin", ...rows });
    for (let i = 0; i < delay.length; i++) {
      let delays = summary.get(origin[i]);
      if (delays === undefined) summary.set(origin[i], (delays = { ...NONE }));
      add(delays, delay[i]);
    }
  }
  return summary;
}

const least = Number(process.argv[2] ?? 1);
if (!(least >= 1)) {
  throw new RangeError(`flights: the least number of flights must be 1 or more; got ${process.argv[2]}`);
}

const started = performance.now();
const path = fileURLToPath(new URL("../data/flights-3m.parquet", import.meta.resolve("vega-datasets")));
const summary = await world.reduce(await summarize(path), mergeSummaries);

if (summary !== undefined) {
  const { count, missing, min, max, sum, squares } = [...summary.values()].reduce(merge);
  const variance = (squares - sum ** 2 / count) / (count - 1);
  console.log(`flights     ${count} (${missing} more without a delay) from ${summary.size} airports`);
  console.log(`delay       ${min} to ${max} minutes`);
  console.log(`mean        ${sum / count}`);
  console.log(`variance    ${variance}`);
  console.log(`deviation   ${Math.sqrt(variance)}`);

  const worst = [...summary]
    .filter(([, delays]) => delays.count >= least)
    .map(([origin, delays]) => ({ origin, flights: delays.count, mean: delays.sum / delays.count }))
    .sort((a, b) => b.mean - a.mean || (a.origin < b.origin ? -1 : 1))
    .slice(0, 10);
  console.log(`worst mean delays (least number of flights: ${least}):`);
  for (const { origin, flights, mean } of worst) {
    console.log(`  ${origin} ${mean.toFixed(6).padStart(10)} ${String(flights).padStart(7)} flights`);
  }
  const seconds = (performance.now() - started) / 1000;
  console.error(`${seconds.toFixed(2)} s on ${world.size} ${world.size === 1 ? "rank" : "ranks"}`);
}
