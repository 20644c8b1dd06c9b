/** Functions of matrices that leave their arguments as they are, as numpy.linalg has them. */
import { describe } from "../describe.ts";
import { ArgumentError } from "../errors.ts";
import { type OptionNames, requireKnownOptions } from "../known-options.ts";
import { begin, type Face, routine } from "./call.ts";
import {
  arrayTypes,
  checkIsMatrix,
  copyInto,
  dtypeCodes,
  isComplex,
  Matrix,
  multiply,
  newArray,
} from "./matrix.ts";
import { checkRcond, uploCode } from "./shapes.ts";
import { checkStatus, notConverged, notPositive, singular } from "./status.ts";
import type { Dtype, Element, FloatArray, Mode, Returned } from "./types.ts";

export interface Qr {
  /** m x k with orthonormal columns, for k = min(m, n). */
  q: Matrix;
  /** k x n, upper triangular. */
  r: Matrix;
}

export interface Svd {
  /** m x k, for k = min(m, n). */
  u: Matrix;
  /** k values in falling order. */
  s: FloatArray;
  /** k x n: the conjugate transpose of v. */
  vh: Matrix;
}

export interface Eigh {
  /** In rising order. */
  eigenvalues: FloatArray;
  /** In columns, in the order of the eigenvalues. */
  eigenvectors: Matrix;
}

export interface LeastSquares<B extends Matrix | FloatArray> {
  /** n x nrhs, or n elements where b is an array. */
  x: B;
  rank: number;
  /** The singular values of a. */
  s: FloatArray;
}

export interface LeastSquaresOptions {
  /**
   * Between 0 and 1: singular values below this times the largest count as zero. The machine's precision times max(m, n)
   * unless said.
   */
  rcond?: number;
}

const leastSquaresOptions: OptionNames<LeastSquaresOptions> = { rcond: true };

/**
 * Factorisations need a matrix of finite numbers, and lstsq such right-hand sides; those of solve may be any. Except for matmul, cholesky, solve, inv and det they need LAPACK.
 * @throws {ArgumentError} when shapes or element types do not fit, or an element is NaN or infinite.
 * @throws {BlasMissingError} when LAPACK is needed and was not found.
 * @throws {OutOfMemoryError} when LAPACK has no memory to work in.
 */
export interface MatrixFunctions<M extends Mode> {
  /** The product a b. */
  matmul(a: Matrix, b: Matrix): Returned<M, Matrix>;
  /**
   * The lower triangular l with a = l lᴴ; only the lower triangle of a is read.
   * @throws {NotPositiveDefiniteError}
   */
  cholesky(a: Matrix): Returned<M, Matrix>;
  /**
   * The solution of a x = b, for b a matrix, or an array as one right-hand side.
   * @throws {SingularMatrixError}
   */
  solve<B extends Matrix | FloatArray>(a: Matrix, b: B): Returned<M, B>;
  /** @throws {SingularMatrixError} */
  inv(a: Matrix): Returned<M, Matrix>;
  det(a: Matrix): Returned<M, Element>;
  /** a = q r. */
  qr(a: Matrix): Returned<M, Qr>;
  /**
   * a = u diag(s) vh.
   * @throws {NoConvergenceError}
   */
  svd(a: Matrix): Returned<M, Svd>;
  /**
   * Eigenvalues and eigenvectors of a symmetric or Hermitian matrix, of which only the lower triangle is read.
   * @throws {NoConvergenceError}
   */
  eigh(a: Matrix): Returned<M, Eigh>;
  /**
   * The x of least norm that minimises the norm of a x - b.
   * @throws {NoConvergenceError}
   */
  lstsq<B extends Matrix | FloatArray>(
    a: Matrix,
    b: B,
    options?: LeastSquaresOptions,
  ): Returned<M, LeastSquares<B>>;
}

function square(name: string, a: Matrix): number {
  checkIsMatrix(name, "a", a);
  if (a.rows === a.columns) return a.rows;
  throw new ArgumentError(`${name}: a must be square, but is ${a.rows} x ${a.columns}`);
}

const real = (dtype: Dtype): Dtype =>
  dtype === "complex64" ? "float32" : dtype === "complex128" ? "float64" : dtype;

/** Right-hand sides as a matrix. */
function sidesOf(name: string, a: Matrix, b: Matrix | FloatArray): Matrix {
  const width = isComplex(a.dtype) ? 2 : 1;
  const wanted = arrayTypes[a.dtype];
  if (!(b instanceof Matrix || b instanceof wanted)) {
    throw new ArgumentError(
      `${name}: a is of ${a.dtype}, so b must be a Matrix or a ${wanted.name}, but is ${describe(b)}`,
    );
  }
  const sides = b instanceof Matrix ? b : new Matrix(b, Math.floor(b.length / width), 1, { dtype: a.dtype });
  if (sides.rows === a.rows && sides.dtype === a.dtype) return sides;
  throw new ArgumentError(
    `${name}: a is ${a.rows} x ${a.columns} of ${a.dtype}, so b must have ${a.rows} rows of ${a.dtype}, but it has ${sides.rows} of ${sides.dtype}`,
  );
}

export function matrixFunctions<M extends Mode>(face: Face<M>): MatrixFunctions<M> {
  /** Begins a driver, as in lapack.ts, on arrays made here; errors of it then name the function that was called. */
  const begun = (name: keyof typeof routine, dtype: Dtype, values: readonly number[]): void =>
    begin(routine[name], dtypeCodes[dtype]).set(values, 2);
  const ld = (columns: number): number => Math.max(1, columns);
  const contiguous = (a: Matrix): { data: FloatArray; copied: Returned<M, void> } => {
    const data = newArray(a.dtype, a.rows * a.columns);
    return { data, copied: copyInto(face, a, data) };
  };

  /** Solves a x = b, where x holds b already. */
  function solveInto(name: string, a: Matrix, x: FloatArray, nrhs: number): Returned<M, void>[] {
    const n = square(name, a);
    const { data, copied } = contiguous(a);
    begun("gesv", a.dtype, [n, nrhs, ld(n), ld(nrhs)]);
    const solved = face.run(
      numbers => checkStatus(name, "a", numbers, singular(name, n, n)),
      data,
      new Int32Array(n),
      x,
    );
    return [copied, solved];
  }

  return {
    matmul: (a, b) => multiply(face, a, b),
    cholesky(a) {
      const n = square("cholesky", a);
      const l = Matrix.zeros(n, n, a.dtype);
      const copied = copyInto(face, a, l.data, "lower");
      begun("potrf", a.dtype, [uploCode("cholesky", "L"), n, ld(n)]);
      const factorised = face.run(
        numbers => checkStatus("cholesky", "a", numbers, notPositive("cholesky", n)),
        l.data,
      );
      return face.after([copied, factorised], () => l);
    },
    solve<B extends Matrix | FloatArray>(a: Matrix, b: B) {
      square("solve", a);
      const sides = sidesOf("solve", a, b);
      const x = contiguous(sides);
      const steps = [x.copied, ...solveInto("solve", a, x.data, sides.columns)];
      const { rows, columns, dtype } = sides;
      return face.after(
        steps,
        () => (b instanceof Matrix ? new Matrix(x.data, rows, columns, { dtype }) : x.data) as B,
      );
    },
    inv(a) {
      const x = Matrix.identity(square("inv", a), a.dtype);
      return face.after(solveInto("inv", a, x.data, a.rows), () => x);
    },
    det(a) {
      const n = square("det", a);
      const { data, copied } = contiguous(a);
      const complex = isComplex(a.dtype);
      begun("det", a.dtype, [n, ld(n)]);
      const determinant = face.run<Element>(numbers => {
        checkStatus("det", "a", numbers, singular("det", n, n));
        return complex ? [numbers[1], numbers[2]] : numbers[1];
      }, data);
      return face.after([copied, determinant], results => results[1] as Element);
    },
    qr(a) {
      checkIsMatrix("qr", "a", a);
      const { rows: m, columns: n, dtype } = a;
      const k = Math.min(m, n);
      // In column-major order, which LAPACK is faster in; q stays where its reflectors are.
      const { data, copied } = contiguous(a.T);
      const strides = [1, m] as const;
      const tau = newArray(dtype, k);
      const r = Matrix.zeros(k, n, dtype);
      const step = (name: "geqrf" | "orgqr", sizes: number[]): Returned<M, void> => {
        begun(name, dtype, [1, ...sizes, ld(m)]);
        return face.run(
          numbers => checkStatus("qr", "a", numbers, notConverged("qr", "reflectors")),
          data,
          tau,
        );
      };
      const steps = [
        copied,
        step("geqrf", [m, n]),
        copyInto(face, new Matrix(data, k, n, { dtype, strides }), r.data, "upper"),
        step("orgqr", [m, k, k]),
      ];
      return face.after(steps, () => ({ q: new Matrix(data, m, k, { dtype, strides }), r }));
    },
    svd(a) {
      checkIsMatrix("svd", "a", a);
      const { rows: m, columns: n, dtype } = a;
      const k = Math.min(m, n);
      const { data, copied } = contiguous(a);
      const u = Matrix.zeros(m, k, dtype);
      const vh = Matrix.zeros(k, n, dtype);
      const s = newArray(real(dtype), k);
      begun("gesdd", dtype, [1, m, n, ld(n), ld(k), ld(n)]);
      const found = face.run(
        numbers => checkStatus("svd", "a", numbers, notConverged("svd", "singular values")),
        data,
        s,
        u.data,
        vh.data,
      );
      return face.after([copied, found], () => ({ u, s, vh }));
    },
    eigh(a) {
      const n = square("eigh", a);
      const { data, copied } = contiguous(a);
      const eigenvalues = newArray(real(a.dtype), n);
      const eigenvectors = new Matrix(data, n, n, { dtype: a.dtype });
      begun("syevd", a.dtype, [1, uploCode("eigh", "L"), n, ld(n)]);
      const found = face.run(
        numbers => checkStatus("eigh", "a", numbers, notConverged("eigh", "eigenvalues")),
        data,
        eigenvalues,
      );
      return face.after([copied, found], () => ({ eigenvalues, eigenvectors }));
    },
    lstsq<B extends Matrix | FloatArray>(a: Matrix, b: B, options: LeastSquaresOptions = {}) {
      requireKnownOptions("lstsq", options, leastSquaresOptions);
      checkIsMatrix("lstsq", "a", a);
      const { rows: m, columns: n, dtype } = a;
      const sides = sidesOf("lstsq", a, b);
      const nrhs = sides.columns;
      const precision = a.data instanceof Float64Array ? Number.EPSILON : 2 ** -23;
      const { rcond = precision * Math.max(m, n) } = options;
      checkRcond("lstsq", rcond);
      const { data, copied } = contiguous(a);
      // Has room for whichever is longer, the right-hand sides or the solutions.
      const x = Matrix.zeros(Math.max(m, n), nrhs, dtype);
      const s = newArray(real(dtype), Math.min(m, n));
      const given = copyInto(face, sides, x.data);
      begun("gelsd", dtype, [m, n, nrhs, ld(n), ld(nrhs), rcond]);
      const rank = face.run(
        numbers => {
          checkStatus("lstsq", "a or b", numbers, notConverged("lstsq", "singular values"));
          return numbers[1];
        },
        data,
        x.data,
        s,
      );
      return face.after([copied, given, rank] as Returned<M, unknown>[], results => ({
        x: (b instanceof Matrix ? x.slice(0, n) : x.slice(0, n).copy().data) as B,
        rank: results[2] as number,
        s,
      }));
    },
  };
}
