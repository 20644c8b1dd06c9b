/** BLAS level 3: matrices with matrices. */
import { ArgumentError } from "../errors.ts";
import { type OptionNames, requireKnownOptions } from "../known-options.ts";
import { begin, nothing, putScalar, type Run, routine } from "./call.ts";
import { checkApart } from "./overlap.ts";
import {
  checkDimension,
  checkMatrix,
  checkScalar,
  checkStride,
  diagCode,
  dtypeCode,
  sideCode,
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
  type Side,
  type Transpose,
  type Uplo,
} from "./types.ts";

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

export interface BatchOptions extends GemmOptions {
  /** Elements from one matrix a to the next: rows times lda unless said, 0 when all products have the same a. */
  strideA?: number;
  strideB?: number;
  strideC?: number;
}

export interface SyrkOptions extends ElementOptions {
  /** Which triangle of c is computed, "L" unless said. */
  uplo?: Uplo;
  /** "N": a aᵀ with a of n x k; "T": aᵀ a with a of k x n. Of complex matrices "C" stands for the latter in herk. */
  trans?: Transpose;
  alpha?: Scalar;
  beta?: Scalar;
  lda?: number;
  ldc?: number;
}

export interface SymmOptions extends ElementOptions {
  /** "L" (unless said): a b, with a of m x m; "R": b a, with a of n x n. */
  side?: Side;
  /** Which triangle of a is given, "L" unless said. */
  uplo?: Uplo;
  alpha?: Scalar;
  beta?: Scalar;
  lda?: number;
  ldb?: number;
  ldc?: number;
}

export interface TriangularOptions extends ElementOptions {
  /** "L" (unless said): a stands left of b and is m x m; "R": right of it, and is n x n. */
  side?: Side;
  /** Which triangle of a is given, "L" unless said. */
  uplo?: Uplo;
  trans?: Transpose;
  diag?: Diag;
  alpha?: Scalar;
  lda?: number;
  ldb?: number;
}

const gemmOptions: OptionNames<GemmOptions> = {
  ...elementOptions,
  transA: true,
  transB: true,
  alpha: true,
  beta: true,
  lda: true,
  ldb: true,
  ldc: true,
};
const batchOptions: OptionNames<BatchOptions> = {
  ...gemmOptions,
  strideA: true,
  strideB: true,
  strideC: true,
};
const syrkOptions: OptionNames<SyrkOptions> = {
  ...elementOptions,
  uplo: true,
  trans: true,
  alpha: true,
  beta: true,
  lda: true,
  ldc: true,
};
const symmOptions: OptionNames<SymmOptions> = {
  ...elementOptions,
  side: true,
  uplo: true,
  alpha: true,
  beta: true,
  lda: true,
  ldb: true,
  ldc: true,
};
const triangularOptions: OptionNames<TriangularOptions> = {
  ...elementOptions,
  side: true,
  uplo: true,
  trans: true,
  diag: true,
  alpha: true,
  lda: true,
  ldb: true,
};

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
  /** `batch` products like gemm, of matrices that lie at even distances in a, b and c. */
  gemmBatched(
    batch: number,
    m: number,
    n: number,
    k: number,
    a: FloatArray,
    b: FloatArray,
    c: FloatArray,
    options?: BatchOptions,
  ): Returned<M, void>;
  /** One triangle of c = alpha a aᵀ + beta c, which is symmetric and n x n. */
  syrk(n: number, k: number, a: FloatArray, c: FloatArray, options?: SyrkOptions): Returned<M, void>;
  /** One triangle of c = alpha a aᴴ + beta c, which is Hermitian; alpha and beta are real. */
  herk(n: number, k: number, a: FloatArray, c: FloatArray, options?: SyrkOptions): Returned<M, void>;
  /** c = alpha a b + beta c, or b a, of m x n, where a is symmetric. */
  symm(
    m: number,
    n: number,
    a: FloatArray,
    b: FloatArray,
    c: FloatArray,
    options?: SymmOptions,
  ): Returned<M, void>;
  /** c = alpha a b + beta c, or b a, of m x n, where a is Hermitian. */
  hemm(
    m: number,
    n: number,
    a: FloatArray,
    b: FloatArray,
    c: FloatArray,
    options?: SymmOptions,
  ): Returned<M, void>;
  /** Solves op(a) x = alpha b, or x op(a) = alpha b, for triangular a; b is m x n and holds x in the end. */
  trsm(m: number, n: number, a: FloatArray, b: FloatArray, options?: TriangularOptions): Returned<M, void>;
  /** b = alpha op(a) b, or b op(a), for triangular a; b is m x n. */
  trmm(m: number, n: number, a: FloatArray, b: FloatArray, options?: TriangularOptions): Returned<M, void>;
}

const noOptions = {};

export function level3<M extends Mode>(run: Run<M>): Level3<M> {
  /** Checks and begins a product; what a batch has besides follows from place 14 on. */
  function beginProduct(
    name: "gemm" | "gemmBatched",
    m: number,
    n: number,
    k: number,
    a: FloatArray,
    b: FloatArray,
    c: FloatArray,
    options: GemmOptions,
  ): Float64Array {
    requireKnownOptions(name, options, name === "gemm" ? gemmOptions : batchOptions);
    const { transA = "N", transB = "N", alpha = 1, beta = 0, complex = false } = options;
    const codeA = transposeCode(name, "transA", transA);
    const codeB = transposeCode(name, "transB", transB);
    checkDimension(name, "m", m);
    checkDimension(name, "n", n);
    checkDimension(name, "k", k);
    checkScalar(name, "alpha", alpha, complex);
    checkScalar(name, "beta", beta, complex);
    const dtype = dtypeCode(name, complex, "a b c", a, b, c);
    const rowsA = transA === "N" ? m : k;
    const columnsA = transA === "N" ? k : m;
    const rowsB = transB === "N" ? k : n;
    const columnsB = transB === "N" ? n : k;
    const { lda = Math.max(1, columnsA), ldb = Math.max(1, columnsB), ldc = Math.max(1, n) } = options;
    checkMatrix(name, "a", a, rowsA, columnsA, lda, complex);
    checkMatrix(name, "b", b, rowsB, columnsB, ldb, complex);
    checkMatrix(name, "c", c, m, n, ldc, complex);
    // To ask an array for its buffer takes longer than any check: once each.
    const { buffer } = c;
    if (buffer === a.buffer) checkApart(name, "c", c, m, n, ldc, "a", a, rowsA, columnsA, lda, complex);
    if (buffer === b.buffer) checkApart(name, "c", c, m, n, ldc, "b", b, rowsB, columnsB, ldb, complex);
    const numbers = begin(routine[name], dtype);
    numbers[2] = codeA;
    numbers[3] = codeB;
    numbers[4] = m;
    numbers[5] = n;
    numbers[6] = k;
    putScalar(numbers, 7, alpha);
    numbers[9] = lda;
    numbers[10] = ldb;
    putScalar(numbers, 11, beta);
    numbers[13] = ldc;
    return numbers;
  }

  function rankK(
    name: "syrk" | "herk",
    n: number,
    k: number,
    a: FloatArray,
    c: FloatArray,
    options: SyrkOptions,
  ): Returned<M, void> {
    requireKnownOptions(name, options, syrkOptions);
    const { uplo = "L", trans = "N", alpha = 1, beta = 0, complex = false } = options;
    const triangle = uploCode(name, uplo);
    let transposed = transposeCode(name, "trans", trans);
    const wrong = name === "herk" ? "T" : "C";
    if (complex && trans === wrong) {
      throw new ArgumentError(
        `${name}: trans must be "N" or "${wrong === "T" ? "C" : "T"}", but is "${wrong}"`,
      );
    }
    if (!complex && trans === "C") transposed = transposeCode(name, "trans", "T");
    checkDimension(name, "n", n);
    checkDimension(name, "k", k);
    checkScalar(name, "alpha", alpha, complex && name === "syrk");
    checkScalar(name, "beta", beta, complex && name === "syrk");
    const dtype = dtypeCode(name, complex, "a c", a, c);
    const [rows, columns] = trans === "N" ? [n, k] : [k, n];
    const { lda = Math.max(1, columns), ldc = Math.max(1, n) } = options;
    checkMatrix(name, "a", a, rows, columns, lda, complex);
    checkMatrix(name, "c", c, n, n, ldc, complex);
    checkApart(name, "c", c, n, n, ldc, "a", a, rows, columns, lda, complex);
    const numbers = begin(routine.syrk, dtype);
    numbers[2] = name === "herk" ? 1 : 0;
    numbers[3] = triangle;
    numbers[4] = transposed;
    numbers[5] = n;
    numbers[6] = k;
    putScalar(numbers, 7, alpha);
    numbers[9] = lda;
    putScalar(numbers, 10, beta);
    numbers[12] = ldc;
    return run(nothing, a, c);
  }

  function symmetric(
    name: "symm" | "hemm",
    m: number,
    n: number,
    a: FloatArray,
    b: FloatArray,
    c: FloatArray,
    options: SymmOptions,
  ): Returned<M, void> {
    requireKnownOptions(name, options, symmOptions);
    const { side = "L", uplo = "L", alpha = 1, beta = 0, complex = false } = options;
    const codes = [name === "hemm" ? 1 : 0, sideCode(name, side), uploCode(name, uplo)];
    checkDimension(name, "m", m);
    checkDimension(name, "n", n);
    checkScalar(name, "alpha", alpha, complex);
    checkScalar(name, "beta", beta, complex);
    const dtype = dtypeCode(name, complex, "a b c", a, b, c);
    const order = side === "L" ? m : n;
    const { lda = Math.max(1, order), ldb = Math.max(1, n), ldc = Math.max(1, n) } = options;
    checkMatrix(name, "a", a, order, order, lda, complex);
    checkMatrix(name, "b", b, m, n, ldb, complex);
    checkMatrix(name, "c", c, m, n, ldc, complex);
    checkApart(name, "c", c, m, n, ldc, "a", a, order, order, lda, complex);
    checkApart(name, "c", c, m, n, ldc, "b", b, m, n, ldb, complex);
    const numbers = begin(routine.symm, dtype);
    numbers.set(codes, 2);
    numbers[5] = m;
    numbers[6] = n;
    putScalar(numbers, 7, alpha);
    numbers[9] = lda;
    numbers[10] = ldb;
    putScalar(numbers, 11, beta);
    numbers[13] = ldc;
    return run(nothing, a, b, c);
  }

  function triangular(
    name: "trsm" | "trmm",
    m: number,
    n: number,
    a: FloatArray,
    b: FloatArray,
    options: TriangularOptions,
  ): Returned<M, void> {
    requireKnownOptions(name, options, triangularOptions);
    const { side = "L", uplo = "L", trans = "N", diag = "N", alpha = 1, complex = false } = options;
    const codes = [
      sideCode(name, side),
      uploCode(name, uplo),
      transposeCode(name, "trans", trans),
      diagCode(name, diag),
    ];
    checkDimension(name, "m", m);
    checkDimension(name, "n", n);
    checkScalar(name, "alpha", alpha, complex);
    const dtype = dtypeCode(name, complex, "a b", a, b);
    const order = side === "L" ? m : n;
    const { lda = Math.max(1, order), ldb = Math.max(1, n) } = options;
    checkMatrix(name, "a", a, order, order, lda, complex);
    checkMatrix(name, "b", b, m, n, ldb, complex);
    checkApart(name, "b", b, m, n, ldb, "a", a, order, order, lda, complex);
    const numbers = begin(routine[name], dtype);
    numbers.set(codes, 2);
    numbers[6] = m;
    numbers[7] = n;
    putScalar(numbers, 8, alpha);
    numbers[10] = lda;
    numbers[11] = ldb;
    return run(nothing, a, b);
  }

  return {
    gemm(m, n, k, a, b, c, options = noOptions) {
      beginProduct("gemm", m, n, k, a, b, c, options);
      return run(nothing, a, b, c);
    },
    gemmBatched(batch, m, n, k, a, b, c, options = noOptions) {
      checkDimension("gemmBatched", "batch", batch);
      const any = batch > 0;
      const numbers = beginProduct("gemmBatched", any ? m : 0, any ? n : 0, any ? k : 0, a, b, c, options);
      const { complex = false, transA = "N", transB = "N" } = options;
      const [, , , , , , , , , lda, ldb, , , ldc] = numbers;
      const strides: number[] = [];
      const taken: number[] = [];
      for (const [name, array, rows, columns, ld, stride] of [
        ["A", a, transA === "N" ? m : k, transA === "N" ? k : m, lda, options.strideA],
        ["B", b, transB === "N" ? k : n, transB === "N" ? n : k, ldb, options.strideB],
        ["C", c, m, n, ldc, options.strideC],
      ] as const) {
        strides.push(stride ?? rows * ld);
        taken.push(
          checkStride("gemmBatched", name, array, batch, rows, columns, ld, strides.at(-1)!, complex),
        );
      }
      // From the first matrix to the last, what lies between them counts as theirs: as if each batch were one row.
      const [allA, allB, allC] = taken;
      checkApart("gemmBatched", "c", c, 1, allC, allC, "a", a, 1, allA, allA, complex);
      checkApart("gemmBatched", "c", c, 1, allC, allC, "b", b, 1, allB, allB, complex);
      numbers[14] = batch;
      numbers.set(strides, 15);
      return run(nothing, a, b, c);
    },
    syrk: (n, k, a, c, options = noOptions) => rankK("syrk", n, k, a, c, options),
    herk: (n, k, a, c, options = noOptions) => rankK("herk", n, k, a, c, options),
    symm: (m, n, a, b, c, options = noOptions) => symmetric("symm", m, n, a, b, c, options),
    hemm: (m, n, a, b, c, options = noOptions) => symmetric("hemm", m, n, a, b, c, options),
    trsm: (m, n, a, b, options = noOptions) => triangular("trsm", m, n, a, b, options),
    trmm: (m, n, a, b, options = noOptions) => triangular("trmm", m, n, a, b, options),
  };
}
