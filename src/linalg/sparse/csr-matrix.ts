import { ArgumentError } from "../../errors.ts";
import type { Communicator } from "../../index.ts";
import { type OptionNames, requireKnownOptions } from "../../known-options.ts";
import { newArray } from "../matrix.ts";
import type { FloatArray } from "../types.ts";
import { checkShares } from "./checks.ts";

export interface CsrOptions {
  /** "float64" unless said. */
  dtype?: "float32" | "float64";
}

const csrOptions: OptionNames<CsrOptions> = { dtype: true };

/** Where each rank's share of so many begins, and where the last ends; the first ranks have one more. */
function sharesOf(count: number, ranks: number): number[] {
  const each = Math.floor(count / ranks);
  const more = count % ranks;
  return Array.from({ length: ranks + 1 }, (_, rank) => rank * each + Math.min(rank, more));
}

/**
 * A sparse matrix in compressed rows (CSR). Each rank of a communicator has a share of consecutive rows, and of vectors
 * the same share. Products fetch the elements that other ranks have and this one's rows need, and no others.
 */
export class CsrMatrix {
  readonly comm: Communicator;
  readonly rows: number;
  readonly columns: number;
  readonly dtype: "float32" | "float64";
  /** This rank's rows: from `firstRow` to before `endRow`. */
  readonly firstRow: number;
  readonly endRow: number;
  /** This rank's elements of a vector that the matrix is multiplied with. */
  readonly firstColumn: number;
  readonly endColumn: number;
  /** Elements on this rank. */
  readonly elements: number;
  /** Where each row of this rank begins in `indices` and `values`, and where the last one ends. */
  readonly #starts: Float64Array;
  /** Of each element, its place in `gathered`. */
  readonly #indices: Int32Array;
  readonly #values: FloatArray;
  /** The own elements of a vector, and behind them those of other ranks. */
  readonly #gathered: FloatArray;
  /** The places of the own elements that others need, in the order of ranks. */
  readonly #wanted: Int32Array;
  readonly #outgoing: FloatArray;
  readonly #sendCounts: number[];
  readonly #recvCounts: number[];

  private constructor(
    comm: Communicator,
    [rows, columns]: [number, number],
    dtype: "float32" | "float64",
    parts: {
      starts: Float64Array;
      indices: Int32Array;
      values: FloatArray;
      wanted: Int32Array;
      sendCounts: number[];
      recvCounts: number[];
    },
  ) {
    const { rank, size } = comm;
    this.comm = comm;
    this.rows = rows;
    this.columns = columns;
    this.dtype = dtype;
    [this.firstRow, this.endRow] = sharesOf(rows, size).slice(rank);
    [this.firstColumn, this.endColumn] = sharesOf(columns, size).slice(rank);
    this.elements = parts.values.length;
    this.#starts = parts.starts;
    this.#indices = parts.indices;
    this.#values = parts.values;
    this.#wanted = parts.wanted;
    this.#sendCounts = parts.sendCounts;
    this.#recvCounts = parts.recvCounts;
    const foreign = parts.recvCounts.reduce((total, count) => total + count, 0);
    this.#gathered = newArray(dtype, this.endColumn - this.firstColumn + foreign);
    this.#outgoing = newArray(dtype, parts.wanted.length);
  }

  /**
   * Each rank calls `row` for its own rows and gets their elements as pairs of column and value, in any order; values of
   * one place add up. Collective.
   * @throws {ArgumentError} on all ranks, when a size is none or an element's column is outside the matrix.
   */
  static async fromRows(
    comm: Communicator,
    rows: number,
    columns: number,
    row: (i: number) => Iterable<readonly [column: number, value: number]>,
    options: CsrOptions = {},
  ): Promise<CsrMatrix> {
    requireKnownOptions("CsrMatrix", options, csrOptions);
    const { dtype = "float64" } = options;
    for (const [name, value] of [
      ["rows", rows],
      ["columns", columns],
    ] as const) {
      if (Number.isSafeInteger(value) && value >= 0 && value <= 0x7fffffff) continue;
      throw new ArgumentError(
        `CsrMatrix: ${name} must be a whole number from 0 to 2147483647, but is ${value}`,
      );
    }
    if (dtype !== "float32" && dtype !== "float64") {
      throw new ArgumentError(`CsrMatrix: dtype must be "float32" or "float64", but is "${String(dtype)}"`);
    }
    const [first, end] = sharesOf(rows, comm.size).slice(comm.rank);
    const starts = new Float64Array(end - first + 1);
    const places: number[] = [];
    const values: number[] = [];
    let failure: string | undefined;
    for (let i = first; i < end && failure === undefined; i++) {
      for (const [column, value] of row(i)) {
        if (!(Number.isInteger(column) && column >= 0 && column < columns)) {
          failure ??= `CsrMatrix: row ${i} has an element in column ${column}, but the matrix is ${rows} x ${columns}`;
        }
        places.push(column);
        values.push(value);
      }
      starts[i - first + 1] = places.length;
    }
    const failures = (await comm.allgather(failure)).filter(text => text !== undefined);
    if (failures.length > 0) throw new ArgumentError(failures[0]);

    const shares = sharesOf(columns, comm.size);
    const [own, ownEnd] = shares.slice(comm.rank);
    const isOwn = (column: number): boolean => column >= own && column < ownEnd;
    const foreign = Int32Array.from(new Set(places.filter(column => !isOwn(column)))).sort();
    const placeOf = new Map(Array.from(foreign, (column, i) => [column, ownEnd - own + i]));
    const indices = Int32Array.from(places, column => (isOwn(column) ? column - own : placeOf.get(column)!));
    // Sorted columns are in the order of their ranks.
    const needed = Array.from({ length: comm.size }, (_, rank) =>
      foreign.filter(column => column >= shares[rank] && column < shares[rank + 1]),
    );
    const asked = await comm.alltoall(needed);
    const wanted = Int32Array.from(asked.flatMap(list => Array.from(list, column => column - own)));
    const array = newArray(dtype, values.length);
    array.set(values);
    return new CsrMatrix(comm, [rows, columns], dtype, {
      starts,
      indices,
      values: array,
      wanted,
      sendCounts: asked.map(list => list.length),
      recvCounts: needed.map(list => list.length),
    });
  }

  /** This rank's share of a vector with an element for each row, from a function of its index. */
  vector(element: (i: number) => number = () => 0): FloatArray {
    const vector = newArray(this.dtype, this.endRow - this.firstRow);
    for (let i = 0; i < vector.length; i++) vector[i] = element(this.firstRow + i);
    return vector;
  }

  /**
   * a x: of x each rank gives its share, and of the product it gets its share, in `y` where that is given. Collective;
   * one product of a matrix at a time.
   * @throws {ArgumentError} on all ranks, when one's x or y is no array of the matrix's element type, or not as long as the share.
   */
  async matvec(x: FloatArray, y: FloatArray = this.vector()): Promise<FloatArray> {
    await checkShares("matvec", this, { x }, { y });
    const wanted = this.#wanted;
    const outgoing = this.#outgoing;
    const gathered = this.#gathered;
    for (let i = 0; i < wanted.length; i++) outgoing[i] = x[wanted[i]];
    gathered.set(x);
    await this.comm.alltoallInto(gathered.subarray(x.length), outgoing, {
      sendCounts: this.#sendCounts,
      recvCounts: this.#recvCounts,
    });
    const starts = this.#starts;
    const indices = this.#indices;
    const values = this.#values;
    for (let i = 0; i < y.length; i++) {
      let total = 0;
      const end = starts[i + 1];
      for (let e = starts[i]; e < end; e++) total += values[e] * gathered[indices[e]];
      y[i] = total;
    }
    return y;
  }
}
