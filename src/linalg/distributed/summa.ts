/** SUMMA: van de Geijn and Watts, "SUMMA: scalable universal matrix multiplication algorithm" (1997). */
import type { Communicator } from "../../index.ts";
import { type Matrix, newArray } from "../matrix.ts";
import type { FloatArray } from "../types.ts";
import type { Axis } from "./axis.ts";
import { pack, worker } from "./local.ts";

/** Panels of about so many columns of a: wide enough for the product to run at full speed. */
const WIDTH = 512;

/** The ranks among which panels are broadcast. */
export interface Ranks {
  readonly rowRanks: Communicator;
  readonly columnRanks: Communicator;
}

/** Blocks of the inner dimension that lie in one process column of a and in one process row of b. */
export interface Panel {
  readonly column: number;
  readonly row: number;
  width: number;
  /** Of each block its width, where it begins in the columns of a there, and in the rows of b. */
  readonly blocks: { width: number; left: number; right: number }[];
}

/**
 * Cuts those blocks of the inner dimension for which `has` holds into panels, several blocks at once where they are
 * narrow. The order of the sum is free, so that the blocks of a panel need not be neighbours.
 */
export function panelsOf(
  inner: Axis,
  rows: number,
  columns: number,
  has: (block: number) => boolean,
): Panel[] {
  let period = columns;
  while (period % rows !== 0) period += columns;
  const atOnce = Math.max(1, Math.floor(WIDTH / inner.block));
  const panels: Panel[] = [];
  const open = new Map<number, Panel>();
  const lefts = new Float64Array(columns);
  const rights = new Float64Array(rows);
  for (let b = 0; b < inner.blocks; b++) {
    if (!has(b)) continue;
    const width = inner.widthOf(b);
    const [column, row] = [b % columns, b % rows];
    let panel = open.get(b % period);
    if (panel === undefined || panel.blocks.length === atOnce) {
      panel = { column, row, width: 0, blocks: [] };
      open.set(b % period, panel);
      panels.push(panel);
    }
    panel.blocks.push({ width, left: lefts[column], right: rights[row] });
    panel.width += width;
    lefts[column] += width;
    rights[row] += width;
  }
  return panels;
}

/** One array after the other, cut out of one. */
function cut(array: FloatArray, lengths: readonly number[]): FloatArray[] {
  let end = 0;
  return lengths.map(length => array.subarray(end, (end += length)));
}

export const total = (lengths: readonly number[]): number => lengths.reduce((sum, length) => sum + length, 0);

/** Brings a panel to all ranks that need it, into arrays that are long enough for each; returns it piece by piece. */
async function fetch(
  { width, blocks, column, row }: Panel,
  { rowRanks, columnRanks }: Ranks,
  a: readonly Matrix[],
  b: readonly Matrix[],
  into: readonly FloatArray[],
): Promise<FloatArray[][]> {
  const lengths = [a.map(piece => piece.rows * width), b.map(piece => piece.columns * width)];
  const [whole, wholeRight] = lengths.map((list, side) => into[side].subarray(0, total(list)));
  const [left, right] = [cut(whole, lengths[0]), cut(wholeRight, lengths[1])];
  let at = 0;
  for (const block of blocks) {
    if (rowRanks.rank === column) {
      for (const [p, piece] of a.entries()) {
        pack(piece.slice(0, piece.rows, block.left, block.left + block.width), left[p].subarray(at), width);
      }
    }
    if (columnRanks.rank === row) {
      for (const [p, piece] of b.entries()) {
        pack(piece.slice(block.right, block.right + block.width), right[p].subarray(at * piece.columns));
      }
    }
    at += block.width;
  }
  await Promise.all([
    rowRanks.broadcastInto(whole, { root: column }),
    columnRanks.broadcastInto(wholeRight, { root: row }),
  ]);
  return [left, right];
}

/**
 * Fills c with a b, or with the part of it that the panels give. Of a each rank has pieces of rows, all with its columns
 * of a; of b pieces of columns, all with its rows of b; c[p][q] takes the product of pieces p and q, row by row. The next panel
 * travels while this one is multiplied.
 */
export async function summa(
  ranks: Ranks,
  panels: readonly Panel[],
  a: readonly Matrix[],
  b: readonly Matrix[],
  c: readonly (readonly FloatArray[])[],
): Promise<void> {
  const widest = Math.max(0, ...panels.map(({ width }) => width));
  const sizes = [total(a.map(({ rows }) => rows)), total(b.map(({ columns }) => columns))];
  // For the panel that is multiplied and the one that travels.
  const buffers = [0, 1].map(() => sizes.map(size => newArray(a[0].dtype, size * widest)));
  const start = (i: number) => fetch(panels[i], ranks, a, b, buffers[i % 2]);
  let coming = panels.length === 0 ? undefined : start(0);
  for (const [i, { width }] of panels.entries()) {
    const [left, right] = await coming!;
    const products = a.flatMap(({ rows }, p) =>
      b.map(({ columns }, q) =>
        worker.gemm(rows, columns, width, left[p], right[q], c[p][q], { beta: i === 0 ? 0 : 1 }),
      ),
    );
    coming = i + 1 < panels.length ? start(i + 1) : undefined;
    await Promise.all(products);
  }
}
