import { type OptionNames, requireKnownOptions } from "../../known-options.ts";
import { newArray } from "../matrix.ts";
import { diagCode, uploCode } from "../shapes.ts";
import type { Diag, Uplo } from "../types.ts";
import { checkSides, checkSquare } from "./checks.ts";
import { checkAlike, type DistributedMatrix } from "./distributed-matrix.ts";
import { now, pack, worker } from "./local.ts";

export interface TriangularSolveOptions {
  /** Which triangle of t is used, "L" unless said. */
  uplo?: Uplo;
  /** "U": ones are taken to stand on the diagonal. */
  diag?: Diag;
}

const triangularOptions: OptionNames<TriangularSolveOptions> = { uplo: true, diag: true };

/**
 * Solves t x = b for a triangular t; the other triangle is not read. A block row of x is solved for on its process row,
 * broadcast down the columns, and taken out of all block rows that are left.
 * @throws {ArgumentError} when the shapes do not fit, t and b are laid out differently, or a letter is none.
 */
export async function solveTriangular(
  t: DistributedMatrix,
  b: DistributedMatrix,
  options: TriangularSolveOptions = {},
): Promise<DistributedMatrix> {
  requireKnownOptions("solveTriangular", options, triangularOptions);
  const { uplo = "L", diag = "N" } = options;
  // Here, for trsm would say so only to the ranks that have a block of the diagonal.
  uploCode("solveTriangular", uplo);
  diagCode("solveTriangular", diag);
  checkSquare("solveTriangular", "t", t);
  checkSides("solveTriangular", t, b);
  checkAlike("solveTriangular", t, b);
  const { grid, rowAxis, columnAxis, dtype } = t;
  const x = b.copy();
  const { columns, data } = x.local;
  const lower = uplo === "L";
  for (let step = 0; step < rowAxis.blocks; step++) {
    const k = lower ? step : rowAxis.blocks - 1 - step;
    const width = rowAxis.widthOf(k);
    const row = k % grid.rows;
    const column = k % grid.columns;
    // What this rank has of the block column, from its block of the diagonal on.
    const top = lower ? rowAxis.before(grid.row, k) : 0;
    const bottom = lower ? t.local.rows : rowAxis.before(grid.row, k + 1);
    const panel = newArray(dtype, (bottom - top) * width);
    if (grid.column === column) {
      const start = columnAxis.startOf(k);
      pack(t.local.slice(top, bottom, start, start + width), panel);
    }
    await grid.rowRanks.broadcastInto(panel, { root: column });
    const solved = newArray(dtype, width * columns);
    const has = grid.row === row ? width : 0;
    if (has > 0 && columns > 0) {
      const start = rowAxis.startOf(k);
      const place = data.subarray(start * columns, (start + width) * columns);
      now.trsm(width, columns, panel.subarray((start - top) * width), place, { uplo, diag });
      solved.set(place);
    }
    await grid.columnRanks.broadcastInto(solved, { root: row });
    const rows = bottom - top - has;
    if (rows === 0 || columns === 0) continue;
    const first = lower ? top + has : top;
    const factors = panel.subarray((first - top) * width);
    const rest = data.subarray(first * columns);
    await worker.gemm(rows, columns, width, factors, solved, rest, { alpha: -1, beta: 1 });
  }
  return x;
}
