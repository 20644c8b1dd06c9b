import { expect } from "chai";
import { sum, world } from "tsmpi";
import { Matrix, ProcessGrid, type RealDtype } from "tsmpi/linalg";

export const dtypes: RealDtype[] = ["float64", "float32"];
export const epsilon: Record<RealDtype, number> = { float64: 2 ** -52, float32: 2 ** -23 };

/** Numbers in -1 .. 1 that look random, the same on every rank. */
export function element(i: number, j: number): number {
  const bits = Math.imul(Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(j + 1, 0x85ebca77), 0xc2b2ae35);
  return ((bits ^ (bits >>> 15)) | 0) / 2 ** 31;
}

/** The same matrix in one process. */
export function localMatrix(
  rows: number,
  columns: number,
  f: (i: number, j: number) => number,
  dtype: RealDtype = "float64",
): Matrix {
  const matrix = Matrix.zeros(rows, columns, dtype);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) matrix.data[i * columns + j] = f(i, j);
  return matrix;
}

export function expectClose(got: Matrix, wanted: Matrix, tolerance: number, what: string): void {
  expect(got.shape, what).to.deep.equal(wanted.shape);
  for (let i = 0; i < wanted.rows; i++) {
    for (let j = 0; j < wanted.columns; j++) {
      const [a, b] = [got.at(i, j) as number, wanted.at(i, j) as number];
      if (!(Math.abs(a - b) <= tolerance)) expect.fail(`${what}: (${i}, ${j}) is ${a}, not ${b}`);
    }
  }
}

/** All grids that the ranks can form. */
export async function eachGrid(visit: (grid: ProcessGrid) => Promise<void>): Promise<void> {
  for (let rows = 1; rows <= world.size; rows++) {
    if (world.size % rows !== 0) continue;
    const grid = await ProcessGrid.create(world, { rows });
    await visit(grid);
    await grid.free();
  }
}

/** Expects a failure of one class on every rank, with what its message must tell. */
export async function expectFailure(
  call: () => unknown,
  errorClass: abstract new (...args: never[]) => Error,
  message: RegExp,
): Promise<Error> {
  let failure: unknown;
  try {
    await call();
  } catch (error) {
    failure = error;
  }
  expect(failure).to.be.instanceOf(errorClass);
  expect((failure as Error).message).to.match(message);
  return failure as Error;
}

/** Says that all ranks came to the end. */
export async function ok(): Promise<void> {
  const ranks = await world.allreduce(1, sum);
  if (world.rank === 0) console.log(`ok on ${ranks}`);
}
