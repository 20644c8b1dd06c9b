/** Right-looking Cholesky, as ScaLAPACK's pdpotrf, with the next panel factorised before the rest is updated. */
import { NotPositiveDefiniteError } from "../../errors.ts";
import { newArray } from "../matrix.ts";
import type { FloatArray } from "../types.ts";
import { checkFinite, checkSides, checkSquare } from "./checks.ts";
import { checkAlike, type DistributedMatrix } from "./distributed-matrix.ts";
import { pack, worker } from "./local.ts";
import { transpose } from "./transpose.ts";
import { solveTriangular } from "./triangular.ts";

/** Columns that one product updates: more of them run faster, but more of what they compute is above the diagonal. */
const STRIP = 256;

interface Panel {
  k: number;
  width: number;
  /** The panel below its block of the diagonal: the rows that this rank has. */
  rows: FloatArray;
  /** The same, for the rows whose numbers are those of the columns that this rank has. */
  columns: FloatArray;
}

/**
 * Factorises a block of the diagonal in place: 0, or the order of its first leading minor that is not positive. A positive
 * definite matrix has no element that overflows: by Cauchy and Schwarz what is taken out of (i, j) is at most the root of
 * a(i, i) a(j, j). So where one is not finite, the minor that ends with its row is not positive, if none before it.
 */
async function factorBlock(width: number, block: FloatArray, lda: number): Promise<number> {
  try {
    await worker.potrf(width, block, { lda });
    return 0;
  } catch (error) {
    if (error instanceof NotPositiveDefiniteError) return error.order;
    let finite = 0;
    while (finite < width && block.subarray(finite * lda, finite * lda + finite + 1).every(Number.isFinite))
      finite++;
    if (finite === width) throw error;
    return (await factorBlock(finite, block, lda)) || finite + 1;
  }
}

/** How the block of the diagonal was factorised, which stands behind a panel's elements: 0, or the order that failed. */
interface Factored {
  status: number;
  solved: Promise<void> | undefined;
}

class Factorisation {
  readonly #l: DistributedMatrix;

  constructor(l: DistributedMatrix) {
    this.#l = l;
  }

  /** Factorises a block of the diagonal, and begins to solve for what is below it, on the process column that has both. */
  async factor(k: number): Promise<Factored> {
    const { grid, rowAxis, columnAxis, dtype, local } = this.#l;
    if (grid.column !== k % grid.columns) return { status: 0, solved: undefined };
    const width = rowAxis.widthOf(k);
    const column = columnAxis.startOf(k);
    const lda = local.columns;
    const diagonal = newArray(dtype, width * width + 1);
    if (grid.row === k % grid.rows) {
      const row = rowAxis.startOf(k);
      const block = local.data.subarray(row * lda + column);
      diagonal[width * width] = await factorBlock(width, block, lda);
      pack(local.slice(row, row + width, column, column + width), diagonal);
    }
    await grid.columnRanks.broadcastInto(diagonal, { root: k % grid.rows });
    const status = diagonal[width * width];
    const first = rowAxis.before(grid.row, k + 1);
    const below = local.rows - first;
    if (status !== 0 || below === 0) return { status, solved: undefined };
    const solved = worker.trsm(below, width, diagonal, local.data.subarray(first * lda + column), {
      side: "R",
      trans: "T",
      ldb: lda,
    });
    return { status, solved };
  }

  /** Brings a factorised panel to all ranks, each what it needs. */
  async share(k: number, { status, solved }: Factored): Promise<Panel> {
    const { grid, rows: n, rowAxis, columnAxis, dtype, local } = this.#l;
    const width = rowAxis.widthOf(k);
    const first = rowAxis.before(grid.row, k + 1);
    const panel = newArray(dtype, (local.rows - first) * width + 1);
    await solved;
    if (grid.column === k % grid.columns) {
      const column = columnAxis.startOf(k);
      pack(local.slice(first, local.rows, column, column + width), panel);
      panel[panel.length - 1] = status;
    }
    await grid.rowRanks.broadcastInto(panel, { root: k % grid.columns });
    if (panel[panel.length - 1] !== 0) {
      const order = k * rowAxis.block + panel[panel.length - 1];
      throw new NotPositiveDefiniteError(
        `cholesky: the ${n} x ${n} matrix is not positive definite: its leading minor of order ${order} is not positive`,
        order,
      );
    }
    const rows = panel.subarray(0, panel.length - 1);
    return { k, width, rows, columns: await this.#columnsOf(k, rows, first, width) };
  }

  /** The rows of a panel that each rank of a process column needs all of, some of which each has. */
  async #columnsOf(k: number, rows: FloatArray, first: number, width: number): Promise<FloatArray> {
    const { grid, rowAxis, columnAxis, dtype, local } = this.#l;
    const from = columnAxis.before(grid.column, k + 1);
    const mine: FloatArray[] = [];
    for (const j of rowAxis.blocksOf(grid.row, k + 1)) {
      if (j % grid.columns !== grid.column) continue;
      const start = (rowAxis.startOf(j) - first) * width;
      mine.push(rows.subarray(start, start + rowAxis.widthOf(j) * width));
    }
    const given = newArray(
      dtype,
      mine.reduce((total, part) => total + part.length, 0),
    );
    let at = 0;
    for (const part of mine) {
      given.set(part, at);
      at += part.length;
    }
    const columns = newArray(dtype, (local.columns - from) * width);
    if (grid.rows === 1) return given;
    const gathered = newArray(dtype, columns.length);
    await grid.columnRanks.allgatherInto(gathered, given);
    at = 0;
    for (let row = 0; row < grid.rows; row++) {
      for (const j of columnAxis.blocksOf(grid.column, k + 1)) {
        if (j % grid.rows !== row) continue;
        const length = columnAxis.widthOf(j) * width;
        columns.set(gathered.subarray(at, at + length), (columnAxis.startOf(j) - from) * width);
        at += length;
      }
    }
    return columns;
  }

  /** Begins to take a panel's share out of the block columns from `start` to before `end`, on and below the diagonal. */
  update({ k, width, rows, columns }: Panel, start: number, end: number): Promise<unknown> {
    const { grid, rowAxis, columnAxis, local, block } = this.#l;
    const firstRow = rowAxis.before(grid.row, k + 1);
    const firstColumn = columnAxis.before(grid.column, k + 1);
    const strip = Math.max(1, Math.floor(STRIP / block));
    const blocks = [...columnAxis.blocksOf(grid.column, start)].filter(j => j < end);
    const products: Promise<void>[] = [];
    for (let i = 0; i < blocks.length; i += strip) {
      const first = blocks[i];
      const top = rowAxis.before(grid.row, first);
      const left = columnAxis.startOf(first);
      const last = blocks[Math.min(i + strip, blocks.length) - 1];
      const right = columnAxis.startOf(last) + columnAxis.widthOf(last);
      if (top === local.rows) continue;
      products.push(
        worker.gemm(
          local.rows - top,
          right - left,
          width,
          rows.subarray((top - firstRow) * width),
          columns.subarray((left - firstColumn) * width),
          local.data.subarray(top * local.columns + left),
          { transB: "T", alpha: -1, beta: 1, ldc: local.columns },
        ),
      );
    }
    return Promise.all(products);
  }

  /** Only a lower triangle is a result. */
  clearUpper(): void {
    const { grid, rowAxis, columnAxis, local } = this.#l;
    for (let r = 0; r < local.rows; r++) {
      const i = rowAxis.globalOf(grid.row, r);
      const b = Math.floor(i / columnAxis.block);
      let from = columnAxis.before(grid.column, b);
      while (from < local.columns && columnAxis.globalOf(grid.column, from) <= i) from++;
      local.data.fill(0, r * local.columns + from, (r + 1) * local.columns);
    }
  }
}

/**
 * The lower triangular l with a = l lᵀ, on the same grid; only the lower triangle of a is read.
 * @throws {ArgumentError} when a is not square, or has an element in that triangle that is NaN or infinite.
 * @throws {NotPositiveDefiniteError} on all ranks, with the order of the first leading minor that is not positive.
 */
export async function cholesky(a: DistributedMatrix): Promise<DistributedMatrix> {
  checkSquare("cholesky", "a", a);
  await checkFinite("cholesky", a, "lower");
  const l = a.copy();
  const factorisation = new Factorisation(l);
  const { blocks } = l.rowAxis;
  let coming = blocks === 0 ? undefined : factorisation.share(0, await factorisation.factor(0));
  for (let k = 0; k < blocks; k++) {
    const panel = await coming!;
    if (k + 1 === blocks) break;
    // The next panel comes before the rest in the worker's queue, and travels while that is updated.
    const next = factorisation.update(panel, k + 1, k + 2);
    coming = factorisation.share(k + 1, await factorisation.factor(k + 1));
    const rest = factorisation.update(panel, k + 2, blocks);
    await Promise.all([next, rest, coming]);
  }
  factorisation.clearUpper();
  return l;
}

/**
 * Solves a x = b by what `cholesky` has made of a.
 * @throws {ArgumentError} when the shapes do not fit, or l and b are laid out differently.
 */
export async function choleskySolve(l: DistributedMatrix, b: DistributedMatrix): Promise<DistributedMatrix> {
  checkSquare("choleskySolve", "l", l);
  checkSides("choleskySolve", l, b);
  checkAlike("choleskySolve", l, b);
  const half = await solveTriangular(l, b);
  return solveTriangular(await transpose(l), half, { uplo: "U" });
}
