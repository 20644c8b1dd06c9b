/** Transposes, norms, and products with vectors, against one process. */
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import { DistributedMatrix, distributed, ProcessGrid } from "tsmpi/linalg";
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

const { matvec, norm, transpose } = distributed;

const shapes = [
  [0, 0, 2],
  [0, 4, 2],
  [1, 1, 5],
  [9, 31, 4],
  [50, 22, 7],
  [33, 33, 64],
];

await eachGrid(async grid => {
  for (const dtype of dtypes) {
    for (const [rows, columns, block] of shapes) {
      const what = `${rows} x ${columns} of ${dtype} in ${block} on ${grid.rows} x ${grid.columns}`;
      const a = DistributedMatrix.fromFunction(grid, rows, columns, element, { block, dtype });
      const whole = localMatrix(rows, columns, element, dtype);
      const t = await (await transpose(a)).gather();
      if (t !== undefined) expectClose(t, whole.T, 0, what);

      const elements = whole.toArrays() as number[][];
      const sizes = elements.map(row => row.map(Math.abs));
      const total = (values: number[]): number => values.reduce((x, y) => x + y, 0);
      const wanted = {
        fro: Math.sqrt(total(sizes.flat().map(x => x * x))),
        one: Math.max(0, ...Array.from({ length: columns }, (_, j) => total(sizes.map(row => row[j])))),
        inf: Math.max(0, ...sizes.map(total)),
        max: Math.max(0, ...sizes.flat()),
      };
      for (const kind of ["fro", "one", "inf", "max"] as const) {
        const tolerance = 16 * epsilon[dtype] * (1 + wanted[kind]);
        expect(await norm(a, kind), `${kind} of ${what}`).to.be.closeTo(wanted[kind], tolerance);
      }

      const x = localMatrix(columns, 1, (i, j) => element(j, i), dtype).data;
      const y = await matvec(a, x);
      const product = elements.map(row => total(row.map((value, j) => value * x[j])));
      expect(y.constructor).to.equal(x.constructor);
      expect(y.length).to.equal(rows);
      for (const [i, value] of y.entries()) {
        expect(value, what).to.be.closeTo(product[i], 4 * (columns + 1) * epsilon[dtype]);
      }
    }
  }
  const huge = DistributedMatrix.fromFunction(grid, 10, 10, () => 1e300, { block: 3 });
  expect(await norm(huge)).to.be.closeTo(1e301, 1e288);
  const nan = (i: number, j: number): number => (i === 7 && j === 2 ? Number.NaN : 1);
  const broken = DistributedMatrix.fromFunction(grid, 10, 10, nan, { block: 3 });
  for (const kind of ["fro", "one", "inf", "max"] as const) expect(await norm(broken, kind)).to.be.NaN;
});

const grid = await ProcessGrid.create(world);
const a = DistributedMatrix.zeros(grid, 4, 3);
await expectFailure(() => norm(a, "two" as "one"), ArgumentError, /kind must be .*, but is two/);
for (const x of [new Float64Array(4), new Float32Array(3), [1, 2, 3] as unknown as Float64Array]) {
  await expectFailure(
    () => matvec(a, x),
    ArgumentError,
    /4 x 3 of float64, so x must be a Float64Array of 3, but is (Float|a list of 3)/,
  );
}
await grid.free();
await ok();
