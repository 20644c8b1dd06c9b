/**
 * A dense system solved by LU with partial pivoting on a grid of processes, and judged as the HPL benchmark judges:
 * examples/hpl.ts [order] [block]. The residual must be below 16.
 */
import { world } from "tsmpi";
import { DistributedMatrix, distributed, ProcessGrid } from "tsmpi/linalg";

const n = Number(process.argv[2] ?? 1000);
const block = Number(process.argv[3] ?? 64);

/** Numbers from -0.5 to 0.5 that depend on their place only, so that every grid has the same system. */
function element(i: number, j: number): number {
  let bits = Math.imul(i * 65_537 + j + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) / 2 ** 32;
}

const grid = await ProcessGrid.create(world);
const a = DistributedMatrix.fromFunction(grid, n, n, element, { block });
const b = DistributedMatrix.fromFunction(grid, n, 1, i => element(i, n), { block });

const start = performance.now();
const x = await distributed.solve(a, b);
const seconds = (performance.now() - start) / 1000;

const ax = await distributed.matmul(a, x);
const gap = DistributedMatrix.zeros(grid, n, 1, { block });
for (let i = 0; i < gap.local.data.length; i++) gap.local.data[i] = ax.local.data[i] - b.local.data[i];
const [gapNorm, aNorm, xNorm, bNorm] = [
  await distributed.norm(gap, "inf"),
  await distributed.norm(a, "inf"),
  await distributed.norm(x, "inf"),
  await distributed.norm(b, "inf"),
];
const residual = gapNorm / (2 ** -53 * (aNorm * xNorm + bNorm) * n);

if (world.rank === 0) {
  const operations = (2 / 3) * n ** 3 + (3 / 2) * n ** 2;
  console.log(`order ${n}, blocks of ${block}, a grid of ${grid.rows} x ${grid.columns}`);
  console.log(`||Ax-b|| / (eps (||A|| ||x|| + ||b||) N) = ${residual.toFixed(7)}`);
  console.log(residual < 16 ? "PASSED" : "FAILED");
  console.error(`${seconds.toFixed(3)} s, ${(operations / seconds / 1e9).toFixed(2)} Gflop/s`);
}
if (!(residual < 16)) process.exitCode = 1;
await grid.free();
