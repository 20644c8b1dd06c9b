/**
 * Every rank passes an array to the next one and takes that of the one before, all at once: `npx tsmpirun -n 8 bench/shift.ts`.
 * With TSMPI_CROSS_COPY=on arrays from 64 KiB are offered and copied from memory to memory, with off all go through the rings.
 */
import { world } from "tsmpi";

const { rank, size, sync } = world;
const ROUNDS = 5;
const next = (rank + 1) % size;
const before = (rank + size - 1) % size;

for (const kib of [64, 128, 256, 512, 1024]) {
  const given = new Float64Array(kib * 128).fill(rank);
  const taken = new Float64Array(given.length);
  const calls = Math.ceil(40_000 / kib);
  const times: number[] = [];
  // The first round lets compilers finish.
  for (let round = 0; round <= ROUNDS; round++) {
    taken.fill(-1);
    sync.barrier();
    const start = performance.now();
    for (let i = 0; i < calls; i++) sync.sendrecvInto(taken, given, next, before);
    sync.barrier();
    if (round > 0) times.push(((performance.now() - start) / calls) * 1000);
    if (taken.some(x => x !== before)) throw new Error(`rank ${rank} has other data than rank ${before}'s`);
  }
  const median = times.sort((a, b) => a - b)[ROUNDS >> 1];
  if (rank === 0) console.log(`${kib} KiB  ${median.toFixed(0)} us`);
}
