/**
 * Linear algebra on typed arrays, row-major: BLAS and LAPACK by the library that is found at run time, or by own
 * kernels. What is imported by name is awaited and runs on a worker thread, one call after the other in the order
 * made; `sync` has the same functions, which block.
 */
import { asynchronous, sync as blocking, type Face } from "./call.ts";
import { type Elementwise, elementwise } from "./expressions/face.ts";
import { type Lapack, lapack } from "./lapack.ts";
import { type Level1, level1 } from "./level1.ts";
import { type Level2, level2 } from "./level2.ts";
import { type Level3, level3 } from "./level3.ts";
import { type MatrixFunctions, matrixFunctions } from "./matrix-functions.ts";
import type { Mode } from "./types.ts";

export * from "./distributed/index.ts";
export * from "./expressions/index.ts";
export type { CholeskyOptions, EighOptions, FactorOptions, SolveOptions, SvdOptions } from "./lapack.ts";
export type { DotOptions, VectorOptions, VectorsOptions } from "./level1.ts";
export type { GemvOptions, GerOptions, SymvOptions, TriangularVectorOptions } from "./level2.ts";
export type { BatchOptions, GemmOptions, SymmOptions, SyrkOptions, TriangularOptions } from "./level3.ts";
export { info, type LinalgInfo, setThreads } from "./library.ts";
export { type MatmulOptions, Matrix, type MatrixOptions, matmul } from "./matrix.ts";
export type { Eigh, LeastSquares, LeastSquaresOptions, Qr, Svd } from "./matrix-functions.ts";
export { type Crossover, crossover, type DeviceChoice, setDevice } from "./offload.ts";
export * from "./sparse/index.ts";
export type { Diag, Dtype, Element, FloatArray, Mode, Scalar, Side, Transpose, Uplo } from "./types.ts";

/** All functions, in the form that blocks or in the one that is awaited. */
export interface Linalg<M extends Mode>
  extends Level1<M>,
    Level2<M>,
    Level3<M>,
    Lapack<M>,
    MatrixFunctions<M> {}

const all = <M extends Mode>(face: Face<M>): Linalg<M> => ({
  ...level1(face.run),
  ...level2(face.run),
  ...level3(face.run),
  ...lapack(face.run),
  ...matrixFunctions(face),
});

/** What is awaited fails by its promise, whatever is wrong. */
function rejecting(functions: Linalg<"async">): Linalg<"async"> {
  const wrapped = Object.entries(functions).map(([name, run]) => [
    name,
    async (...args: unknown[]) => (run as (...args: unknown[]) => unknown)(...args),
  ]);
  return Object.fromEntries(wrapped) as Linalg<"async">;
}

/** The blocking twins. */
export const sync: Linalg<"sync"> & Elementwise<"sync"> = { ...all(blocking), ...elementwise("sync") };

export const {
  asum,
  axpy,
  cholesky,
  copy,
  det,
  dot,
  eigh,
  gels,
  gelsd,
  gemm,
  gemmBatched,
  gemv,
  geqrf,
  ger,
  gesdd,
  gesv,
  getrf,
  getrs,
  hemm,
  herk,
  iamax,
  inv,
  lstsq,
  nrm2,
  orgqr,
  potrf,
  potrs,
  qr,
  rot,
  scal,
  solve,
  svd,
  swap,
  syevd,
  symm,
  symv,
  syrk,
  trmm,
  trmv,
  trsm,
  trsv,
}: Linalg<"async"> = rejecting(all(asynchronous));

export const { compile, evaluate, evaluateInto, map, mapInto, reduce }: Elementwise<"async"> =
  elementwise("async");
