/** Grids, where elements lie, scatter and gather. */
import { inspect } from "node:util";
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import { DistributedMatrix, Matrix, ProcessGrid } from "tsmpi/linalg";
import { dtypes, eachGrid, element, expectClose, expectFailure, localMatrix, ok } from "./support.ts";

const { rank, size } = world;

const near = await ProcessGrid.create(world);
const nearest: Record<number, [number, number]> = { 1: [1, 1], 2: [1, 2], 3: [1, 3], 4: [2, 2], 6: [2, 3] };
expect([near.rows, near.columns]).to.deep.equal(nearest[size]);
expect([near.row, near.column]).to.deep.equal([Math.floor(rank / near.columns), rank % near.columns]);
expect([near.rowRanks.size, near.columnRanks.size]).to.deep.equal([near.columns, near.rows]);
expect(inspect(near)).to.equal(
  `ProcessGrid(${near.rows} x ${near.columns}, this rank in row ${near.row}, column ${near.column})`,
);
expect(inspect(DistributedMatrix.zeros(near, 3, 2, { block: 2 }))).to.equal(
  `DistributedMatrix(3 x 2 of float64 in blocks of 2 on a ${near.rows} x ${near.columns} grid)`,
);
for (const options of [{ rows: size + 1 }, { columns: 0 }, { rows: 2, columns: size }]) {
  await expectFailure(
    () => ProcessGrid.create(world, options),
    ArgumentError,
    new RegExp(`the ${size} ranks`),
  );
}

const shapes = [
  [0, 0],
  [0, 5],
  [5, 0],
  [1, 1],
  [3, 17],
  [23, 4],
  [41, 37],
];

await eachGrid(async grid => {
  for (const dtype of dtypes) {
    for (const [rows, columns] of shapes) {
      for (const block of [1, 3, 8, 64]) {
        const what = `${rows} x ${columns} of ${dtype} in ${block} on ${grid.rows} x ${grid.columns}`;
        const whole = localMatrix(rows, columns, element, dtype);
        const made = DistributedMatrix.fromFunction(grid, rows, columns, element, { block, dtype });
        const { local } = made;
        // Where the definition has each element.
        let mine = 0;
        for (let i = 0; i < rows; i++) {
          if (Math.floor(i / block) % grid.rows !== grid.row) continue;
          for (let j = 0; j < columns; j++) {
            if (Math.floor(j / block) % grid.columns !== grid.column) continue;
            if (local.data[mine++] !== whole.at(i, j)) expect.fail(`${what}: (${i}, ${j})`);
          }
        }
        expect(local.rows * local.columns, what).to.equal(mine);
        const root = (rows + block) % size;
        const gathered = await made.gather({ root });
        if (rank === root) expectClose(gathered!, whole, 0, what);
        else expect(gathered).to.equal(undefined);
        // A transpose: a view of other strides.
        const view = localMatrix(columns, rows, (i, j) => element(j, i), dtype).T;
        const dealt = await DistributedMatrix.scatter(grid, rank === root ? view : undefined, {
          root,
          block,
        });
        expect(dealt.dtype).to.equal(dtype);
        expect(dealt.local.data).to.deep.equal(local.data);
      }
    }
  }
});

const zeros = DistributedMatrix.zeros(near, 300, 200);
expect([zeros.block, zeros.dtype, ...zeros.shape]).to.deep.equal([128, "float64", 300, 200]);
const make =
  (options: object, rows = 3) =>
  () =>
    DistributedMatrix.zeros(near, rows, 3, options);
await expectFailure(make({ block: 0 }), ArgumentError, /block must be a whole number, at least 1, but is 0/);
await expectFailure(make({ dtype: "complex64" }), ArgumentError, /dtype must be .* but is "complex64"/);
await expectFailure(make({ blok: 3 }), ArgumentError, /no option blok; did you mean block/);
await expectFailure(
  () => ProcessGrid.create(world, { row: 1 } as object),
  ArgumentError,
  /did you mean rows/,
);
await expectFailure(
  () => DistributedMatrix.scatter(near, undefined, { dtype: "float32" } as object),
  ArgumentError,
  /^DistributedMatrix.scatter: there is no option dtype; there are root, block/,
);
await expectFailure(() => zeros.gather({ rank: 0 } as object), ArgumentError, /there is no option rank/);
await expectFailure(make({}, -1), ArgumentError, /rows must be a whole number, at least 0, but is -1/);
const root = size - 1;
await expectFailure(
  () => DistributedMatrix.scatter(near, undefined, { root }),
  ArgumentError,
  new RegExp(`root ${root} must give a Matrix`),
);
const complex = rank === root ? Matrix.zeros(2, 2, "complex128") : undefined;
await expectFailure(
  () => DistributedMatrix.scatter(near, complex, { root }),
  ArgumentError,
  new RegExp(`must be real, but root ${root} gave complex128`),
);
await near.free();
await ok();
