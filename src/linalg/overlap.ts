/** Whether what a routine writes lies where something lies that it reads. */
import { ArgumentError } from "../errors.ts";
import type { FloatArray } from "./types.ts";

/** Whether two ranges [a, a + m) and [b, b + n) have something in common. */
const meet = (a: number, m: number, b: number, n: number): boolean => a < b + n && b < a + m;

function refuse(routine: string, written: string, read: string): never {
  throw new ArgumentError(
    `${routine}: ${written}, which is written, shares memory with ${read}, which is read; give one of them an array of its own`,
  );
}

/**
 * Throws when two blocks in one buffer have an element in common. Blocks of one larger matrix whose rows only
 * alternate in memory have none. Vectors count as one column, `ld` their increment.
 */
export function checkApart(
  routine: string,
  written: string,
  c: FloatArray,
  rowsC: number,
  columnsC: number,
  ldc: number,
  read: string,
  a: FloatArray,
  rowsA: number,
  columnsA: number,
  lda: number,
  complex: boolean,
): void {
  if (c.buffer !== a.buffer || rowsC * columnsC === 0 || rowsA * columnsA === 0) return;
  const size = c.BYTES_PER_ELEMENT * (complex ? 2 : 1);
  const apart = (c.byteOffset - a.byteOffset) / size;
  const lengthC = (rowsC - 1) * ldc + columnsC;
  const lengthA = (rowsA - 1) * lda + columnsA;
  if (!meet(apart, lengthC, 0, lengthA)) return;
  // A single row has the leading dimension of whatever it is compared with.
  const ld = rowsA === 1 ? ldc : lda;
  if (ld === (rowsC === 1 ? lda : ldc) && Number.isInteger(apart)) {
    // Where c begins in the rows of a. It may reach into the columns left of that, a row further down.
    const row = Math.floor(apart / ld);
    const column = apart - row * ld;
    const together =
      (meet(row, rowsC, 0, rowsA) && meet(column, columnsC, 0, columnsA)) ||
      (meet(row + 1, rowsC, 0, rowsA) && meet(column - ld, columnsC, 0, columnsA));
    if (!together) return;
  }
  refuse(routine, written, read);
}

/** The bytes from the first element of a block to its last, as `checkApart` describes one. */
export function bytesOf(
  array: FloatArray,
  rows: number,
  columns: number,
  ld: number,
  complex: boolean,
): number {
  if (rows * columns === 0) return 0;
  return ((rows - 1) * ld + columns) * array.BYTES_PER_ELEMENT * (complex ? 2 : 1);
}

/** The same for elements of different widths, such as pivots: what lies between the rows of a block counts as its own. */
export function checkBytesApart(
  routine: string,
  written: string,
  c: ArrayBufferView,
  bytesC: number,
  read: string,
  a: ArrayBufferView,
  bytesA: number,
): void {
  if (c.buffer !== a.buffer || bytesC === 0 || bytesA === 0) return;
  if (meet(c.byteOffset, bytesC, a.byteOffset, bytesA)) refuse(routine, written, read);
}
