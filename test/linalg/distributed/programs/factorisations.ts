/** Cholesky, LU and what solves by them, against one process. */
import { expect } from "chai";
import { ArgumentError, NotPositiveDefiniteError, SingularMatrixError, world } from "tsmpi";
import { DistributedMatrix, distributed, Matrix, ProcessGrid, type RealDtype, sync } from "tsmpi/linalg";
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

const { cholesky, choleskySolve, lu, luSolve, solve, solveTriangular } = distributed;

/** Symmetric, positive definite by its diagonal; NaN above it, where nothing may be read. */
const definite =
  (n: number) =>
  (i: number, j: number): number =>
    i === j ? n + 1 : j > i ? Number.NaN : element(i, j);
const sides = (i: number, j: number): number => element(j + 7, i + 3);

async function checkSolution(
  a: (i: number, j: number) => number,
  x: DistributedMatrix,
  n: number,
  sidesCount: number,
  dtype: RealDtype,
  what: string,
): Promise<void> {
  const solution = await x.gather();
  if (solution === undefined) return;
  const b = localMatrix(n, sidesCount, sides, dtype);
  const product = sync.matmul(localMatrix(n, n, a, dtype), solution);
  const size = Math.max(1, ...Array.from(solution.data, Math.abs));
  expectClose(product, b, 32 * n * (n + 1) * epsilon[dtype] * size, what);
}

const cases = [
  [0, 1, 4],
  [1, 1, 1],
  [13, 2, 3],
  [30, 1, 30],
  [47, 5, 8],
  [90, 3, 20],
];

await eachGrid(async grid => {
  for (const dtype of dtypes) {
    for (const [n, count, block] of cases) {
      const options = { block, dtype };
      const what = `${n} of ${dtype} in ${block} on ${grid.rows} x ${grid.columns}`;
      const b = DistributedMatrix.fromFunction(grid, n, count, sides, options);

      const lower = definite(n);
      const whole = (i: number, j: number): number => lower(Math.max(i, j), Math.min(i, j));
      const s = DistributedMatrix.fromFunction(grid, n, n, lower, options);
      const l = await cholesky(s);
      const factor = await l.gather();
      if (factor !== undefined) {
        const wanted = sync.cholesky(localMatrix(n, n, whole, dtype));
        expectClose(factor, wanted, 8 * (n + 1) * epsilon[dtype], `cholesky ${what}`);
      }
      await checkSolution(whole, await choleskySolve(l, b), n, count, dtype, `choleskySolve ${what}`);

      const a = DistributedMatrix.fromFunction(grid, n, n, element, options);
      const { factors, pivots } = await lu(a);
      const got = await factors.gather();
      if (got !== undefined) {
        // The same rows are chosen as in one process, for there are no ties.
        const wanted = localMatrix(n, n, element, dtype);
        const chosen = new Int32Array(n);
        sync.getrf(n, n, wanted.data, chosen);
        expect(pivots, what).to.deep.equal(chosen);
        expectClose(got, wanted, 64 * (n + 1) * epsilon[dtype], `lu ${what}`);
      }
      await checkSolution(element, await luSolve({ factors, pivots }, b), n, count, dtype, `luSolve ${what}`);
      await checkSolution(element, await solve(a, b), n, count, dtype, `solve ${what}`);

      // Of the triangle that is not named nothing is read.
      for (const uplo of ["L", "U"] as const) {
        const kept = (i: number, j: number): boolean => i === j || i > j === (uplo === "L");
        const triangle = (i: number, j: number): number =>
          i === j ? 3 : kept(i, j) ? element(i, j) / n : Number.NaN;
        const t = DistributedMatrix.fromFunction(grid, n, n, triangle, options);
        const x = await solveTriangular(t, b, { uplo });
        const zeros = (i: number, j: number): number => (kept(i, j) ? triangle(i, j) : 0);
        await checkSolution(zeros, x, n, count, dtype, `solveTriangular ${uplo} ${what}`);
      }
    }
  }

  // What cannot be factorised, with the place, on every rank.
  const n = 40;
  for (const place of [0, 17, n - 1]) {
    const f = (i: number, j: number): number => (i === place && j === place ? -1 : definite(n)(i, j));
    const s = DistributedMatrix.fromFunction(grid, n, n, f, { block: 6 });
    const message = new RegExp(`40 x 40 .* leading minor of order ${place + 1} is not positive`);
    const failure = await expectFailure(() => cholesky(s), NotPositiveDefiniteError, message);
    expect((failure as NotPositiveDefiniteError).order).to.equal(place + 1);

    // Finite, but not what is left when the first column is taken out: infinite, or not a number.
    for (const [corner, left] of [
      [n + 1, 1e200],
      [1e-20, 1e308],
    ]) {
      if (place === 0) continue;
      const h = (i: number, j: number): number => {
        if (i === 0) return corner;
        return j === 0 ? (i === place ? left : 0) : definite(n)(i, j);
      };
      const overflowing = DistributedMatrix.fromFunction(grid, n, n, h, { block: 6 });
      const thrown = await expectFailure(() => cholesky(overflowing), NotPositiveDefiniteError, message);
      expect((thrown as NotPositiveDefiniteError).order).to.equal(place + 1);
    }

    const g = (i: number, j: number): number => (j === place ? 0 : element(i, j));
    const a = DistributedMatrix.fromFunction(grid, n, n, g, { block: 6 });
    const singular = await expectFailure(() => lu(a), SingularMatrixError, new RegExp(`pivot ${place} is`));
    expect((singular as SingularMatrixError).index).to.equal(place);

    // Finite, but not what is left.
    if (place > 0) {
      const large = (i: number, j: number): number => {
        if (i === 0 || i === place) return j > 0 ? 1e308 : i === 0 ? 1 : -1;
        return i === j ? 1 : 0;
      };
      const overflowing = DistributedMatrix.fromFunction(grid, n, n, large, { block: 6 });
      await expectFailure(
        () => lu(overflowing),
        ArgumentError,
        /elements of the 40 x 40 matrix overflow while/,
      );
    }

    const nan = (i: number, j: number): number => (i >= place && j === 0 ? Number.NaN : 1);
    const bad = DistributedMatrix.fromFunction(grid, n, n, nan, { block: 6 });
    const where = new RegExp(`element \\(${place}, 0\\) of a is not a finite number`);
    await expectFailure(() => lu(bad), ArgumentError, where);
    await expectFailure(() => cholesky(bad), ArgumentError, where);
  }
});

const grid = await ProcessGrid.create(world);
const oblong = DistributedMatrix.zeros(grid, 4, 3);
const square = DistributedMatrix.zeros(grid, 3, 3);
for (const call of [cholesky, lu]) {
  await expectFailure(() => call(oblong), ArgumentError, /a must be square, but is 4 x 3/);
}
await expectFailure(() => solve(square, oblong), ArgumentError, /b must have 3 rows, but it is 4 x 3/);
// Wrong for all, though not all would come to use it.
for (const options of [{ uplo: "X" }, { diag: "X" }]) {
  const [name] = Object.keys(options);
  await expectFailure(
    () => solveTriangular(square, square, options as object),
    ArgumentError,
    new RegExp(`^solveTriangular: ${name} must be .* but is a string \\("X"\\)`),
  );
}
await expectFailure(
  () => solveTriangular(square, square, { trans: "T" } as object),
  ArgumentError,
  /^solveTriangular: there is no option trans; there are uplo, diag/,
);
for (const [pivots, message] of [
  [Int32Array.of(0, 3, 2), /luSolve: pivots\[1\] is 3, which is no row of 3/],
  [Int32Array.of(-1, 1, 2), /luSolve: pivots\[0\] is -1/],
  [Int32Array.of(0, 1), /luSolve: pivots must be the Int32Array of 3/],
  [[0, 1, 2] as unknown as Int32Array, /luSolve: pivots must be the Int32Array of 3/],
] as const) {
  await expectFailure(() => luSolve({ factors: square, pivots }, square), ArgumentError, message);
}
const coarse = DistributedMatrix.zeros(grid, 3, 1, { block: 5 });
await expectFailure(() => solve(square, coarse), ArgumentError, /one grid, block size and dtype/);
expect(await cholesky(DistributedMatrix.zeros(grid, 0, 0))).to.be.instanceOf(DistributedMatrix);
expect(sync.matmul(Matrix.zeros(1, 0), Matrix.zeros(0, 1)).data[0]).to.equal(0);
await grid.free();
await ok();
