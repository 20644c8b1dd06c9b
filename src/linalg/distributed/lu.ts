/** Right-looking LU with partial pivoting, as ScaLAPACK's pdgetrf, with the next panel factorised before the rest is updated. */
import { ArgumentError, SingularMatrixError } from "../../errors.ts";
import { Matrix, newArray } from "../matrix.ts";
import type { FloatArray } from "../types.ts";
import { checkFinite, checkSides, checkSquare } from "./checks.ts";
import { checkAlike, type DistributedMatrix } from "./distributed-matrix.ts";
import { now, pack, worker } from "./local.ts";
import { FACTORED, type Factored, factorPanel, OVERFLOWED } from "./lu-panel.ts";
import { swapRows } from "./permute.ts";
import { solveTriangular } from "./triangular.ts";

export interface Lu {
  /** u on and above the diagonal; below it l, whose diagonal of ones is not stored. */
  factors: DistributedMatrix;
  /** Row i was exchanged with row pivots[i], for i from 0 on; all ranks have all. */
  pivots: Int32Array;
}

/** A block column from its block of the diagonal on, factorised: the rows that this rank has. */
interface Panel extends Factored {
  data: FloatArray;
}

/** Factorises block column k, which its process column has, and brings it to all ranks, into `room`. */
async function bring(
  { grid, rowAxis, columnAxis, local }: DistributedMatrix,
  k: number,
  room: FloatArray,
): Promise<Panel> {
  const width = rowAxis.widthOf(k);
  const [row, column] = [k % grid.rows, k % grid.columns];
  const top = rowAxis.before(grid.row, k);
  const data = room.subarray(0, (local.rows - top) * width);
  /** The pivots, and what has become of the panel. */
  const found = new Int32Array(width + 1);
  if (grid.column === column) {
    const left = columnAxis.startOf(k);
    pack(local.slice(top, local.rows, left, left + width), data);
    const { pivots, status } = await factorPanel(grid.columnRanks, {
      data,
      rows: local.rows - top,
      width,
      globalOf: i => rowAxis.globalOf(grid.row, top + i),
      ownerOf: i => rowAxis.ownerOf(i),
      localOf: i => rowAxis.localOf(i) - top,
      first: k * rowAxis.block,
      diagonalOwner: row,
    });
    found.set(pivots);
    found[width] = status;
  }
  await Promise.all([
    grid.rowRanks.broadcastInto(found, { root: column }),
    grid.rowRanks.broadcastInto(data, { root: column }),
  ]);
  return { data, pivots: found.subarray(0, width), status: found[width] };
}

/**
 * p a = l u.
 * @throws {ArgumentError} when a is not square, an element is NaN or infinite, or a pivot becomes so on the way.
 * @throws {SingularMatrixError} on all ranks, with the column in which no pivot was found.
 */
export async function lu(a: DistributedMatrix): Promise<Lu> {
  checkSquare("lu", "a", a);
  await checkFinite("lu", a, "all");
  const factors = a.copy();
  const { grid, rows: n, rowAxis, columnAxis, dtype, local } = factors;
  const pivots = new Int32Array(n);
  const { columns, data } = local;
  // For the panel by which is updated, and the one that comes; and for the rows of u beside the former, unless every rank has them.
  // Fresh memory for each would take longer than what fills it.
  const rooms = [0, 1].map(() => newArray(dtype, local.rows * rowAxis.block));
  const roomAbove = newArray(dtype, grid.rows === 1 ? 0 : rowAxis.block * columns);
  let panel = rowAxis.blocks === 0 ? undefined : await bring(factors, 0, rooms[0]);
  for (let k = 0; panel !== undefined; k++) {
    const first = k * rowAxis.block;
    if (panel.status === OVERFLOWED) {
      throw new ArgumentError(
        `lu: elements of the ${n} x ${n} matrix overflow while its columns from ${first} on are eliminated; scale it`,
      );
    }
    if (panel.status !== FACTORED) {
      const index = first + panel.status;
      throw new SingularMatrixError(
        `lu: the ${n} x ${n} matrix is singular: pivot ${index} is exactly zero`,
        index,
      );
    }
    pivots.set(panel.pivots, first);
    await swapRows(factors, panel.pivots, first);
    const width = rowAxis.widthOf(k);
    const top = rowAxis.before(grid.row, k);
    if (grid.column === k % grid.columns) {
      // The panel's own rows have been exchanged in the copy, which then replaces them.
      const from = top * columns + columnAxis.startOf(k);
      pack(new Matrix(panel.data, local.rows - top, width), data.subarray(from), columns);
    }
    const right = columnAxis.before(grid.column, k + 1);
    const rest = columns - right;
    const has = grid.row === k % grid.rows ? width : 0;
    const place = data.subarray(top * columns + right);
    if (has > 0 && rest > 0) now.trsm(width, rest, panel.data, place, { diag: "U", ldb: columns });
    let [above, ldb] = [place, columns];
    if (grid.rows > 1) {
      [above, ldb] = [roomAbove.subarray(0, width * rest), rest];
      if (has > 0 && rest > 0) pack(local.slice(top, top + width, right), above);
      await grid.columnRanks.broadcastInto(above, { root: k % grid.rows });
    }
    const below = local.rows - top - has;
    const lower = panel.data.subarray(has * width);
    const target = data.subarray((top + has) * columns + right);
    const update = async (from: number, to: number): Promise<void> => {
      if (below === 0 || from === to) return;
      await worker.gemm(below, to - from, width, lower, above.subarray(from), target.subarray(from), {
        alpha: -1,
        beta: 1,
        ldb,
        ldc: columns,
      });
    };
    // The next panel is updated first, and then factorised and sent while the rest is updated.
    const next = k + 1;
    const own = grid.column === next % grid.columns && next < rowAxis.blocks ? rowAxis.widthOf(next) : 0;
    await update(0, own);
    const coming = next < rowAxis.blocks ? bring(factors, next, rooms[next % 2]) : undefined;
    [panel] = await Promise.all([coming, update(own, rest)]);
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
