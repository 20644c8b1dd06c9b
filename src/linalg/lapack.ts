/** LAPACK's drivers by their names, on row-major matrices in place. */
import { ArgumentError } from "../errors.ts";
import { type OptionNames, requireKnownOptions } from "../known-options.ts";
import { begin, nothing, type Run, routine } from "./call.ts";
import { bytesOf, checkApart, checkBytesApart } from "./overlap.ts";
import {
  checkDimension,
  checkMatrix,
  checkRcond,
  checkVector,
  dtypeCode,
  transposeCode,
  uploCode,
} from "./shapes.ts";
import { checkStatus, notConverged, notPositive, rankDeficient, singular } from "./status.ts";
import {
  type ElementOptions,
  elementOptions,
  type FloatArray,
  type Mode,
  type Returned,
  type Transpose,
  type Uplo,
} from "./types.ts";

export interface FactorOptions extends ElementOptions {
  /** The number of columns of a unless said. */
  lda?: number;
}

export interface CholeskyOptions extends FactorOptions {
  /** Which triangle is given and returned, "L" unless said. */
  uplo?: Uplo;
}

export interface SolveOptions extends FactorOptions {
  ldb?: number;
}

export interface SvdOptions extends FactorOptions {
  ldu?: number;
  ldvt?: number;
}

export interface EighOptions extends CholeskyOptions {
  /** Whether eigenvectors are wanted, true unless said. */
  vectors?: boolean;
}

const factorOptions: OptionNames<FactorOptions> = { ...elementOptions, lda: true };
const choleskyOptions: OptionNames<CholeskyOptions> = { ...factorOptions, uplo: true };
const solveOptions: OptionNames<SolveOptions> = { ...factorOptions, ldb: true };
const svdOptions: OptionNames<SvdOptions> = { ...factorOptions, ldu: true, ldvt: true };
const eighOptions: OptionNames<EighOptions> = { ...choleskyOptions, vectors: true };
const potrsOptions: OptionNames<CholeskyOptions & SolveOptions> = { ...choleskyOptions, ...solveOptions };
const getrsOptions: OptionNames<SolveOptions & { trans: Transpose }> = { ...solveOptions, trans: true };
const gelsdOptions: OptionNames<SolveOptions & { rcond: number }> = { ...solveOptions, rcond: true };

/**
 * All matrices are row-major, and are overwritten as said. Real vectors (s, w) have the type of a, also when it is
 * complex; places of rows are Int32Arrays and count from 0. NaN and infinities are looked for in matrices to factorise, and
 * in b of gels and gelsd; b of gesv, and what potrs, getrs and orgqr are given, lets them pass.
 * @throws {ArgumentError} when an array is too short, of the wrong type, shared between arguments, or holds such NaN or an
 * infinity; then nothing has been written.
 * @throws {OutOfMemoryError} when there is no memory to work in.
 */
export interface Lapack<M extends Mode> {
  /**
   * Cholesky: a = l lᴴ (uᴴ u), in one triangle of a.
   * @throws {NotPositiveDefiniteError}
   */
  potrf(n: number, a: FloatArray, options?: CholeskyOptions): Returned<M, void>;
  /** Solves a x = b by what potrf has left in a; b is n x nrhs and becomes x. */
  potrs(
    n: number,
    nrhs: number,
    a: FloatArray,
    b: FloatArray,
    options?: CholeskyOptions & SolveOptions,
  ): Returned<M, void>;
  /**
   * LU with partial pivoting, p a = l u in a of m x n; row i was exchanged with row pivots[i], for i from 0 on.
   * @throws {SingularMatrixError} when a pivot is zero; the factorisation is complete nevertheless.
   */
  getrf(m: number, n: number, a: FloatArray, pivots: Int32Array, options?: FactorOptions): Returned<M, void>;
  /**
   * Solves op(a) x = b by what getrf has left; b is n x nrhs and becomes x.
   * @throws {ArgumentError} also when a pivot is no row of b.
   */
  getrs(
    n: number,
    nrhs: number,
    a: FloatArray,
    pivots: Int32Array,
    b: FloatArray,
    options?: SolveOptions & { trans?: Transpose },
  ): Returned<M, void>;
  /**
   * Solves a x = b: getrf, then getrs.
   * @throws {SingularMatrixError}
   */
  gesv(
    n: number,
    nrhs: number,
    a: FloatArray,
    pivots: Int32Array,
    b: FloatArray,
    options?: SolveOptions,
  ): Returned<M, void>;
  /**
   * QR of a, m x n: r on and above the diagonal, below it and in tau (min(m, n) elements) the reflectors of q.
   * @throws {BlasMissingError} without LAPACK; so do all that follow.
   */
  geqrf(m: number, n: number, a: FloatArray, tau: FloatArray, options?: FactorOptions): Returned<M, void>;
  /** Makes q, m x n with n <= m, of the first k <= n reflectors that geqrf has left in a. (ungqr when complex.) */
  orgqr(
    m: number,
    n: number,
    k: number,
    a: FloatArray,
    tau: FloatArray,
    options?: FactorOptions,
  ): Returned<M, void>;
  /**
   * Singular values: a (m x n, overwritten) = u diag(s) vt, with k = min(m, n) values in falling order, u of m x k and
   * vt of k x n; without u and vt only the values.
   * @throws {NoConvergenceError}
   */
  gesdd(
    m: number,
    n: number,
    a: FloatArray,
    s: FloatArray,
    u?: FloatArray,
    vt?: FloatArray,
    options?: SvdOptions,
  ): Returned<M, void>;
  /**
   * Eigenvalues w of a symmetric (when complex, Hermitian: heevd) matrix in rising order, and its eigenvectors as
   * columns of a.
   * @throws {NoConvergenceError}
   */
  syevd(n: number, a: FloatArray, w: FloatArray, options?: EighOptions): Returned<M, void>;
  /**
   * Least squares (m >= n) or least norm (m < n) for a (m x n, overwritten) of full rank; b has max(m, n) rows, m of
   * which hold the right-hand sides and then n the solutions.
   * @throws {SingularMatrixError} when a is found to be of lower rank.
   */
  gels(
    m: number,
    n: number,
    nrhs: number,
    a: FloatArray,
    b: FloatArray,
    options?: SolveOptions,
  ): Returned<M, void>;
  /**
   * The same for any rank; singular values below rcond times the largest count as zero, where it is between 0 and 1, and
   * otherwise the machine's precision stands for it. Returns the rank; s holds the min(m, n) singular values.
   * @throws {NoConvergenceError}
   */
  gelsd(
    m: number,
    n: number,
    nrhs: number,
    a: FloatArray,
    b: FloatArray,
    s: FloatArray,
    options?: SolveOptions & { rcond?: number },
  ): Returned<M, number>;
}

const noOptions = {};

function checkPivots(name: string, pivots: Int32Array, n: number): void {
  if (pivots instanceof Int32Array && pivots.length >= n) return;
  throw new ArgumentError(`${name}: pivots must be an Int32Array of at least ${n} elements`);
}

function begun(name: keyof typeof routine, dtype: number, values: readonly number[]): void {
  begin(routine[name], dtype).set(values, 2);
}

export function lapack<M extends Mode>(run: Run<M>): Lapack<M> {
  return {
    potrf(n, a, options = noOptions) {
      requireKnownOptions("potrf", options, choleskyOptions);
      const { uplo = "L", lda = Math.max(1, n), complex = false } = options;
      const triangle = uploCode("potrf", uplo);
      checkDimension("potrf", "n", n);
      const dtype = dtypeCode("potrf", complex, "a", a);
      checkMatrix("potrf", "a", a, n, n, lda, complex);
      begun("potrf", dtype, [triangle, n, lda]);
      return run(numbers => checkStatus("potrf", "a", numbers, notPositive("potrf", n)), a);
    },
    potrs(n, nrhs, a, b, options = noOptions) {
      requireKnownOptions("potrs", options, potrsOptions);
      const { uplo = "L", lda = Math.max(1, n), ldb = Math.max(1, nrhs), complex = false } = options;
      const triangle = uploCode("potrs", uplo);
      checkDimension("potrs", "n", n);
      checkDimension("potrs", "nrhs", nrhs);
      const dtype = dtypeCode("potrs", complex, "a b", a, b);
      checkMatrix("potrs", "a", a, n, n, lda, complex);
      checkMatrix("potrs", "b", b, n, nrhs, ldb, complex);
      checkApart("potrs", "b", b, n, nrhs, ldb, "a", a, n, n, lda, complex);
      begun("potrs", dtype, [triangle, n, nrhs, lda, ldb]);
      return run(nothing, a, b);
    },
    getrf(m, n, a, pivots, options = noOptions) {
      requireKnownOptions("getrf", options, factorOptions);
      const { lda = Math.max(1, n), complex = false } = options;
      checkDimension("getrf", "m", m);
      checkDimension("getrf", "n", n);
      const dtype = dtypeCode("getrf", complex, "a", a);
      checkMatrix("getrf", "a", a, m, n, lda, complex);
      const k = Math.min(m, n);
      checkPivots("getrf", pivots, k);
      checkBytesApart("getrf", "pivots", pivots, 4 * k, "a", a, bytesOf(a, m, n, lda, complex));
      begun("getrf", dtype, [m, n, lda]);
      return run(numbers => checkStatus("getrf", "a", numbers, singular("getrf", m, n)), a, pivots);
    },
    getrs(n, nrhs, a, pivots, b, options = noOptions) {
      requireKnownOptions("getrs", options, getrsOptions);
      const { trans = "N", lda = Math.max(1, n), ldb = Math.max(1, nrhs), complex = false } = options;
      const code = transposeCode("getrs", "trans", trans);
      checkDimension("getrs", "n", n);
      checkDimension("getrs", "nrhs", nrhs);
      const dtype = dtypeCode("getrs", complex, "a b", a, b);
      checkMatrix("getrs", "a", a, n, n, lda, complex);
      checkMatrix("getrs", "b", b, n, nrhs, ldb, complex);
      checkApart("getrs", "b", b, n, nrhs, ldb, "a", a, n, n, lda, complex);
      checkPivots("getrs", pivots, n);
      checkBytesApart("getrs", "b", b, bytesOf(b, n, nrhs, ldb, complex), "pivots", pivots, 4 * n);
      begun("getrs", dtype, [code, n, nrhs, lda, ldb]);
      return run(numbers => checkStatus("getrs", "a", numbers), a, pivots, b);
    },
    gesv(n, nrhs, a, pivots, b, options = noOptions) {
      requireKnownOptions("gesv", options, solveOptions);
      const { lda = Math.max(1, n), ldb = Math.max(1, nrhs), complex = false } = options;
      checkDimension("gesv", "n", n);
      checkDimension("gesv", "nrhs", nrhs);
      const dtype = dtypeCode("gesv", complex, "a b", a, b);
      checkMatrix("gesv", "a", a, n, n, lda, complex);
      checkMatrix("gesv", "b", b, n, nrhs, ldb, complex);
      checkApart("gesv", "b", b, n, nrhs, ldb, "a", a, n, n, lda, complex);
      checkPivots("gesv", pivots, n);
      checkBytesApart("gesv", "pivots", pivots, 4 * n, "a", a, bytesOf(a, n, n, lda, complex));
      checkBytesApart("gesv", "pivots", pivots, 4 * n, "b", b, bytesOf(b, n, nrhs, ldb, complex));
      begun("gesv", dtype, [n, nrhs, lda, ldb]);
      return run(numbers => checkStatus("gesv", "a", numbers, singular("gesv", n, n)), a, pivots, b);
    },
    geqrf(m, n, a, tau, options = noOptions) {
      requireKnownOptions("geqrf", options, factorOptions);
      const { lda = Math.max(1, n), complex = false } = options;
      checkDimension("geqrf", "m", m);
      checkDimension("geqrf", "n", n);
      const dtype = dtypeCode("geqrf", complex, "a tau", a, tau);
      checkMatrix("geqrf", "a", a, m, n, lda, complex);
      checkVector("geqrf", "tau", tau, Math.min(m, n), 1, complex);
      checkApart("geqrf", "tau", tau, Math.min(m, n), 1, 1, "a", a, m, n, lda, complex);
      begun("geqrf", dtype, [0, m, n, lda]);
      return run(numbers => checkStatus("geqrf", "a", numbers, notConverged("geqrf", "reflectors")), a, tau);
    },
    orgqr(m, n, k, a, tau, options = noOptions) {
      requireKnownOptions("orgqr", options, factorOptions);
      const { lda = Math.max(1, n), complex = false } = options;
      checkDimension("orgqr", "m", m);
      checkDimension("orgqr", "n", n);
      checkDimension("orgqr", "k", k);
      if (n > m || k > n)
        throw new ArgumentError(`orgqr: expected k <= n <= m, but got k ${k}, n ${n}, m ${m}`);
      const dtype = dtypeCode("orgqr", complex, "a tau", a, tau);
      checkMatrix("orgqr", "a", a, m, n, lda, complex);
      checkVector("orgqr", "tau", tau, k, 1, complex);
      checkApart("orgqr", "a", a, m, n, lda, "tau", tau, k, 1, 1, complex);
      begun("orgqr", dtype, [0, m, n, k, lda]);
      return run(numbers => checkStatus("orgqr", "a", numbers, notConverged("orgqr", "reflectors")), a, tau);
    },
    gesdd(m, n, a, s, u, vt, options = noOptions) {
      requireKnownOptions("gesdd", options, svdOptions);
      const { complex = false } = options;
      checkDimension("gesdd", "m", m);
      checkDimension("gesdd", "n", n);
      const k = Math.min(m, n);
      const { lda = Math.max(1, n), ldu = Math.max(1, k), ldvt = Math.max(1, n) } = options;
      const dtype = dtypeCode("gesdd", complex, "a s", a, s);
      checkMatrix("gesdd", "a", a, m, n, lda, complex);
      checkVector("gesdd", "s", s, k, 1, false);
      const bytes = bytesOf(s, k, 1, 1, false);
      checkBytesApart("gesdd", "s", s, bytes, "a", a, bytesOf(a, m, n, lda, complex));
      if (u === undefined || vt === undefined) {
        if (u !== vt) throw new ArgumentError("gesdd: give both u and vt, or neither");
      } else {
        dtypeCode("gesdd", complex, "a u vt", a, u, vt);
        checkMatrix("gesdd", "u", u, m, k, ldu, complex);
        checkMatrix("gesdd", "vt", vt, k, n, ldvt, complex);
        checkApart("gesdd", "u", u, m, k, ldu, "a", a, m, n, lda, complex);
        checkApart("gesdd", "vt", vt, k, n, ldvt, "a", a, m, n, lda, complex);
        checkApart("gesdd", "u", u, m, k, ldu, "vt", vt, k, n, ldvt, complex);
        checkBytesApart("gesdd", "s", s, bytes, "u", u, bytesOf(u, m, k, ldu, complex));
        checkBytesApart("gesdd", "s", s, bytes, "vt", vt, bytesOf(vt, k, n, ldvt, complex));
      }
      const vectors = u !== undefined && vt !== undefined;
      begun("gesdd", dtype, [vectors ? 1 : 0, m, n, lda, ldu, ldvt]);
      const finish = (numbers: Float64Array): void =>
        checkStatus("gesdd", "a", numbers, notConverged("gesdd", "singular values"));
      return vectors ? run(finish, a, s, u, vt) : run(finish, a, s);
    },
    syevd(n, a, w, options = noOptions) {
      requireKnownOptions("syevd", options, eighOptions);
      const { uplo = "L", vectors = true, lda = Math.max(1, n), complex = false } = options;
      const triangle = uploCode("syevd", uplo);
      checkDimension("syevd", "n", n);
      const dtype = dtypeCode("syevd", complex, "a w", a, w);
      checkMatrix("syevd", "a", a, n, n, lda, complex);
      checkVector("syevd", "w", w, n, 1, false);
      checkBytesApart("syevd", "w", w, bytesOf(w, n, 1, 1, false), "a", a, bytesOf(a, n, n, lda, complex));
      begun("syevd", dtype, [vectors ? 1 : 0, triangle, n, lda]);
      return run(numbers => checkStatus("syevd", "a", numbers, notConverged("syevd", "eigenvalues")), a, w);
    },
    gels(m, n, nrhs, a, b, options = noOptions) {
      requireKnownOptions("gels", options, solveOptions);
      const { lda = Math.max(1, n), ldb = Math.max(1, nrhs), complex = false } = options;
      checkDimension("gels", "m", m);
      checkDimension("gels", "n", n);
      checkDimension("gels", "nrhs", nrhs);
      const dtype = dtypeCode("gels", complex, "a b", a, b);
      checkMatrix("gels", "a", a, m, n, lda, complex);
      checkMatrix("gels", "b", b, Math.max(m, n), nrhs, ldb, complex);
      checkApart("gels", "b", b, Math.max(m, n), nrhs, ldb, "a", a, m, n, lda, complex);
      begun("gels", dtype, [m, n, nrhs, lda, ldb]);
      return run(numbers => checkStatus("gels", "a or b", numbers, rankDeficient("gels", n)), a, b);
    },
    gelsd(m, n, nrhs, a, b, s, options = noOptions) {
      requireKnownOptions("gelsd", options, gelsdOptions);
      const { lda = Math.max(1, n), ldb = Math.max(1, nrhs), complex = false, rcond = -1 } = options;
      checkDimension("gelsd", "m", m);
      checkDimension("gelsd", "n", n);
      checkDimension("gelsd", "nrhs", nrhs);
      checkRcond("gelsd", rcond);
      const dtype = dtypeCode("gelsd", complex, "a b s", a, b, s);
      checkMatrix("gelsd", "a", a, m, n, lda, complex);
      checkMatrix("gelsd", "b", b, Math.max(m, n), nrhs, ldb, complex);
      checkVector("gelsd", "s", s, Math.min(m, n), 1, false);
      checkApart("gelsd", "b", b, Math.max(m, n), nrhs, ldb, "a", a, m, n, lda, complex);
      const bytes = bytesOf(s, Math.min(m, n), 1, 1, false);
      checkBytesApart("gelsd", "s", s, bytes, "a", a, bytesOf(a, m, n, lda, complex));
      checkBytesApart("gelsd", "s", s, bytes, "b", b, bytesOf(b, Math.max(m, n), nrhs, ldb, complex));
      begun("gelsd", dtype, [m, n, nrhs, lda, ldb, rcond]);
      return run(
        numbers => {
          checkStatus("gelsd", "a or b", numbers, notConverged("gelsd", "singular values"));
          return numbers[1];
        },
        a,
        b,
        s,
      );
    },
  };
}
