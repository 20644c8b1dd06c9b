/** Right-looking LU with partial pivoting, as ScaLAPACK's pdgetrf. */
import { ArgumentError, SingularMatrixError } from "../../errors.ts";
import { Matrix, newArray } from "../matrix.ts";
import { checkFinite, checkSides, checkSquare } from "./checks.ts";
import { checkAlike, type DistributedMatrix } from "./distributed-matrix.ts";
import { now, pack, worker } from "./local.ts";
import { factorPanel } from "./lu-panel.ts";
import { swapRows } from "./permute.ts";
import { solveTriangular } from "./triangular.ts";

export interface Lu {
  /** u on and above the diagonal; below it l, whose diagonal of ones is not stored. */
  factors: DistributedMatrix;
  /** Row i was exchanged with row pivots[i], for i from 0 on; all ranks have all. */
  pivots: Int32Array;
}

/**
 * p a = l u.
 * @throws {ArgumentError} when a is not square, or an element is NaN or infinite.
 * @throws {SingularMatrixError} on all ranks, with the column in which no pivot was found.
 */
export async function lu(a: DistributedMatrix): Promise<Lu> {
  checkSquare("lu", "a", a);
  await checkFinite("lu", a, "all");
  const factors = a.copy();
  const { grid, rows: n, rowAxis, columnAxis, dtype, local } = factors;
  const pivots = new Int32Array(n);
  const { columns, data } = local;
  for (let k = 0; k < rowAxis.blocks; k++) {
    const width = rowAxis.widthOf(k);
    const [row, column] = [k % grid.rows, k % grid.columns];
    const top = rowAxis.before(grid.row, k);
    const left = columnAxis.startOf(k);
    const panel = newArray(dtype, (local.rows - top) * width);
    /** The pivots, and the column that is zero. */
    const found = new Int32Array(width + 1);
    if (grid.column === column) {
      pack(local.slice(top, local.rows, left, left + width), panel);
      const { pivots: chosen, zero } = await factorPanel(grid.columnRanks, {
        data: panel,
        rows: local.rows - top,
        width,
        globalOf: i => rowAxis.globalOf(grid.row, top + i),
        ownerOf: i => rowAxis.ownerOf(i),
        localOf: i => rowAxis.localOf(i) - top,
        first: k * rowAxis.block,
        diagonalOwner: row,
      });
      found.set(chosen);
      found[width] = zero;
    }
    await grid.rowRanks.broadcastInto(found, { root: column });
    if (found[width] >= 0) {
      const index = k * rowAxis.block + found[width];
      throw new SingularMatrixError(
        `lu: the ${n} x ${n} matrix is singular: pivot ${index} is exactly zero`,
        index,
      );
    }
    const chosen = found.subarray(0, width);
    pivots.set(chosen, k * rowAxis.block);
    // The panel's own rows have been exchanged in the copy, which then replaces them.
    await Promise.all([
      grid.rowRanks.broadcastInto(panel, { root: column }),
      swapRows(factors, chosen, k * rowAxis.block),
    ]);
    if (grid.column === column) {
      pack(new Matrix(panel, local.rows - top, width), data.subarray(top * columns + left), columns);
    }
    const right = columnAxis.before(grid.column, k + 1);
    const rest = columns - right;
    const upper = newArray(dtype, width * rest);
    const has = grid.row === row ? width : 0;
    if (has > 0 && rest > 0) {
      const place = data.subarray(top * columns + right);
      now.trsm(width, rest, panel, place, { diag: "U", ldb: columns });
      pack(local.slice(top, top + width, right), upper);
    }
    await grid.columnRanks.broadcastInto(upper, { root: row });
    const below = local.rows - top - has;
    if (below === 0 || rest === 0) continue;
    const target = data.subarray((top + has) * columns + right);
    await worker.gemm(below, rest, width, panel.subarray(has * width), upper, target, {
      alpha: -1,
      beta: 1,
      ldc: columns,
    });
  }
  return { factors, pivots };
}

/**
 * Solves a x = b by what `lu` has made of a.
 * @throws {ArgumentError} when the shapes do not fit, the matrices are laid out differently, or a pivot is no row of them.
 */
export async function luSolve({ factors, pivots }: Lu, b: DistributedMatrix): Promise<DistributedMatrix> {
  checkSquare("luSolve", "factors", factors);
  checkSides("luSolve", factors, b);
  checkAlike("luSolve", factors, b);
  const { rows } = factors;
  if (!(pivots instanceof Int32Array) || pivots.length !== rows) {
    throw new ArgumentError(`luSolve: pivots must be the Int32Array of ${rows} that lu has made`);
  }
  const wrong = pivots.findIndex(row => row < 0 || row >= rows);
  if (wrong >= 0) {
    throw new ArgumentError(`luSolve: pivots[${wrong}] is ${pivots[wrong]}, which is no row of ${rows}`);
  }
  const x = b.copy();
  await swapRows(x, pivots, 0);
  const half = await solveTriangular(factors, x, { diag: "U" });
  return solveTriangular(factors, half, { uplo: "U" });
}

/**
 * Solves a x = b, by `lu`.
 * @throws {ArgumentError} when shapes do not fit, layouts differ, or an element of a is NaN or infinite.
 * @throws {SingularMatrixError} as lu.
 */
export async function solve(a: DistributedMatrix, b: DistributedMatrix): Promise<DistributedMatrix> {
  checkSquare("solve", "a", a);
  checkSides("solve", a, b);
  checkAlike("solve", a, b);
  return luSolve(await lu(a), b);
}
