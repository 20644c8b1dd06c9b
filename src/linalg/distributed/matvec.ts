import { describe } from "../../describe.ts";
import { ArgumentError } from "../../errors.ts";
import { sum } from "../../index.ts";
import { newArray } from "../matrix.ts";
import type { FloatArray } from "../types.ts";
import type { DistributedMatrix } from "./distributed-matrix.ts";
import { now } from "./local.ts";

/**
 * a x, for a vector that all ranks have as a whole; so they have the result.
 * @throws {ArgumentError} when x is not an array of a's element type, with an element for each column.
 */
export async function matvec<A extends FloatArray>(a: DistributedMatrix, x: A): Promise<A> {
  const { grid, local, rowAxis, columnAxis } = a;
  const wanted = a.dtype === "float32" ? Float32Array : Float64Array;
  if (!(x instanceof wanted) || x.length !== a.columns) {
    throw new ArgumentError(
      `matvec: a is ${a.rows} x ${a.columns} of ${a.dtype}, so x must be a ${wanted.name} of ${a.columns}, but is ${describe(x)}`,
    );
  }
  const mine = newArray(a.dtype, local.columns);
  for (const b of columnAxis.blocksOf(grid.column)) {
    const from = b * a.block;
    mine.set(x.subarray(from, from + columnAxis.widthOf(b)), columnAxis.startOf(b));
  }
  const part = newArray(a.dtype, local.rows);
  if (local.rows > 0 && local.columns > 0) now.gemv(local.rows, local.columns, local.data, mine, part);
  await grid.rowRanks.allreduceInto(part, part, sum);
  const parts = newArray(a.dtype, a.rows);
  await grid.columnRanks.allgatherInto(parts, part);
  const y = newArray(a.dtype, a.rows);
  let start = 0;
  for (let row = 0; row < grid.rows; row++) {
    for (const b of rowAxis.blocksOf(row)) {
      const width = rowAxis.widthOf(b);
      y.set(parts.subarray(start, start + width), b * a.block);
      start += width;
    }
  }
  return y as A;
}
