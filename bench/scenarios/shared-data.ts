/** Scenario 6: eight means of 50,000,000 doubles, one copy of them: `npx tsmpirun -n 2 bench/scenarios/shared-data.ts`. */
import { readFileSync } from "node:fs";
import { world } from "tsmpi";
import { sync as blas } from "tsmpi/linalg";
import { map } from "tsmpi/parallel";
import { defaultRng } from "tsmpi/random";
import { report } from "./report.ts";

const LENGTH = 50_000_000;
const TASKS = 8;

const x = await world.host.shared(Float64Array, LENGTH);
if (world.host.rank === 0) defaultRng(1).randomInto(x);
await world.barrier();

/** With eight sums, for an addition waits for the one before it. */
function sumOf(values: Float64Array): number {
  let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
  const whole = values.length & ~7;
  for (let i = 0; i < whole; i += 8) {
    a += values[i];
    b += values[i + 1];
    c += values[i + 2];
    d += values[i + 3];
    e += values[i + 4];
    f += values[i + 5];
    g += values[i + 6];
    h += values[i + 7];
  }
  let total = a + b + (c + d) + (e + f + (g + h));
  for (let i = whole; i < values.length; i++) total += values[i];
  return total;
}

// The numbers are not negative, so that a sum of magnitudes is their sum.
const sums = { "a loop": sumOf, BLAS: (values: Float64Array) => blas.asum(values) };
for (const [name, sum] of Object.entries(sums)) {
  let best = Infinity;
  for (let round = 0; round < 4; round++) {
    await world.barrier();
    const began = performance.now();
    await map(world, TASKS, () => sum(x) / LENGTH, { as: Float64Array, root: 0 });
    const took = performance.now() - began;
    if (round === 0) report(`tsmpi shared, ${name}, first call`, took);
    best = Math.min(best, took);
  }
  report(`tsmpi shared, ${name}`, best);
}

/** KiB of shared memory that this process has its part in: a page that two ranks have mapped counts half for each. */
const proportional = /^Pss_Shmem:\s+(\d+) kB/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"));
const parts = await world.allgather(Number(proportional?.[1]));
const total = parts.reduce((a, b) => a + b, 0) / 1024;
if (world.rank === 0) console.error(`shared memory of all ranks together: ${total.toFixed(0)} MiB`);
