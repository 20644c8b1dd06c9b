import { describe } from "../../describe.ts";
import { ArgumentError } from "../../errors.ts";
import { type Communicator, max } from "../../index.ts";
import type { FloatArray } from "../types.ts";

/** A CsrMatrix, as far as its vectors depend on it. */
interface Spread {
  readonly comm: Communicator;
  readonly rows: number;
  readonly columns: number;
  readonly dtype: string;
  readonly firstRow: number;
  readonly endRow: number;
  readonly firstColumn: number;
  readonly endColumn: number;
}

/** What is wrong with a rank's share of a vector that should have so many elements. */
function wrong(a: Spread, name: string, array: FloatArray, length: number): string | undefined {
  const wanted = a.dtype === "float32" ? Float32Array : Float64Array;
  if (array instanceof wanted && array.length === length) return undefined;
  return `a is ${a.rows} x ${a.columns} of ${a.dtype}, so rank ${a.comm.rank}'s share ${name} must be a ${wanted.name} of ${length}, but is ${describe(array)}`;
}

/**
 * Collective: looks whether the vectors of a call are shares of what a matrix is multiplied with, or of its products.
 * @throws {ArgumentError} on all ranks, when a rank's is none.
 */
export async function checkShares(
  caller: string,
  a: Spread,
  factors: Record<string, FloatArray>,
  products: Record<string, FloatArray> = {},
): Promise<void> {
  const failure = [
    ...Object.entries(factors).map(([name, array]) => wrong(a, name, array, a.endColumn - a.firstColumn)),
    ...Object.entries(products).map(([name, array]) => wrong(a, name, array, a.endRow - a.firstRow)),
  ].find(text => text !== undefined);
  // A number goes round sooner than texts do.
  if ((await a.comm.allreduce(failure === undefined ? 0 : 1, max)) === 0) return;
  const failures = await a.comm.allgather(failure);
  throw new ArgumentError(`${caller}: ${failures.find(text => text !== undefined)}`);
}
