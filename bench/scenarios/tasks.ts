/** Ten thousand empty tasks: `npx tsmpirun -n 2 bench/scenarios/tasks.ts`. */
import { world } from "tsmpi";
import { type MapOptions, map } from "tsmpi/parallel";

const TASKS = 10_000;
const REPEATS = 15;
const nothing = (): undefined => undefined;

const cases: Record<string, MapOptions> = {
  "dynamic, one at a time": { schedule: "dynamic", chunk: 1 },
  "dynamic, chunks by measured time": { schedule: "dynamic" },
  guided: { schedule: "guided" },
  cyclic: { schedule: "cyclic" },
  static: { schedule: "static" },
};

for (const [name, options] of Object.entries(cases)) {
  const times: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    await world.barrier();
    const began = performance.now();
    await map(world, TASKS, nothing, options);
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  if (world.rank === 0) {
    console.log(`${name}: median ${times[REPEATS >> 1].toFixed(2)} ms, least ${times[0].toFixed(2)} ms`);
  }
}
