/**
 * Stratified regression: delay on distance, a line for each airport of departure, over the 3,000,000 US flights of 2001.
 * Row groups of the file are mapped, each to the sums that a regression needs, by airport; the sums of an airport
 * meet on one rank, which fits its line. All sums are of whole numbers and exact.
 */
import { fileURLToPath } from "node:url";
import { asyncBufferFromFile, parquetScan } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { world } from "tsmpi";
import { mapReduce } from "tsmpi/parallel";

/** Of x, the distance in miles, and y, the delay in minutes. */
interface Sums {
  n: number;
  x: number;
  y: number;
  xx: number;
  xy: number;
}

interface Line {
  n: number;
  intercept: number;
  slope: number;
}

const path = fileURLToPath(new URL("../data/flights-3m.parquet", import.meta.resolve("vega-datasets")));
const file = await asyncBufferFromFile(path);
const scan = await parquetScan({ file, compressors, columns: ["delay", "distance", "origin"] });

async function sumsOf(rows: (typeof scan.ranges)[number]): Promise<Map<string, Sums>> {
  const delay = await scan.readColumn({ column: "delay", ...rows });
  const distance = await scan.readColumn({ column: "distance", ...rows });
  const origin = await scan.readColumn({ column: "origin", ...rows });
  const groups = new Map<string, Sums>();
  for (let i = 0; i < delay.length; i++) {
    if (delay[i] === null || distance[i] === null) continue;
    const x = Number(distance[i]);
    const y = Number(delay[i]);
    let sums = groups.get(origin[i]);
    if (sums === undefined) groups.set(origin[i], (sums = { n: 0, x: 0, y: 0, xx: 0, xy: 0 }));
    sums.n++;
    sums.x += x;
    sums.y += y;
    sums.xx += x * x;
    sums.xy += x * y;
  }
  return groups;
}

const add = (a: Sums, b: Sums): Sums => ({
  n: a.n + b.n,
  x: a.x + b.x,
  y: a.y + b.y,
  xx: a.xx + b.xx,
  xy: a.xy + b.xy,
});

/** Of a line. */
function leastSquares({ n, x, y, xx, xy }: Sums): Line {
  const slope = (n * xy - x * y) / (n * xx - x * x);
  return { n, slope, intercept: (y - slope * x) / n };
}

const lines = await mapReduce(world, scan.ranges, sumsOf, {
  combine: add,
  reduce: (_airport, [sums]) => leastSquares(sums),
  schedule: "dynamic",
  results: 0,
});

if (world.rank === 0) {
  const large = [...lines].filter(([, line]) => line.n >= 20_000).sort(([, a], [, b]) => b.slope - a.slope);
  const print = ([airport, { n, intercept, slope }]: [string, Line]): void => {
    const minutes = `${intercept.toFixed(4).padStart(8)} ${(1000 * slope).toFixed(4).padStart(8)}`;
    console.log(`${airport} ${minutes} ${String(n).padStart(7)}`);
  };
  console.log(`${lines.size} airports, ${large.length} of them with at least 20000 flights`);
  console.log("     minutes per 1000 mi flights");
  large.slice(0, 5).forEach(print);
  console.log("...");
  large.slice(-5).forEach(print);
}
