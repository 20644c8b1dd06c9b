/** Checks of what the routines are given. Each names the routine, the argument, what was expected and what came. */
import { describe } from "../describe.ts";
import { ArgumentError } from "../errors.ts";
import type { Diag, FloatArray, Scalar, Side, Transpose, Uplo } from "./types.ts";

const transposes = { N: 111, T: 112, C: 113 } as const;
const triangles = { U: 121, L: 122 } as const;
const diagonals = { N: 131, U: 132 } as const;
const sides = { L: 141, R: 142 } as const;

function letter(codes: Record<string, number>, routine: string, name: string, value: unknown): number {
  const code = typeof value === "string" && Object.hasOwn(codes, value) ? codes[value] : undefined;
  if (code !== undefined) return code;
  const expected = Object.keys(codes)
    .map(key => `"${key}"`)
    .join(" or ");
  throw new ArgumentError(`${routine}: ${name} must be ${expected}, but is ${describe(value)}`);
}

/** The codes of CBLAS. */
export const transposeCode = (routine: string, name: string, value: Transpose): number =>
  value === "N" ? 111 : letter(transposes, routine, name, value);
export const uploCode = (routine: string, value: Uplo): number => letter(triangles, routine, "uplo", value);
export const diagCode = (routine: string, value: Diag): number => letter(diagonals, routine, "diag", value);
export const sideCode = (routine: string, value: Side): number => letter(sides, routine, "side", value);

export function checkDimension(routine: string, name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new ArgumentError(`${routine}: ${name} must be a whole number, at least 0, but is ${String(value)}`);
}

/** What `dtypeCode` cannot tell: it takes an array that is missing for one that the routine does not have. */
function checkGiven(routine: string, name: string, array: FloatArray | undefined): void {
  if (array !== undefined) return;
  throw new ArgumentError(`${routine}: ${name} must be a Float64Array or a Float32Array, but is undefined`);
}

/**
 * 0 float32, 1 float64, 2 complex64, 3 complex128; by the type of the first array, which the others must share.
 * `names` holds those of the arrays, apart by spaces.
 */
export function dtypeCode(
  routine: string,
  complex: boolean,
  names: string,
  a: FloatArray,
  b: FloatArray = a,
  c: FloatArray = a,
): number {
  // No list of arrays: this is on the way of every small call.
  if (a instanceof Float64Array && b instanceof Float64Array && c instanceof Float64Array)
    return complex ? 3 : 1;
  if (a instanceof Float32Array && b instanceof Float32Array && c instanceof Float32Array)
    return complex ? 2 : 0;
  const [first, ...others] = names.split(" ");
  if (!(a instanceof Float64Array || a instanceof Float32Array)) {
    throw new ArgumentError(
      `${routine}: ${first} must be a Float64Array or a Float32Array, but is ${describe(a)}`,
    );
  }
  const type = a instanceof Float64Array ? Float64Array : Float32Array;
  const [place, wrong] = b instanceof type ? [1, c] : [0, b];
  throw new ArgumentError(
    `${routine}: ${others[place]} must be a ${type.name} as ${first} is, but is ${describe(wrong)}`,
  );
}

/** A matrix of rows x columns in row-major order, with `ld` elements from the start of a row to that of the next. */
export function checkMatrix(
  routine: string,
  name: string,
  array: FloatArray,
  rows: number,
  columns: number,
  ld: number,
  complex: boolean,
): void {
  if (!Number.isSafeInteger(ld) || ld < columns || ld < 1) {
    throw new ArgumentError(
      `${routine}: ld${name} must be a whole number, at least ${Math.max(1, columns)} for the ${columns} columns of ${name}, but is ${ld}`,
    );
  }
  const needed = rows === 0 || columns === 0 ? 0 : (rows - 1) * ld + columns;
  if (array?.length >= (complex ? 2 * needed : needed)) return;
  checkGiven(routine, name, array);
  throw new ArgumentError(
    `${routine}: ${name} is ${rows} x ${columns} with ld${name} ${ld}, which takes ${needed} ${complex ? "complex numbers" : "elements"}, but it holds ${complex ? Math.floor(array.length / 2) : array.length}`,
  );
}

/** A vector of n elements, `increment` apart; with a negative increment it begins at its end in memory. */
export function checkVector(
  routine: string,
  name: string,
  array: FloatArray,
  n: number,
  increment: number,
  complex: boolean,
): void {
  if (!Number.isSafeInteger(increment) || increment === 0) {
    throw new ArgumentError(
      `${routine}: inc${name} must be a whole number other than 0, but is ${increment}`,
    );
  }
  const needed = n === 0 ? 0 : (n - 1) * Math.abs(increment) + 1;
  if (array?.length >= (complex ? 2 * needed : needed)) return;
  checkGiven(routine, name, array);
  throw new ArgumentError(
    `${routine}: ${name} has ${n} elements ${increment === 1 ? "" : `with inc${name} ${increment}, `}which take ${needed} ${complex ? "complex numbers" : "elements"}, but it holds ${complex ? Math.floor(array.length / 2) : array.length}`,
  );
}

/** A number or a pair of numbers; of the pair only complex arrays take an imaginary part. */
export function checkScalar(routine: string, name: string, value: Scalar, complex: boolean): void {
  if (typeof value === "number") return;
  if (!(Array.isArray(value) && value.length === 2 && value.every(part => typeof part === "number"))) {
    throw new ArgumentError(
      `${routine}: ${name} must be a number or a pair [re, im] of numbers, but is ${describe(value)}`,
    );
  }
  if (complex || value[1] === 0) return;
  throw new ArgumentError(
    `${routine}: ${name} must be real, but is [${value.join(", ")}]; ${routine === "herk" ? "herk takes" : "real arrays take"} no imaginary part`,
  );
}

/** Which share of the largest singular value counts as nothing. */
export function checkRcond(routine: string, rcond: number): void {
  if (typeof rcond === "number" && !Number.isNaN(rcond)) return;
  throw new ArgumentError(`${routine}: rcond must be a number other than NaN, but is ${describe(rcond)}`);
}

/**
 * Matrices at even distances: each is checked as one; here whether the last fits, and results stay apart. Returns how many
 * elements they take from the first to the last.
 */
export function checkStride(
  routine: string,
  letter: "A" | "B" | "C",
  array: FloatArray,
  batch: number,
  rows: number,
  columns: number,
  ld: number,
  stride: number,
  complex: boolean,
): number {
  const one = rows === 0 || columns === 0 ? 0 : (rows - 1) * ld + columns;
  const least = letter === "C" && batch > 1 ? one : 0;
  if (!Number.isSafeInteger(stride) || stride < least) {
    throw new ArgumentError(
      `${routine}: stride${letter} must be a whole number, at least ${least}, but is ${stride}`,
    );
  }
  const needed = batch === 0 || one === 0 ? 0 : (batch - 1) * stride + one;
  const length = complex ? Math.floor(array.length / 2) : array.length;
  if (length >= needed) return needed;
  throw new ArgumentError(
    `${routine}: ${batch} matrices ${letter.toLowerCase()}, ${stride} apart, take ${needed} ${complex ? "complex numbers" : "elements"}, but ${letter.toLowerCase()} holds ${length}`,
  );
}
