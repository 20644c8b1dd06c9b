/** Ten thousand empty tasks as a map: `npx tsmpirun -n 2 bench/scenarios/tasks.ts`. */
import { world } from "tsmpi";
import { type MapOptions, map } from "tsmpi/parallel";
import { report } from "./report.ts";

const TASKS = 10_000;
const REPEATS = 15;
const nothing = (): undefined => undefined;

const cases: Record<string, MapOptions> = {
  "tsmpi dynamic, one at a time": { schedule: "dynamic", chunk: 1 },
  "tsmpi dynamic, chunks by measured time": { schedule: "dynamic" },
  "tsmpi guided": { schedule: "guided" },
  "tsmpi cyclic": { schedule: "cyclic" },
  "tsmpi static": { schedule: "static" },
};

for (const [name, options] of Object.entries(cases)) {
  let best = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    await world.barrier();
    const began = performance.now();
    await map(world, TASKS, nothing, { ...options, root: 0 });
    best = Math.min(best, performance.now() - began);
  }
  report(name, best);
}
