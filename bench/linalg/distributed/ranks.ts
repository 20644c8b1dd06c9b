/** One side of run.ts: the least time of some rounds of a work, printed by rank 0 in seconds. */
import { world } from "tsmpi";
import { DistributedMatrix, distributed, ProcessGrid } from "tsmpi/linalg";

const [work, size, rounds] = process.argv.slice(2);
const n = Number(size);
const grid = await ProcessGrid.create(world);
const a = DistributedMatrix.fromFunction(grid, n, n, (i, j) => (i === j ? n : 1 / (1 + Math.abs(i - j))));

const works: Record<string, () => Promise<unknown>> = {
  matmul: () => distributed.matmul(a, a),
  cholesky: () => distributed.cholesky(a),
  lu: () => distributed.lu(a),
};

let least = Number.POSITIVE_INFINITY;
for (let round = 0; round < Number(rounds); round++) {
  await world.barrier();
  const start = performance.now();
  await works[work]();
  await world.barrier();
  least = Math.min(least, (performance.now() - start) / 1000);
}
if (world.rank === 0) console.log(least);
