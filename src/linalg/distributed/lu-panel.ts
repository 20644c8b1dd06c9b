import { SingularMatrixError } from "../../errors.ts";
import type { Communicator } from "../../index.ts";
import { newArray } from "../matrix.ts";
import type { FloatArray } from "../types.ts";
import { now, worker } from "./local.ts";

/** So many columns are taken one by one, before those to the right are updated by a product. */
const STEP = 16;

/** A block column from its block of the diagonal on, as one rank of its process column has it. */
export interface LuPanel {
  /** Rows of `width` elements. */
  data: FloatArray;
  rows: number;
  width: number;
  /** Where row `local` is in the whole, and who of the process column has a row. */
  globalOf: (local: number) => number;
  ownerOf: (row: number) => number;
  localOf: (row: number) => number;
  /** The number of the first row in the whole, and who has the block of the diagonal. */
  first: number;
  diagonalOwner: number;
}

/** What has become of a panel. */
export interface Factored {
  /** For each column the number, in the whole, of the row with which its row was exchanged. */
  pivots: Int32Array;
  /** FACTORED, OVERFLOWED, or the column, from 0 on, whose elements are all zero. */
  status: number;
}

export const FACTORED = -1;
/** A pivot is not finite, though all elements were when the matrix was given. */
export const OVERFLOWED = -2;

/**
 * LU with partial pivoting of a panel, by all ranks of its process column (pdgetf2): the largest element of each column
 * is found among all, its row is broadcast, and each rank eliminates in its own rows. Every rank ends with the same
 * pivots.
 */
export async function factorPanel(ranks: Communicator, panel: LuPanel): Promise<Factored> {
  if (ranks.size === 1) return factorAlone(panel);
  const { data, rows, width, first } = panel;
  const dtype = data instanceof Float32Array ? "float32" : "float64";
  const diagonal = ranks.rank === panel.diagonalOwner;
  const pivots = new Int32Array(width);
  /** The rows of the block of the diagonal as they come to stand there: what all ranks need of them. */
  const upper = newArray(dtype, width * width);
  const candidates = new Float64Array(2 * ranks.size);
  for (let start = 0; start < width; start += STEP) {
    const end = Math.min(start + STEP, width);
    for (let j = start; j < end; j++) {
      const top = diagonal ? j : 0;
      let best = Float64Array.of(-1, -1);
      if (top < rows) {
        const column = data.subarray(top * width + j);
        const at = top + now.iamax(column, { n: rows - top, incx: width });
        best = Float64Array.of(Math.abs(data[at * width + j]), panel.globalOf(at));
      }
      await ranks.allgatherInto(candidates, best);
      let [size, row] = [-1, -1];
      for (let rank = 0; rank < ranks.size; rank++) {
        const [otherSize, otherRow] = [candidates[2 * rank], candidates[2 * rank + 1]];
        if (otherRow < 0 || (row >= 0 && !(otherSize > size || (otherSize === size && otherRow < row))))
          continue;
        [size, row] = [otherSize, otherRow];
      }
      pivots[j] = row;
      if (size === 0) return { pivots, status: j };
      if (!Number.isFinite(size)) return { pivots, status: OVERFLOWED };
      const pivot = upper.subarray(j * width, (j + 1) * width);
      await exchange(ranks, panel, first + j, row, pivot);
      const below = diagonal ? j + 1 : 0;
      const count = rows - below;
      if (count === 0) continue;
      const factors = newArray(dtype, count);
      for (let i = 0; i < count; i++) {
        const place = (below + i) * width + j;
        factors[i] = data[place] /= pivot[j];
      }
      if (j + 1 < end) {
        const target = data.subarray(below * width + j + 1);
        now.ger(count, end - j - 1, factors, pivot.subarray(j + 1, end), target, { alpha: -1, lda: width });
      }
    }
    const rest = width - end;
    if (rest === 0) continue;
    // The rows of the diagonal are solved for on every rank alike, which saves sending them once more.
    const block = newArray(dtype, (end - start) * rest);
    for (let i = start; i < end; i++) {
      block.set(upper.subarray(i * width + end, (i + 1) * width), (i - start) * rest);
    }
    now.trsm(end - start, rest, upper.subarray(start * width + start), block, { diag: "U", lda: width });
    if (diagonal) {
      for (let i = start; i < end; i++) {
        data.set(block.subarray((i - start) * rest, (i - start + 1) * rest), i * width + end);
      }
    }
    const below = diagonal ? end : 0;
    const count = rows - below;
    if (count === 0) continue;
    const left = newArray(dtype, count * (end - start));
    for (let i = 0; i < count; i++) {
      const place = (below + i) * width;
      left.set(data.subarray(place + start, place + end), i * (end - start));
    }
    const target = data.subarray(below * width + end);
    now.gemm(count, rest, end - start, left, block, target, { alpha: -1, beta: 1, ldc: width });
  }
  return { pivots, status: FACTORED };
}

async function factorAlone({ data, rows, width, globalOf }: LuPanel): Promise<Factored> {
  const pivots = new Int32Array(width);
  try {
    await worker.getrf(rows, width, data, pivots);
  } catch (error) {
    if (error instanceof SingularMatrixError) return { pivots, status: error.index };
    if (data.every(Number.isFinite)) throw error;
    return { pivots, status: OVERFLOWED };
  }
  for (let j = 0; j < width; j++) {
    if (!Number.isFinite(data[j * width + j])) return { pivots, status: OVERFLOWED };
  }
  return { pivots: pivots.map(globalOf), status: FACTORED };
}

/** Exchanges two rows of the panel, the first of which is on its diagonal; all ranks get the other one in `pivot`. */
async function exchange(
  ranks: Communicator,
  panel: LuPanel,
  onDiagonal: number,
  row: number,
  pivot: FloatArray,
): Promise<void> {
  const { data, width, diagonalOwner } = panel;
  const owner = panel.ownerOf(row);
  const rowAt = (global: number): FloatArray => {
    const place = panel.localOf(global) * width;
    return data.subarray(place, place + width);
  };
  if (ranks.rank === owner) pivot.set(rowAt(row));
  // One that goes to another rank arrives while the pivot's row is broadcast.
  const given =
    ranks.rank === diagonalOwner && owner !== diagonalOwner
      ? ranks.send(rowAt(onDiagonal).slice(), owner)
      : undefined;
  await ranks.broadcastInto(pivot, { root: owner });
  if (ranks.rank === owner) {
    if (owner === diagonalOwner) rowAt(row).set(rowAt(onDiagonal));
    else await ranks.recvInto(rowAt(row), diagonalOwner);
  }
  await given;
  if (ranks.rank === diagonalOwner) rowAt(onDiagonal).set(pivot);
}
