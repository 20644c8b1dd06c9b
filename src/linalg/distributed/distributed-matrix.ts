import { inspect } from "node:util";
import { withArticle } from "../../article.ts";
import { ArgumentError } from "../../errors.ts";
import { type OptionNames, requireKnownOptions } from "../../known-options.ts";
import { isComplex, Matrix, newArray } from "../matrix.ts";
import type { Dtype, FloatArray } from "../types.ts";
import { Axis } from "./axis.ts";
import { pack } from "./local.ts";
import type { ProcessGrid } from "./process-grid.ts";

export type RealDtype = "float32" | "float64";

export interface LayoutOptions {
  /** Blocks are block x block elements; 128 unless said. */
  block?: number;
}

export interface DistributedOptions extends LayoutOptions {
  /** "float64" unless said. */
  dtype?: RealDtype;
}

export interface ScatterOptions extends LayoutOptions {
  /** The rank that has the whole matrix; 0 unless said. */
  root?: number;
}

export interface GatherOptions {
  /** The rank that gets the whole matrix; 0 unless said. */
  root?: number;
}

const distributedOptions: OptionNames<DistributedOptions> = { block: true, dtype: true };
const scatterOptions: OptionNames<ScatterOptions> = { root: true, block: true };
const gatherOptions: OptionNames<GatherOptions> = { root: true };

/** What root tells the others about the matrix that it scatters. */
type Announced = { rows: number; columns: number; dtype: Dtype } | { failure: string };

/**
 * A matrix whose blocks lie block-cyclically on a process grid, as ScaLAPACK has it with source process (0, 0): block
 * (I, J) is on the process in row I % grid.rows and column J % grid.columns. Each rank holds its blocks as one matrix,
 * `local`. Every function of whole matrices is collective: all ranks of the grid call it, in the same order.
 */
export class DistributedMatrix {
  readonly grid: ProcessGrid;
  readonly rows: number;
  readonly columns: number;
  readonly block: number;
  readonly dtype: RealDtype;
  /** How rows lie on process rows, and columns on process columns. */
  readonly rowAxis: Axis;
  readonly columnAxis: Axis;
  /** This rank's elements, with contiguous rows. They may be read and written freely between calls. */
  readonly local: Matrix;

  private constructor(grid: ProcessGrid, rows: number, columns: number, options: DistributedOptions) {
    requireKnownOptions("DistributedMatrix", options, distributedOptions);
    const { block = 128, dtype = "float64" } = options;
    for (const [name, value, least] of [
      ["rows", rows, 0],
      ["columns", columns, 0],
      ["block", block, 1],
    ] as const) {
      if (Number.isSafeInteger(value) && value >= least) continue;
      throw new ArgumentError(
        `DistributedMatrix: ${name} must be a whole number, at least ${least}, but is ${value}`,
      );
    }
    if (dtype !== "float32" && dtype !== "float64") {
      throw new ArgumentError(
        `DistributedMatrix: dtype must be "float32" or "float64", but is "${String(dtype)}"`,
      );
    }
    this.grid = grid;
    this.rows = rows;
    this.columns = columns;
    this.block = block;
    this.dtype = dtype;
    this.rowAxis = new Axis(rows, block, grid.rows);
    this.columnAxis = new Axis(columns, block, grid.columns);
    this.local = Matrix.zeros(this.rowAxis.lengthOf(grid.row), this.columnAxis.lengthOf(grid.column), dtype);
  }

  /** Not collective: nothing is sent. */
  static zeros(
    grid: ProcessGrid,
    rows: number,
    columns: number,
    options: DistributedOptions = {},
  ): DistributedMatrix {
    return new DistributedMatrix(grid, rows, columns, options);
  }

  /** Each rank computes its elements from their row and column in the whole. Nothing is sent. */
  static fromFunction(
    grid: ProcessGrid,
    rows: number,
    columns: number,
    element: (i: number, j: number) => number,
    options: DistributedOptions = {},
  ): DistributedMatrix {
    const matrix = new DistributedMatrix(grid, rows, columns, options);
    const { local, rowAxis, columnAxis } = matrix;
    const { data } = local;
    const js = Array.from({ length: local.columns }, (_, j) => columnAxis.globalOf(grid.column, j));
    let place = 0;
    for (let r = 0; r < local.rows; r++) {
      const i = rowAxis.globalOf(grid.row, r);
      for (const j of js) data[place++] = element(i, j);
    }
    return matrix;
  }

  /**
   * Deals out a matrix that `root` has; the others give none. Root needs memory for a second copy.
   * @throws {ArgumentError} on every rank, when root gives no matrix or a complex one.
   */
  static async scatter(
    grid: ProcessGrid,
    matrix: Matrix | undefined,
    options: ScatterOptions = {},
  ): Promise<DistributedMatrix> {
    requireKnownOptions("DistributedMatrix.scatter", options, scatterOptions);
    const { root = 0, block } = options;
    const announced = await grid.all.broadcast<Announced>(
      grid.all.rank === root ? announce(matrix, root) : undefined,
      { root },
    );
    if ("failure" in announced) throw new ArgumentError(announced.failure);
    const { rows, columns, dtype } = announced;
    const result = new DistributedMatrix(grid, rows, columns, { block, dtype: dtype as RealDtype });
    if (grid.all.rank !== root) {
      await grid.all.scatterInto(result.local.data, undefined, { root });
      return result;
    }
    const all = newArray(dtype, rows * columns);
    result.eachPart(all, (part, i, j) => {
      for (const [r, from] of slabs(result.rowAxis, i)) {
        for (const [c, at] of slabs(result.columnAxis, j)) {
          const { columns: width } = part;
          const { block: b } = result;
          const to = part.data.subarray(r * width + c);
          pack(matrix!.slice(from, Math.min(from + b, rows), at, Math.min(at + b, columns)), to, width);
        }
      }
    });
    await grid.all.scatterInto(result.local.data, all, { root });
    return result;
  }

  /** The whole matrix on `root`, undefined elsewhere. Root needs memory for two copies. */
  async gather(options: GatherOptions = {}): Promise<Matrix | undefined> {
    requireKnownOptions("DistributedMatrix.gather", options, gatherOptions);
    const { root = 0 } = options;
    const { grid, rows, columns, dtype } = this;
    if (grid.all.rank !== root) {
      await grid.all.gatherInto(undefined, this.local.data, { root });
      return undefined;
    }
    const all = newArray(dtype, rows * columns);
    await grid.all.gatherInto(all, this.local.data, { root });
    const whole = Matrix.zeros(rows, columns, dtype);
    this.eachPart(all, (part, i, j) => {
      for (const [r, to] of slabs(this.rowAxis, i)) {
        for (const [c, at] of slabs(this.columnAxis, j)) {
          const { block } = this;
          pack(part.slice(r, r + block, c, c + block), whole.data.subarray(to * columns + at), columns);
        }
      }
    });
    return whole;
  }

  get shape(): [rows: number, columns: number] {
    return [this.rows, this.columns];
  }

  /** A matrix of zeros on the same grid, with the same blocks and dtype. Nothing is sent. */
  zerosLike(rows: number = this.rows, columns: number = this.columns): DistributedMatrix {
    const { block, dtype } = this;
    return new DistributedMatrix(this.grid, rows, columns, { block, dtype });
  }

  /** A matrix of its own with the same elements. Nothing is sent. */
  copy(): DistributedMatrix {
    const copy = this.zerosLike();
    copy.local.data.set(this.local.data);
    return copy;
  }

  toString(): string {
    return `DistributedMatrix(${this.describe()})`;
  }

  /** As console.log shows it. */
  [inspect.custom](): string {
    return this.toString();
  }

  /** "300 x 200 of float64 in blocks of 64 on a 2 x 3 grid", for messages. */
  describe(): string {
    const { rows, columns, dtype, block, grid } = this;
    return `${rows} x ${columns} of ${dtype} in blocks of ${block} on ${withArticle(`${grid.rows} x ${grid.columns} grid`)}`;
  }

  /** The parts of all ranks in rank order, as they follow each other in an array of the whole. */
  private eachPart(all: FloatArray, visit: (part: Matrix, row: number, column: number) => void): void {
    const { grid, rowAxis, columnAxis } = this;
    let start = 0;
    for (let row = 0; row < grid.rows; row++) {
      for (let column = 0; column < grid.columns; column++) {
        const rows = rowAxis.lengthOf(row);
        const columns = columnAxis.lengthOf(column);
        visit(new Matrix(all.subarray(start), rows, columns), row, column);
        start += rows * columns;
      }
    }
  }
}

/** Where the blocks of a part begin, there and in the whole. */
function slabs(axis: Axis, part: number): [local: number, global: number][] {
  return Array.from(axis.blocksOf(part), b => [axis.startOf(b), b * axis.block]);
}

function announce(matrix: Matrix | undefined, root: number): Announced {
  if (!(matrix instanceof Matrix)) {
    return { failure: `DistributedMatrix.scatter: root ${root} must give a Matrix` };
  }
  const { rows, columns, dtype } = matrix;
  if (isComplex(dtype)) {
    return { failure: `DistributedMatrix.scatter: the matrix must be real, but root ${root} gave ${dtype}` };
  }
  return { rows, columns, dtype };
}

/**
 * Checks that matrices can be worked on together.
 * @throws {ArgumentError} naming both.
 */
export function checkAlike(name: string, a: DistributedMatrix, b: DistributedMatrix): void {
  if (a.grid === b.grid && a.block === b.block && a.dtype === b.dtype) return;
  throw new ArgumentError(
    `${name}: a and b must have one grid, block size and dtype; a is ${a.describe()}, b is ${b.describe()}`,
  );
}
