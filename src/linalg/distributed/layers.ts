/**
 * A product by layers of ranks: Solomonik and Demmel, "Communication-optimal parallel 2.5D matrix multiplication and LU
 * factorization algorithms" (2011).
 *
 * A grid of R x C becomes up x across layers of R / up x C / across ranks: process row i is in layers i % up, process column j
 * in layers floor(j / (C / across)). Ranks in the same place of all layers are mates. A layer multiplies those blocks of the
 * inner dimension whose columns of a lie in its process columns and whose rows of b lie in its process rows. What it lacks
 * of them its ranks' mates have, and give once; within the layer SUMMA brings the rest. Each rank then has one of as many
 * copies of the result as there are layers, for its own elements and those of its mates, which they add up.
 */
import { type Communicator, sum } from "../../index.ts";
import { Matrix, newArray } from "../matrix.ts";
import type { FloatArray } from "../types.ts";
import type { Axis } from "./axis.ts";
import type { DistributedMatrix, RealDtype } from "./distributed-matrix.ts";
import { pack } from "./local.ts";
import type { ProcessGrid } from "./process-grid.ts";
import { panelsOf, summa, total } from "./summa.ts";

/** Layers in the direction of process rows and of process columns. */
export interface Layers {
  readonly up: number;
  readonly across: number;
}

/** Sizes of a product: rows of a, columns of a, columns of b. */
export type Sizes = readonly [m: number, k: number, n: number];

/** All ways to have layers on a grid that share the blocks evenly; the first is a single layer. */
export function waysOf({ rows, columns }: ProcessGrid): Layers[] {
  const ways: Layers[] = [];
  for (let up = 1; up <= rows; up++) {
    for (let across = 1; across <= columns; across++) {
      if (rows % up !== 0 || columns % across !== 0) continue;
      // Successive blocks are of successive layers upwards: each run of blocks of one layer across must meet all of these.
      if (across === 1 || (columns / across) % up === 0) ways.push({ up, across });
    }
  }
  return ways;
}

/** Elements that all ranks together receive in a product; with a single layer those of SUMMA. */
export function traffic({ rows, columns }: ProcessGrid, { up, across }: Layers, [m, k, n]: Sizes): number {
  const left = m * k * (columns / across - 1 + (up - 1) / up);
  const right = k * n * (rows / up - 1 + (across - 1) / across);
  return left + right + m * n * (up * across - 1);
}

/** Elements of memory that each rank needs for layers: its copy of the result, and what mates exchange. */
export function memory({ rows, columns }: ProcessGrid, { up, across }: Layers, [m, k, n]: Sizes): number {
  const exchanged = (up > 1 ? 2 * m * k : 0) + (across > 1 ? 2 * k * n : 0);
  return (up * across * m * n + exchanged) / (rows * columns);
}

/** Matrices that follow each other in one array. */
class Parts {
  readonly whole: FloatArray;
  readonly of: readonly Matrix[];
  readonly counts: readonly number[];

  constructor(dtype: RealDtype, shapes: readonly (readonly [rows: number, columns: number])[]) {
    this.counts = shapes.map(([rows, columns]) => rows * columns);
    this.whole = newArray(dtype, total(this.counts));
    let end = 0;
    this.of = shapes.map(([rows, columns]) => {
      const start = end;
      end += rows * columns;
      return new Matrix(this.whole.subarray(start, end), rows, columns);
    });
  }
}

/**
 * What a rank and its mates in one direction have of their common blocks of the inner dimension, dealt out: each gets from
 * each the blocks of its own layer. Blocks are columns of a, and rows of b, which is given as its transpose.
 */
async function exchange(
  mates: Communicator,
  own: Matrix,
  inner: Axis,
  part: number,
  layerOf: (block: number) => number,
  rowsOf: readonly number[],
): Promise<Matrix[]> {
  const widths = new Array<number>(mates.size).fill(0);
  for (const k of inner.blocksOf(part)) widths[layerOf(k)] += inner.widthOf(k);
  const dtype = own.dtype as RealDtype;
  const given = new Parts(
    dtype,
    widths.map(width => [own.rows, width]),
  );
  const taken = new Parts(
    dtype,
    rowsOf.map(rows => [rows, widths[mates.rank]]),
  );
  widths.fill(0);
  for (const k of inner.blocksOf(part)) {
    const [layer, start, width] = [layerOf(k), inner.startOf(k), inner.widthOf(k)];
    const { data, columns } = given.of[layer];
    pack(own.slice(0, own.rows, start, start + width), data.subarray(widths[layer]), columns);
    widths[layer] += width;
  }
  await mates.alltoallInto(taken.whole, given.whole, { sendCounts: given.counts, recvCounts: taken.counts });
  return [...taken.of];
}

/** c = a b in layers. Collective. */
export async function multiplyInLayers(
  { up, across }: Layers,
  a: DistributedMatrix,
  b: DistributedMatrix,
  c: DistributedMatrix,
): Promise<void> {
  const { grid, dtype, columnAxis: inner } = a;
  const { row, column } = grid;
  const wide = grid.columns / across;
  const upOf = (i: number): number => i % up;
  const acrossOf = (j: number): number => Math.floor((j % grid.columns) / wide);
  // Ranks of a part are in the order of the grid, and so mates in the order of layers.
  const made: Communicator[] = [];
  const divide = async (ranks: Communicator, parts: number, color: number): Promise<Communicator> => {
    if (parts === 1) return ranks;
    const part = await ranks.split(color);
    made.push(part);
    return part;
  };
  const rowRanks = await divide(grid.rowRanks, across, acrossOf(column));
  const columnRanks = await divide(grid.columnRanks, up, upOf(row));
  const matesUp = await divide(grid.columnRanks, up, Math.floor(row / up));
  const matesAcross = await divide(grid.rowRanks, across, column % wide);
  const rows = Array.from({ length: up }, (_, u) => c.rowAxis.lengthOf(row - upOf(row) + u));
  const columns = Array.from({ length: across }, (_, v) => c.columnAxis.lengthOf((column % wide) + v * wide));

  const left = up === 1 ? [a.local] : await exchange(matesUp, a.local, inner, column, upOf, rows);
  const right =
    across === 1 ? [b.local] : await exchange(matesAcross, b.local.T, b.rowAxis, row, acrossOf, columns);
  const copy = new Parts(
    dtype,
    columns.flatMap(width => rows.map(height => [height, width] as const)),
  );
  const panels = panelsOf(
    inner,
    grid.rows,
    grid.columns,
    block => upOf(block) === upOf(row) && acrossOf(block) === acrossOf(column),
  );
  await summa(
    { rowRanks, columnRanks },
    panels.map(panel => ({ ...panel, column: panel.column % wide, row: Math.floor(panel.row / up) })),
    left,
    across === 1 ? right : right.map(piece => piece.T),
    rows.map((_, u) => columns.map((__, v) => copy.of[v * up + u].data)),
  );
  let mine = copy.whole;
  const add = async (mates: Communicator, counts: readonly number[]): Promise<void> => {
    if (counts.length === 1) return;
    const result = newArray(dtype, counts[mates.rank]);
    await mates.reduceScatterInto(result, mine, sum, { counts });
    mine = result;
  };
  await add(
    matesAcross,
    columns.map(width => width * total(rows)),
  );
  await add(
    matesUp,
    rows.map(height => height * c.local.columns),
  );
  c.local.data.set(mine);
  for (const ranks of made) await ranks.free();
}
