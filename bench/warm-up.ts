/**
 * How long a collective takes until just-in-time compilers are done with it, which share cores with the ranks:
 * `npx tsmpirun -n 8 bench/warm-up.ts`.
 */
import { world } from "tsmpi";

const { rank, size, sync } = world;
const ROUNDS = 10;
const CALLS = 400;
const BLOCK = 8192;

const given = Float64Array.from({ length: BLOCK * size }, (_, i) => size * Math.floor(i / BLOCK) + rank);
const taken = new Float64Array(given.length);
for (let round = 0; round < ROUNDS; round++) {
  taken.fill(-1);
  sync.barrier();
  const start = performance.now();
  for (let i = 0; i < CALLS; i++) sync.alltoallInto(taken, given);
  const each = ((performance.now() - start) / CALLS) * 1000;
  const wrong = taken.findIndex((x, i) => x !== size * rank + Math.floor(i / BLOCK));
  if (wrong >= 0) throw new Error(`rank ${rank}: element ${wrong} is ${taken[wrong]}`);
  const calls = `${round * CALLS + 1}-${(round + 1) * CALLS}`;
  if (rank === 0) console.log(`alltoall of 64 KiB, calls ${calls}: ${each.toFixed(0)} us each`);
}
