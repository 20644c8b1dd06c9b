import { inspect } from "node:util";
import { ArgumentError } from "../../errors.ts";
import type { Communicator } from "../../index.ts";
import { type OptionNames, requireKnownOptions } from "../../known-options.ts";

export interface GridOptions {
  /** Process rows; with `columns` they must make up all ranks. Near square, with rows <= columns, unless said. */
  rows?: number;
  columns?: number;
}

const gridOptions: OptionNames<GridOptions> = { rows: true, columns: true };

/** The largest divisor of `size` that is not above its square root. */
function nearSquare(size: number): number {
  let rows = Math.floor(Math.sqrt(size));
  while (size % rows !== 0) rows--;
  return rows;
}

/**
 * The ranks of a communicator as a grid of rows x columns, numbered row by row: rank r stands in row
 * floor(r / columns) and column r % columns.
 */
export class ProcessGrid implements AsyncDisposable {
  readonly rows: number;
  readonly columns: number;
  /** Where this rank stands. */
  readonly row: number;
  readonly column: number;
  /** All ranks of the grid; a communicator of its own, so that messages never mix with the program's. */
  readonly all: Communicator;
  /** The ranks of this rank's row; the rank there is `column`. */
  readonly rowRanks: Communicator;
  /** The ranks of this rank's column; the rank there is `row`. */
  readonly columnRanks: Communicator;

  private constructor(
    rows: number,
    columns: number,
    all: Communicator,
    rowRanks: Communicator,
    columnRanks: Communicator,
  ) {
    this.rows = rows;
    this.columns = columns;
    this.row = columnRanks.rank;
    this.column = rowRanks.rank;
    this.all = all;
    this.rowRanks = rowRanks;
    this.columnRanks = columnRanks;
  }

  /**
   * Collective.
   * @throws {ArgumentError} when rows times columns are not all ranks of `comm`.
   */
  static async create(comm: Communicator, options: GridOptions = {}): Promise<ProcessGrid> {
    requireKnownOptions("ProcessGrid", options, gridOptions);
    const { size } = comm;
    const rows =
      options.rows ?? (options.columns === undefined ? nearSquare(size) : Math.floor(size / options.columns));
    const columns = options.columns ?? Math.floor(size / rows);
    if (!(Number.isInteger(rows) && Number.isInteger(columns) && rows > 0 && rows * columns === size)) {
      throw new ArgumentError(
        `ProcessGrid: rows times columns must be the ${size} ranks of ${comm.name}, but the grid would be ${rows} x ${columns}`,
      );
    }
    const all = await comm.dup({ name: `${comm.name}.grid` });
    const row = Math.floor(all.rank / columns);
    const column = all.rank % columns;
    const rowRanks = await all.split(row, { name: `${all.name}.row(${row})` });
    const columnRanks = await all.split(column, { name: `${all.name}.column(${column})` });
    return new ProcessGrid(rows, columns, all, rowRanks, columnRanks);
  }

  /** "ProcessGrid(2 x 3, this rank in row 0, column 1)" */
  toString(): string {
    const { rows, columns, row, column } = this;
    return `ProcessGrid(${rows} x ${columns}, this rank in row ${row}, column ${column})`;
  }

  /** As console.log shows it. */
  [inspect.custom](): string {
    return this.toString();
  }

  /** Gives its communicators back. Collective; no matrix of the grid can be worked on after it. */
  async free(): Promise<void> {
    await this.rowRanks.free();
    await this.columnRanks.free();
    await this.all.free();
  }

  /** The same at the end of a block with `await using`, but it does not wait for the other ranks. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [this.rowRanks, this.columnRanks, this.all]) await each[Symbol.asyncDispose]();
  }
}
