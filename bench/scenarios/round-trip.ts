/** One task submitted and awaited, again and again: `npx tsmpirun -n 2 bench/scenarios/round-trip.ts`. */
import { world } from "tsmpi";
import { task, withPool } from "tsmpi/parallel";
import { report } from "./report.ts";

const TRIPS = 500;
const REPEATS = 20;
const same = task((x: number) => x);

await withPool(world, async pool => {
  let best = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    const began = performance.now();
    for (let trip = 0; trip < TRIPS; trip++) await pool.submit(same, trip);
    best = Math.min(best, (performance.now() - began) / TRIPS);
  }
  report("tsmpi pool.submit", best);
});
