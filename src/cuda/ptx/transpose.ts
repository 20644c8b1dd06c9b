/**
 * transpose: a dense copy of matrices whose columns lie in memory as rows should. By tiles in shared memory, so that
 * neighbouring threads both read and write what lies together.
 */
import { blockThreads, Kernel } from "./kernel.ts";

/** Rows and columns of a tile. */
export const tile = 32;

/** A block takes so many lines of a tile at once, a thread one element of each `step`-th. */
const step = blockThreads / tile;
const turns = Array.from({ length: tile / step }, (_, turn) => turn);

export function transposeName(bytes: number): string {
  return `transpose_b${bytes * 8}`;
}

/** Lines of a matrix in memory. */
interface Lines {
  /** Address of the matrix. */
  readonly start: string;
  /** Elements from one line to the next. */
  readonly apart: string;
  readonly count: string;
  readonly length: string;
}

/** The places in memory of a thread's elements of a tile, and whether they are within the matrix. */
function places(
  kernel: Kernel,
  bytes: number,
  { start, apart, count, length }: Lines,
  line: string,
  within: string,
): { address: string; inside: string }[] {
  const first = kernel.at(start, kernel.make("b64", "mad.lo.u64", line, apart, within), bytes);
  const further = kernel.make("b64", "mul.lo.u64", apart, step * bytes);
  const beside = kernel.make("pred", "setp.lt.u64", within, length);
  return turns.map(turn => {
    const at = kernel.make("b64", "add.u64", line, turn * step);
    const among = kernel.make("pred", "setp.lt.u64", at, count);
    return {
      address: kernel.make("b64", "mad.lo.u64", further, turn, first),
      inside: kernel.make("pred", "and.pred", among, beside),
    };
  });
}

/**
 * Parameters: tiles of all matrices, tiles side by side and one below the other in a matrix (u32); target, source, rows
 * and columns of a matrix, and how many elements its columns, and the matrices, lie apart in the source (u64).
 */
export function transpose(bytes: number): string {
  const kernel = new Kernel(transposeName(bytes));
  const [tiles, across, down] = ["tiles", "across", "down"].map(name => kernel.parameter(name, "u32"));
  const [target, source, rows, columns, columnStep, matrixStep] = [
    "target",
    "source",
    "rows",
    "columns",
    "columnStep",
    "matrixStep",
  ].map(name => kernel.parameter(name, "u64"));
  const kind = bytes === 8 ? "b64" : "b32";
  // A line is one longer than the tile, so that a column is spread over all banks; narrow elements have a word each.
  const slot = Math.max(4, bytes);
  const line = (tile + 1) * slot;
  kernel.shared("elements", tile * line);
  const elements = kernel.make("b64", "mov.u64", "elements");
  const slotOf = (y: string, x: string): string =>
    kernel.make("b64", "mad.wide.u32", y, line, kernel.make("b64", "mad.wide.u32", x, slot, elements));
  const thread = kernel.make("b32", "mov.u32", "%tid.x");
  const x = kernel.make("b32", "and.b32", thread, tile - 1);
  const y = kernel.make("b32", "shr.u32", thread, Math.log2(tile));
  const [put, taken] = [slotOf(y, x), slotOf(x, y)];
  const wide = (value: string): string => kernel.make("b64", "cvt.u64.u32", value);
  const [wideX, wideY] = [wide(x), wide(y)];
  const size = kernel.make("b64", "mul.lo.u64", rows, columns);
  kernel.strideByBlocks(tiles, number => {
    const { quotient: band, rest: tileColumn } = kernel.divided("u32", number, across);
    const { quotient: matrix, rest: tileRow } = kernel.divided("u32", band, down);
    const at = (which: string, within: string): string =>
      kernel.make("b64", "mad.wide.u32", which, tile, within);
    const matrixAt = (start: string, apart: string): string =>
      kernel.at(start, kernel.make("b64", "mul.lo.u64", wide(matrix), apart), bytes);

    const from = { start: matrixAt(source, matrixStep), apart: columnStep, count: columns, length: rows };
    const sources = places(kernel, bytes, from, at(tileColumn, wideY), at(tileRow, wideX));
    // All of them before the first is put down, so that they are on their way together.
    const values = sources.map(({ address, inside }) => {
      const value = kernel.register(kind);
      kernel.emit(`@${inside} ld.global.u${bytes * 8} ${value}, [${address}]`);
      return value;
    });
    for (const [turn, value] of values.entries())
      kernel.emit(`st.shared.u${slot * 8} [${put}+${turn * step * line}], ${value}`);
    kernel.emit("bar.sync 0");

    const to = { start: matrixAt(target, size), apart: columns, count: rows, length: columns };
    const targets = places(kernel, bytes, to, at(tileRow, wideY), at(tileColumn, wideX));
    for (const [turn, { address, inside }] of targets.entries()) {
      const value = kernel.make(kind, `ld.shared.u${slot * 8}`, `[${taken}+${turn * step * slot}]`);
      kernel.emit(`@${inside} st.global.u${bytes * 8} [${address}], ${value}`);
    }
    kernel.emit("bar.sync 0");
  });
  return kernel.toString();
}
