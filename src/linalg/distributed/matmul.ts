/** SUMMA: van de Geijn and Watts, "SUMMA: scalable universal matrix multiplication algorithm" (1997). */
import { ArgumentError } from "../../errors.ts";
import { newArray } from "../matrix.ts";
import type { FloatArray } from "../types.ts";
import { checkAlike, type DistributedMatrix } from "./distributed-matrix.ts";
import { pack, worker } from "./local.ts";

/** Panels of about so many columns of a: wide enough for the product to run at full speed. */
const WIDTH = 512;

interface Panel {
  width: number;
  /** This rank's rows of the panel's columns of a. */
  a: FloatArray;
  /** This rank's columns of the panel's rows of b. */
  b: FloatArray;
}

/**
 * Blocks of the inner dimension, so many at once that the panel is wide; those of a panel lie in one process column of a
 * and in one process row of b. The order of the sum is free, so that blocks need not be neighbours.
 */
function panelsOf(a: DistributedMatrix): number[][] {
  const { grid, columnAxis, block } = a;
  let period = grid.columns;
  while (period % grid.rows !== 0) period += grid.columns;
  const atOnce = Math.max(1, Math.floor(WIDTH / block));
  const panels: number[][] = [];
  for (let first = 0; first < columnAxis.blocks; first += period * atOnce) {
    for (let b = first; b < Math.min(first + period, columnAxis.blocks); b++) {
      const panel: number[] = [];
      for (let k = b; k < columnAxis.blocks && panel.length < atOnce; k += period) panel.push(k);
      panels.push(panel);
    }
  }
  return panels;
}

/** Brings a panel to all ranks that need it. */
async function fetch(blocks: readonly number[], a: DistributedMatrix, b: DistributedMatrix): Promise<Panel> {
  const { grid, dtype, columnAxis } = a;
  const width = blocks.reduce((sum, k) => sum + columnAxis.widthOf(k), 0);
  const left = newArray(dtype, a.local.rows * width);
  const right = newArray(dtype, width * b.local.columns);
  const column = blocks[0] % grid.columns;
  const row = blocks[0] % grid.rows;
  let at = 0;
  for (const k of blocks) {
    const w = columnAxis.widthOf(k);
    if (grid.column === column) {
      const start = columnAxis.startOf(k);
      pack(a.local.slice(0, a.local.rows, start, start + w), left.subarray(at), width);
    }
    if (grid.row === row) {
      const start = b.rowAxis.startOf(k);
      pack(b.local.slice(start, start + w), right.subarray(at * b.local.columns));
    }
    at += w;
  }
  await Promise.all([
    grid.rowRanks.broadcastInto(left, { root: column }),
    grid.columnRanks.broadcastInto(right, { root: row }),
  ]);
  return { width, a: left, b: right };
}

/**
 * The product a b, on the same grid. The next panel travels while this one is multiplied. Each rank needs memory for two
 * panels of 512 columns of its rows of a and as many rows of its columns of b.
 * @throws {ArgumentError} when the columns of a are not as many as the rows of b, or they are laid out differently.
 */
export async function matmul(a: DistributedMatrix, b: DistributedMatrix): Promise<DistributedMatrix> {
  checkAlike("matmul", a, b);
  if (a.columns !== b.rows) {
    throw new ArgumentError(
      `matmul: a is ${a.rows} x ${a.columns}, b is ${b.rows} x ${b.columns}; the columns of a must be as many as the rows of b`,
    );
  }
  const c = a.zerosLike(a.rows, b.columns);
  const { rows, columns, data } = c.local;
  const panels = panelsOf(a);
  let coming = panels.length === 0 ? undefined : fetch(panels[0], a, b);
  for (let i = 0; i < panels.length; i++) {
    const panel = await coming!;
    const product = worker.gemm(rows, columns, panel.width, panel.a, panel.b, data, {
      beta: i === 0 ? 0 : 1,
    });
    coming = i + 1 < panels.length ? fetch(panels[i + 1], a, b) : undefined;
    await product;
  }
  return c;
}
