/** Products against those of one process. */
import { ArgumentError, world } from "tsmpi";
import { DistributedMatrix, distributed, ProcessGrid, sync } from "tsmpi/linalg";
import {
  dtypes,
  eachGrid,
  element,
  epsilon,
  expectClose,
  expectFailure,
  localMatrix,
  ok,
} from "./support.ts";

const other = (i: number, j: number): number => element(j + 100, i);

// The last has panels of several blocks, and more than two of them.
const shapes = [
  [0, 3, 2, 4],
  [3, 0, 2, 4],
  [1, 1, 1, 1],
  [17, 40, 23, 1],
  [50, 33, 61, 8],
  [5, 64, 9, 100],
  [30, 1700, 20, 100],
];

await eachGrid(async grid => {
  for (const dtype of dtypes) {
    for (const [m, k, n, block] of shapes) {
      const a = DistributedMatrix.fromFunction(grid, m, k, element, { block, dtype });
      const b = DistributedMatrix.fromFunction(grid, k, n, other, { block, dtype });
      const c = await distributed.matmul(a, b);
      const whole = await c.gather();
      const wanted = sync.matmul(localMatrix(m, k, element, dtype), localMatrix(k, n, other, dtype));
      const what = `${m} x ${k} x ${n} of ${dtype} in ${block} on ${grid.rows} x ${grid.columns}`;
      if (whole !== undefined) expectClose(whole, wanted, 4 * (k + 1) * epsilon[dtype], what);
    }
  }
});

await using grid = await ProcessGrid.create(world);
await using second = await ProcessGrid.create(world);
const a = DistributedMatrix.zeros(grid, 6, 5, { block: 4 });
await expectFailure(() => distributed.matmul(a, a), ArgumentError, /a is 6 x 5, b is 6 x 5/);
for (const b of [
  DistributedMatrix.zeros(second, 5, 2, { block: 4 }),
  DistributedMatrix.zeros(grid, 5, 2, { block: 3 }),
  DistributedMatrix.zeros(grid, 5, 2, { block: 4, dtype: "float32" }),
]) {
  await expectFailure(() => distributed.matmul(a, b), ArgumentError, /one grid, block size and dtype/);
}
await expectFailure(
  () => distributed.matmul(a, a, { copy: 2 } as object),
  ArgumentError,
  /^matmul: there is no option copy; did you mean copies/,
);
await ok();
