/**
 * Time of a barrier, awaited and blocking. Run with
 *
 *     npx tsmpirun -n 8 bench/barrier.ts
 */
import { world } from "tsmpi";

const BATCHES = 15;
const ROUNDS = 2000;
const awaited: number[] = [];
const blocking: number[] = [];

for (let batch = -3; batch < BATCHES; batch++) {
  const start = performance.now();
  for (let i = 0; i < ROUNDS; i++) await world.barrier();
  const middle = performance.now();
  for (let i = 0; i < ROUNDS; i++) world.sync.barrier();
  const end = performance.now();
  if (batch < 0) continue;
  awaited.push(((middle - start) / ROUNDS) * 1000);
  blocking.push(((end - middle) / ROUNDS) * 1000);
}

function median(figures: number[]): string {
  return figures.toSorted((a, b) => a - b)[figures.length >> 1].toFixed(2);
}

if (world.rank === 0) {
  console.log(
    `barrier of ${world.size} ranks, median: awaited ${median(awaited)} us, blocking ${median(blocking)} us`,
  );
}
