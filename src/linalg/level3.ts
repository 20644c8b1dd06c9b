/** BLAS level 3: matrices with matrices. */
import { begin, nothing, putScalar, type Run, routine } from "./call.ts";
import { checkApart } from "./overlap.ts";
import { checkDimension, checkMatrix, dtypeCode, transposeCode } from "./shapes.ts";
import type { ElementOptions, FloatArray, Mode, Returned, Scalar, Transpose } from "./types.ts";

export interface GemmOptions extends ElementOptions {
  transA?: Transpose;
  transB?: Transpose;
  /** 1 unless said. */
  alpha?: Scalar;
  /** 0 unless said: c is then only written. */
  beta?: Scalar;
  /** Elements from one row of a, as it lies in memory, to the next; its number of columns unless said. */
  lda?: number;
  ldb?: number;
  ldc?: number;
}

/**
 * All matrices are row-major; leading dimensions default to the number of columns as stored. Only the elements of the
 * result are written.
 * @throws {ArgumentError} when an array is too short, of another type than the first, or one that is written shares
 * elements with one that is read.
 */
export interface Level3<M extends Mode> {
  /** c = alpha op(a) op(b) + beta c, where c is m x n and op(a) is m x k. */
  gemm(
    m: number,
    n: number,
    k: number,
    a: FloatArray,
    b: FloatArray,
    c: FloatArray,
    options?: GemmOptions,
  ): Returned<M, void>;
}

const noOptions = {};

export function level3<M extends Mode>(run: Run<M>): Level3<M> {
  return {
    gemm(m, n, k, a, b, c, options = noOptions) {
      const { transA = "N", transB = "N", alpha = 1, beta = 0, complex = false } = options;
      const trans = transposeCode("gemm", "transA", transA);
      const other = transposeCode("gemm", "transB", transB);
      checkDimension("gemm", "m", m);
      checkDimension("gemm", "n", n);
      checkDimension("gemm", "k", k);
      const dtype = dtypeCode("gemm", complex, "a", a, "b", b, "c", c);
      const [rowsA, columnsA] = trans === 111 ? [m, k] : [k, m];
      const [rowsB, columnsB] = other === 111 ? [k, n] : [n, k];
      const { lda = Math.max(1, columnsA), ldb = Math.max(1, columnsB), ldc = Math.max(1, n) } = options;
      checkMatrix("gemm", "a", a, rowsA, columnsA, lda, complex);
      checkMatrix("gemm", "b", b, rowsB, columnsB, ldb, complex);
      checkMatrix("gemm", "c", c, m, n, ldc, complex);
      checkApart("gemm", "c", c, m, n, ldc, "a", a, rowsA, columnsA, lda, complex);
      checkApart("gemm", "c", c, m, n, ldc, "b", b, rowsB, columnsB, ldb, complex);
      const numbers = begin(routine.gemm, dtype);
      numbers[2] = trans;
      numbers[3] = other;
      numbers[4] = m;
      numbers[5] = n;
      numbers[6] = k;
      putScalar(numbers, 7, alpha);
      numbers[9] = lda;
      numbers[10] = ldb;
      putScalar(numbers, 11, beta);
      numbers[13] = ldc;
      return run(nothing, a, b, c);
    },
  };
}
