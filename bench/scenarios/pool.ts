/** Ten thousand empty tasks through a pool, and as a graph: `npx tsmpirun -n 2 bench/scenarios/pool.ts`. */
import { world } from "tsmpi";
import { compute, delayed, task, withPool } from "tsmpi/parallel";
import { report } from "./report.ts";

const TASKS = 10_000;
const REPEATS = 15;
const nothing = task((_x: number) => undefined);
const numbers = Array.from({ length: TASKS }, (_, i) => i);

async function least(act: () => Promise<unknown>): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    const began = performance.now();
    await act();
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

await withPool(world, async pool => {
  report("tsmpi pool.submit", await least(() => Promise.all(numbers.map(i => pool.submit(nothing, i)))));
  report("tsmpi pool.map", await least(() => pool.map(nothing, numbers)));
});
const call = delayed((_x: number) => undefined);
const nodes = numbers.map(i => call(i));
report("tsmpi compute", await least(() => compute(world, nodes, { root: 0 })));
