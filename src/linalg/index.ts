/**
 * Linear algebra on typed arrays, row-major: BLAS and LAPACK by the library that is found at run time, or by own
 * kernels. What is imported by name is awaited and runs on a worker thread, one call after the other in the order
 * made; `sync` has the same functions, which block.
 */
import { runAsync, runSync } from "./call.ts";
import { type Level3, level3 } from "./level3.ts";

export type { GemmOptions } from "./level3.ts";
export { info, type LinalgInfo, setThreads } from "./library.ts";
export type { Diag, Dtype, FloatArray, Mode, Scalar, Side, Transpose, Uplo } from "./types.ts";

/** The blocking twins. */
export const sync: Level3<"sync"> = { ...level3(runSync) };

export const { gemm }: Level3<"async"> = level3(runAsync);
