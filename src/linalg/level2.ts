/** BLAS level 2: matrices with vectors. */
import { type OptionNames, requireKnownOptions } from "../known-options.ts";
import { begin, nothing, putScalar, type Run, routine } from "./call.ts";
import { checkApart } from "./overlap.ts";
import {
  checkDimension,
  checkMatrix,
  checkScalar,
  checkVector,
  diagCode,
  dtypeCode,
  transposeCode,
  uploCode,
} from "./shapes.ts";
import {
  type Diag,
  type ElementOptions,
  elementOptions,
  type FloatArray,
  type Mode,
  type Returned,
  type Scalar,
  type Transpose,
  type Uplo,
} from "./types.ts";

export interface GemvOptions extends ElementOptions {
  trans?: Transpose;
  /** 1 unless said. */
  alpha?: Scalar;
  /** 0 unless said: y is then only written. */
  beta?: Scalar;
  /** The number of columns of a unless said. */
  lda?: number;
  incx?: number;
  incy?: number;
}

export interface SymvOptions extends Omit<GemvOptions, "trans"> {
  /** Which triangle of a is given, "L" unless said. */
  uplo?: Uplo;
}

export interface GerOptions extends ElementOptions {
  alpha?: Scalar;
  lda?: number;
  incx?: number;
  incy?: number;
  /** Of complex vectors: conj(y) instead of y. False unless said. */
  conjugate?: boolean;
}

export interface TriangularVectorOptions extends ElementOptions {
  /** Which triangle of a is given, "L" unless said. */
  uplo?: Uplo;
  trans?: Transpose;
  diag?: Diag;
  lda?: number;
  incx?: number;
}

const gemvOptions: OptionNames<GemvOptions> = {
  ...elementOptions,
  trans: true,
  alpha: true,
  beta: true,
  lda: true,
  incx: true,
  incy: true,
};
const symvOptions: OptionNames<SymvOptions> = {
  ...elementOptions,
  uplo: true,
  alpha: true,
  beta: true,
  lda: true,
  incx: true,
  incy: true,
};
const gerOptions: OptionNames<GerOptions> = {
  ...elementOptions,
  alpha: true,
  lda: true,
  incx: true,
  incy: true,
  conjugate: true,
};
const triangularOptions: OptionNames<TriangularVectorOptions> = {
  ...elementOptions,
  uplo: true,
  trans: true,
  diag: true,
  lda: true,
  incx: true,
};

/**
 * All matrices are row-major.
 * @throws {ArgumentError} when an array is too short, of another type than the first, or one that is written shares
 * elements with one that is read.
 */
export interface Level2<M extends Mode> {
  /** y = alpha op(a) x + beta y, for a of m x n. */
  gemv(
    m: number,
    n: number,
    a: FloatArray,
    x: FloatArray,
    y: FloatArray,
    options?: GemvOptions,
  ): Returned<M, void>;
  /** a += alpha x yᵀ (or x yᴴ), for a of m x n. */
  ger(
    m: number,
    n: number,
    x: FloatArray,
    y: FloatArray,
    a: FloatArray,
    options?: GerOptions,
  ): Returned<M, void>;
  /** y = alpha a x + beta y, for a symmetric (when complex, Hermitian) n x n matrix of which one triangle is given. */
  symv(n: number, a: FloatArray, x: FloatArray, y: FloatArray, options?: SymvOptions): Returned<M, void>;
  /** Solves op(a) x = b for triangular a; x holds b, then the solution. A zero on the diagonal gives infinities. */
  trsv(n: number, a: FloatArray, x: FloatArray, options?: TriangularVectorOptions): Returned<M, void>;
  /** x = op(a) x for triangular a. */
  trmv(n: number, a: FloatArray, x: FloatArray, options?: TriangularVectorOptions): Returned<M, void>;
}

const noOptions = {};

export function level2<M extends Mode>(run: Run<M>): Level2<M> {
  function triangular(
    name: "trsv" | "trmv",
    n: number,
    a: FloatArray,
    x: FloatArray,
    options: TriangularVectorOptions,
  ): Returned<M, void> {
    requireKnownOptions(name, options, triangularOptions);
    const { uplo = "L", trans = "N", diag = "N", incx = 1, complex = false } = options;
    const codes = [uploCode(name, uplo), transposeCode(name, "trans", trans), diagCode(name, diag)];
    checkDimension(name, "n", n);
    const { lda = Math.max(1, n) } = options;
    const dtype = dtypeCode(name, complex, "a x", a, x);
    checkMatrix(name, "a", a, n, n, lda, complex);
    checkVector(name, "x", x, n, incx, complex);
    checkApart(name, "x", x, n, 1, Math.abs(incx), "a", a, n, n, lda, complex);
    const numbers = begin(routine[name], dtype);
    numbers.set(codes, 2);
    numbers[5] = n;
    numbers[6] = lda;
    numbers[7] = incx;
    return run(nothing, a, x);
  }

  return {
    gemv(m, n, a, x, y, options = noOptions) {
      requireKnownOptions("gemv", options, gemvOptions);
      const { trans = "N", alpha = 1, beta = 0, incx = 1, incy = 1, complex = false } = options;
      const code = transposeCode("gemv", "trans", trans);
      checkDimension("gemv", "m", m);
      checkDimension("gemv", "n", n);
      checkScalar("gemv", "alpha", alpha, complex);
      checkScalar("gemv", "beta", beta, complex);
      const { lda = Math.max(1, n) } = options;
      const dtype = dtypeCode("gemv", complex, "a x y", a, x, y);
      const [rows, columns] = trans === "N" ? [m, n] : [n, m];
      checkMatrix("gemv", "a", a, m, n, lda, complex);
      checkVector("gemv", "x", x, columns, incx, complex);
      checkVector("gemv", "y", y, rows, incy, complex);
      checkApart("gemv", "y", y, rows, 1, Math.abs(incy), "a", a, m, n, lda, complex);
      checkApart("gemv", "y", y, rows, 1, Math.abs(incy), "x", x, columns, 1, Math.abs(incx), complex);
      const numbers = begin(routine.gemv, dtype);
      numbers[2] = code;
      numbers[3] = m;
      numbers[4] = n;
      putScalar(numbers, 5, alpha);
      numbers[7] = lda;
      numbers[8] = incx;
      putScalar(numbers, 9, beta);
      numbers[11] = incy;
      return run(nothing, a, x, y);
    },
    ger(m, n, x, y, a, options = noOptions) {
      requireKnownOptions("ger", options, gerOptions);
      const { alpha = 1, incx = 1, incy = 1, complex = false, conjugate = false } = options;
      checkDimension("ger", "m", m);
      checkDimension("ger", "n", n);
      checkScalar("ger", "alpha", alpha, complex);
      const { lda = Math.max(1, n) } = options;
      const dtype = dtypeCode("ger", complex, "x y a", x, y, a);
      checkVector("ger", "x", x, m, incx, complex);
      checkVector("ger", "y", y, n, incy, complex);
      checkMatrix("ger", "a", a, m, n, lda, complex);
      checkApart("ger", "a", a, m, n, lda, "x", x, m, 1, Math.abs(incx), complex);
      checkApart("ger", "a", a, m, n, lda, "y", y, n, 1, Math.abs(incy), complex);
      const numbers = begin(routine.ger, dtype);
      numbers[2] = conjugate ? 1 : 0;
      numbers[3] = m;
      numbers[4] = n;
      putScalar(numbers, 5, alpha);
      numbers[7] = incx;
      numbers[8] = incy;
      numbers[9] = lda;
      return run(nothing, x, y, a);
    },
    symv(n, a, x, y, options = noOptions) {
      requireKnownOptions("symv", options, symvOptions);
      const { uplo = "L", alpha = 1, beta = 0, incx = 1, incy = 1, complex = false } = options;
      const code = uploCode("symv", uplo);
      checkDimension("symv", "n", n);
      checkScalar("symv", "alpha", alpha, complex);
      checkScalar("symv", "beta", beta, complex);
      const { lda = Math.max(1, n) } = options;
      const dtype = dtypeCode("symv", complex, "a x y", a, x, y);
      checkMatrix("symv", "a", a, n, n, lda, complex);
      checkVector("symv", "x", x, n, incx, complex);
      checkVector("symv", "y", y, n, incy, complex);
      checkApart("symv", "y", y, n, 1, Math.abs(incy), "a", a, n, n, lda, complex);
      checkApart("symv", "y", y, n, 1, Math.abs(incy), "x", x, n, 1, Math.abs(incx), complex);
      const numbers = begin(routine.hemv, dtype);
      numbers[2] = code;
      numbers[3] = n;
      putScalar(numbers, 4, alpha);
      numbers[6] = lda;
      numbers[7] = incx;
      putScalar(numbers, 8, beta);
      numbers[10] = incy;
      return run(nothing, a, x, y);
    },
    trsv: (n, a, x, options = noOptions) => triangular("trsv", n, a, x, options),
    trmv: (n, a, x, options = noOptions) => triangular("trmv", n, a, x, options),
  };
}
