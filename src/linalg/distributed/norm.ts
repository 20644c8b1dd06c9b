import { ArgumentError } from "../../errors.ts";
import { sum } from "../../index.ts";
import type { DistributedMatrix } from "./distributed-matrix.ts";
import { now } from "./local.ts";

/** "fro": of Frobenius; "one": the largest column sum; "inf": the largest row sum; "max": the largest element. */
export type NormKind = "fro" | "one" | "inf" | "max";

/** The largest, or NaN where there is one. */
const largest = (values: Iterable<number>): number => {
  let most = 0;
  for (const value of values) {
    if (Number.isNaN(value)) return value;
    if (value > most) most = value;
  }
  return most;
};

/** Sums of absolute values: of the rows, or of the columns, of this rank's part. Float64 for both element types. */
function sums(a: DistributedMatrix, of: "rows" | "columns"): Float64Array {
  const { rows, columns, data } = a.local;
  const result = new Float64Array(of === "rows" ? rows : columns);
  for (let i = 0, place = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[of === "rows" ? i : j] += Math.abs(data[place++]);
  }
  return result;
}

/**
 * A norm of the whole matrix, the same on every rank; 0 for a matrix without elements, NaN where an element is NaN.
 * @throws {ArgumentError} for a kind that is none.
 */
export async function norm(a: DistributedMatrix, kind: NormKind = "fro"): Promise<number> {
  const { grid } = a;
  let mine: number;
  if (kind === "fro") mine = now.nrm2(a.local.data);
  else if (kind === "max") mine = largest(a.local.data.map(Math.abs));
  else if (kind === "one") {
    const columns = sums(a, "columns");
    mine = largest(await grid.columnRanks.allreduce(columns, sum));
  } else if (kind === "inf") {
    const rows = sums(a, "rows");
    mine = largest(await grid.rowRanks.allreduce(rows, sum));
  } else {
    throw new ArgumentError(`norm: kind must be "fro", "one", "inf" or "max", but is ${String(kind)}`);
  }
  const all = await grid.all.allgather(mine);
  const most = largest(all);
  if (kind !== "fro" || most === 0 || !Number.isFinite(most)) return most;
  // Scaled, so that no square overflows.
  return most * Math.sqrt(all.reduce((total, part) => total + (part / most) ** 2, 0));
}
