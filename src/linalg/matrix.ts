import { inspect } from "node:util";
import { describe } from "../describe.ts";
import { ArgumentError } from "../errors.ts";
import { type OptionNames, requireKnownOptions } from "../known-options.ts";
import { native } from "../native.ts";
import { asynchronous, begin, type Face, nothing, routine, sync } from "./call.ts";
import { level3 } from "./level3.ts";
import { chosen, type DeviceChoice, type Flat, goesToDevice, multiplyOnDevice } from "./offload.ts";
import { checkDimension, checkScalar } from "./shapes.ts";
import { shown } from "./shown.ts";
import type { Dtype, Element, FloatArray, Mode, Returned, Transpose } from "./types.ts";

export const arrayTypes = {
  float32: Float32Array,
  float64: Float64Array,
  complex64: Float32Array,
  complex128: Float64Array,
} as const;

export const isComplex = (dtype: Dtype): boolean => dtype === "complex64" || dtype === "complex128";

/** From so many bytes on an array is worth huge pages. */
const HUGE = 4 << 20;

/** A new array of zeros for so many elements. */
export function newArray(dtype: Dtype, elements: number): FloatArray {
  const array = new arrayTypes[dtype](isComplex(dtype) ? 2 * elements : elements);
  if (array.byteLength >= HUGE) native().linalgHugePages(array);
  return array;
}

export interface MatrixOptions {
  /** By the array's type unless said: "float64" or "float32". */
  dtype?: Dtype;
  /** Elements from one row to the next and from one column to the next; [columns, 1] unless said. */
  strides?: readonly [row: number, column: number];
}

const matrixOptions: OptionNames<MatrixOptions> = { dtype: true, strides: true };

function checkDtype(dtype: Dtype): void {
  // Views of matrices are made often.
  if (dtype === "float64" || Object.hasOwn(arrayTypes, dtype)) return;
  throw new ArgumentError(
    `Matrix: dtype must be ${Object.keys(arrayTypes).join(", ")}, but is ${describe(dtype)}`,
  );
}

/** An array may lose its elements later, when its buffer is transferred to another thread. */
function checkHeld({ data, rows, columns, dtype, strides }: Matrix): void {
  const needed = rows === 0 || columns === 0 ? 0 : (rows - 1) * strides[0] + (columns - 1) * strides[1] + 1;
  const held = isComplex(dtype) ? data.length / 2 : data.length;
  if (held >= needed) return;
  throw new ArgumentError(
    `Matrix: ${rows} x ${columns} with strides ${strides.join(", ")} takes ${needed} elements of ${dtype}, but the array holds ${Math.floor(held)}`,
  );
}

/**
 * A view of a typed array as a matrix. Transposes and slices are views of the same elements; only `copy` copies.
 * Arithmetic is done by the functions of tsmpi/linalg, `a.matmul(b)` among them.
 */
export class Matrix {
  /** Begins with element (0, 0). Complex numbers are interleaved. */
  readonly data: FloatArray;
  readonly rows: number;
  readonly columns: number;
  readonly dtype: Dtype;
  // Checked once, and then nobody's to change.
  readonly #row: number;
  readonly #column: number;

  /** @throws {ArgumentError} when the array is too short for the shape and strides. */
  constructor(data: FloatArray, rows: number, columns: number, options: MatrixOptions = {}) {
    requireKnownOptions("Matrix", options, matrixOptions);
    const { dtype = data instanceof Float32Array ? "float32" : "float64", strides = [columns, 1] } = options;
    const [row, column] = strides;
    for (const [name, value] of [
      ["rows", rows],
      ["columns", columns],
      ["strides[0]", row],
      ["strides[1]", column],
    ] as const) {
      if (Number.isSafeInteger(value) && value >= 0) continue;
      throw new ArgumentError(`Matrix: ${name} must be a whole number, at least 0, but is ${value}`);
    }
    checkDtype(dtype);
    if (!(data instanceof arrayTypes[dtype])) {
      throw new ArgumentError(`Matrix: data of dtype ${dtype} must be a ${arrayTypes[dtype].name}`);
    }
    this.data = data;
    this.rows = rows;
    this.columns = columns;
    this.dtype = dtype;
    this.#row = row;
    this.#column = column;
    checkHeld(this);
  }

  static zeros(rows: number, columns: number, dtype: Dtype = "float64"): Matrix {
    checkDimension("Matrix", "rows", rows);
    checkDimension("Matrix", "columns", columns);
    checkDtype(dtype);
    return new Matrix(newArray(dtype, rows * columns), rows, columns, { dtype });
  }

  static identity(n: number, dtype: Dtype = "float64"): Matrix {
    const matrix = Matrix.zeros(n, n, dtype);
    const step = (n + 1) * (isComplex(dtype) ? 2 : 1);
    for (let i = 0; i < n; i++) matrix.data[i * step] = 1;
    return matrix;
  }

  /** From rows of elements, all of one length. */
  static from(rows: readonly (readonly Element[])[], dtype: Dtype = "float64"): Matrix {
    if (!Array.isArray(rows)) {
      throw new ArgumentError(
        `Matrix.from: expected rows of elements, such as [[1, 2], [3, 4]], but got ${describe(rows)}`,
      );
    }
    rows.forEach((row, i) => {
      if (typeof row === "object" && row !== null && "length" in row) return;
      throw new ArgumentError(
        `Matrix.from: rows must be lists of elements, such as [[1, 2], [3, 4]], but row ${i} is ${describe(row)}`,
      );
    });
    const columns = rows[0]?.length ?? 0;
    const matrix = Matrix.zeros(rows.length, columns, dtype);
    rows.forEach((row, i) => {
      if (row.length !== columns) {
        throw new ArgumentError(`Matrix.from: row ${i} has ${row.length} elements, row 0 has ${columns}`);
      }
      for (let j = 0; j < columns; j++) matrix.set(i, j, row[j]);
    });
    return matrix;
  }

  /** In elements, as MatrixOptions. */
  get strides(): [row: number, column: number] {
    return [this.#row, this.#column];
  }

  get shape(): [rows: number, columns: number] {
    return [this.rows, this.columns];
  }

  #place(i: number, j: number): number {
    if (
      !(Number.isInteger(i) && i >= 0 && i < this.rows && Number.isInteger(j) && j >= 0 && j < this.columns)
    ) {
      throw new ArgumentError(`Matrix: no element (${i}, ${j}) in ${this.rows} x ${this.columns}`);
    }
    return i * this.#row + j * this.#column;
  }

  at(i: number, j: number): Element {
    const place = this.#place(i, j);
    if (!isComplex(this.dtype)) return this.data[place];
    return [this.data[2 * place], this.data[2 * place + 1]];
  }

  set(i: number, j: number, value: Element): void {
    const place = this.#place(i, j);
    if (!isComplex(this.dtype)) {
      if (typeof value !== "number")
        throw new ArgumentError(
          `Matrix: a ${this.dtype} element must be a number, but is ${describe(value)}`,
        );
      this.data[place] = value;
      return;
    }
    checkScalar("Matrix", `a ${this.dtype} element`, value, true);
    const [re, im] = typeof value === "number" ? [value, 0] : value;
    this.data[2 * place] = re;
    this.data[2 * place + 1] = im;
  }

  /** The transpose, a view. */
  get T(): Matrix {
    const strides = [this.#column, this.#row] as const;
    return new Matrix(this.data, this.columns, this.rows, { dtype: this.dtype, strides });
  }

  /** Rows and columns from start to before end, a view; ends and negative places as in Array's slice, but no fractions. */
  slice(rowStart = 0, rowEnd = this.rows, columnStart = 0, columnEnd = this.columns): Matrix {
    const place = (value: number, size: number): number => {
      if (!Number.isInteger(value) && Math.abs(value) !== Number.POSITIVE_INFINITY) {
        throw new ArgumentError(`Matrix: slices are from and to whole numbers, but got ${String(value)}`);
      }
      return value < 0 ? Math.max(0, size + value) : Math.min(value, size);
    };
    const top = place(rowStart, this.rows);
    const left = place(columnStart, this.columns);
    const rows = Math.max(0, place(rowEnd, this.rows) - top);
    const columns = Math.max(0, place(columnEnd, this.columns) - left);
    const start = rows === 0 || columns === 0 ? 0 : top * this.#row + left * this.#column;
    const data = this.data.subarray(isComplex(this.dtype) ? 2 * start : start);
    return new Matrix(data, rows, columns, { dtype: this.dtype, strides: this.strides });
  }

  /** Row i as a 1 x columns view. */
  row(i: number): Matrix {
    this.#place(i, 0);
    return this.slice(i, i + 1);
  }

  /** Column j as a rows x 1 view. */
  column(j: number): Matrix {
    this.#place(0, j);
    return this.slice(0, this.rows, j, j + 1);
  }

  /** The matrix product with b, in a new matrix, as `matmul`; `sync.matmul` is the blocking twin. */
  matmul(b: Matrix, options: MatmulOptions = {}): Promise<Matrix> {
    return matmul(this, b, options);
  }

  /** A matrix of its own, with contiguous rows. */
  copy(): Matrix {
    const copy = Matrix.zeros(this.rows, this.columns, this.dtype);
    sync.after([copyInto(sync, this, copy.data)], nothing);
    return copy;
  }

  /** As console.log shows it. */
  [inspect.custom](): string {
    return shown(this);
  }

  /** Rows of elements. */
  toArrays(): Element[][] {
    return Array.from({ length: this.rows }, (_, i) =>
      Array.from({ length: this.columns }, (_, j) => this.at(i, j)),
    );
  }
}

export const dtypeCodes = { float32: 0, float64: 1, complex64: 2, complex128: 3 } as const;

/** Which part of a matrix is copied; zeros stand in the rest. */
export type Part = "all" | "upper" | "lower";
const partCodes = { all: 0, upper: 121, lower: 122 } as const;

/** Copies a matrix of any strides to contiguous rows, `ld` elements apart, where the call after it runs. */
export function copyInto<M extends Mode>(
  face: Face<M>,
  from: Matrix,
  to: FloatArray,
  part: Part = "all",
  ld: number = from.columns,
): Returned<M, void> {
  checkHeld(from);
  const { rows, columns, strides } = from;
  const numbers = begin(routine.copyMatrix, dtypeCodes[from.dtype]);
  numbers.set([partCodes[part], rows, columns, strides[0], strides[1], ld], 2);
  return face.run(nothing, from.data, to);
}

interface Operand {
  data: FloatArray;
  trans: Transpose;
  ld: number;
  /** The copy that comes first, where BLAS cannot take the matrix as it lies. */
  steps: Returned<Mode, void>[];
}

/** A matrix as BLAS takes it: contiguous along rows or along columns. */
function operand<M extends Mode>(face: Face<M>, matrix: Matrix): Operand {
  const { data, rows, columns, strides } = matrix;
  const [row, column] = strides;
  if ((column === 1 || columns === 1) && row >= columns && row > 0)
    return { data, trans: "N", ld: row, steps: [] };
  if ((row === 1 || rows === 1) && column >= rows && column > 0)
    return { data, trans: "T", ld: column, steps: [] };
  const copy = newArray(matrix.dtype, rows * columns);
  return { data: copy, trans: "N", ld: Math.max(1, columns), steps: [copyInto(face, matrix, copy)] };
}

export function checkIsMatrix(name: string, argument: string, value: unknown): asserts value is Matrix {
  if (value instanceof Matrix) return;
  throw new ArgumentError(`${name}: ${argument} must be a Matrix, but is ${describe(value)}`);
}

function checkProduct(a: Matrix, b: Matrix): void {
  checkIsMatrix("matmul", "a", a);
  checkIsMatrix("matmul", "b", b);
  if (a.columns === b.rows && a.dtype === b.dtype) return;
  throw new ArgumentError(
    `matmul: a is ${a.rows} x ${a.columns} of ${a.dtype}, b is ${b.rows} x ${b.columns} of ${b.dtype}; the columns of a must be as many as the rows of b, of one dtype`,
  );
}

/** @throws {ArgumentError} when the shapes do not fit, or the element types differ. */
export function multiply<M extends Mode>(face: Face<M>, a: Matrix, b: Matrix): Returned<M, Matrix> {
  checkProduct(a, b);
  const c = Matrix.zeros(a.rows, b.columns, a.dtype);
  const left = operand(face, a);
  const right = operand(face, b);
  const product = level3(face.run).gemm(a.rows, b.columns, a.columns, left.data, right.data, c.data, {
    transA: left.trans,
    transB: right.trans,
    lda: left.ld,
    ldb: right.ld,
    complex: isComplex(a.dtype),
  });
  return face.after([...left.steps, ...right.steps, product] as Returned<M, void>[], () => c);
}

export interface MatmulOptions {
  /** "cpu", "cuda", or "auto": on the GPU where that is faster. What `setDevice` has set unless said: "cpu" at first. */
  device?: DeviceChoice;
}

const matmulOptions: OptionNames<MatmulOptions> = { device: true };

/**
 * The matrix product a b, in a new matrix: by the worker thread, or on a GPU. There it begins when the calls before it
 * have ended, but those after it do not wait for it: await it before one of them writes to a or b.
 * @throws {ArgumentError} when the shapes do not fit, or the element types differ
 * @throws {CudaUnavailableError} device "cuda", and there is none, or no cuBLAS
 * @throws {DeviceMemoryError} device "cuda", and a, b and the product have no room there
 */
export async function matmul(a: Matrix, b: Matrix, options: MatmulOptions = {}): Promise<Matrix> {
  requireKnownOptions("matmul", options, matmulOptions);
  const where = chosen("matmul", options.device);
  if (where === "cpu") return multiply(asynchronous, a, b);
  checkProduct(a, b);
  const [m, n, k] = [a.rows, b.columns, a.columns];
  if (!(await goesToDevice(where, m, n, k, a.dtype))) return multiply(asynchronous, a, b);
  const product = Matrix.zeros(m, n, a.dtype);
  // The worker takes its calls in turn: when this copy of nothing is over, so is all that a and b may wait for.
  await copyInto(asynchronous, Matrix.zeros(0, 0, a.dtype), newArray(a.dtype, 0));
  const done = await multiplyOnDevice(where, await flat(a), await flat(b), product.data);
  return done ? product : multiply(asynchronous, a, b);
}

/** The elements in one piece, copied where they do not lie so. */
async function flat(matrix: Matrix): Promise<Flat> {
  checkHeld(matrix);
  const { rows, columns, strides, data } = matrix;
  const elements = rows * columns;
  if (strides[0] === columns && strides[1] === 1)
    return { data: data.subarray(0, elements), rows, columns, transposed: false };
  if (strides[0] === 1 && strides[1] === rows)
    return { data: data.subarray(0, elements), rows: columns, columns: rows, transposed: true };
  const copy = newArray(matrix.dtype, elements);
  await copyInto(asynchronous, matrix, copy);
  return { data: copy, rows, columns, transposed: false };
}
