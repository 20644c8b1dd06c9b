/** Which library serves the calls, and with how many threads. */
import { ArgumentError, BlasMissingError } from "../errors.ts";
import { native } from "../native.ts";

export interface LinalgInfo {
  /** "OpenBLAS", "MKL", "BLIS", "Accelerate", "reference" or "own", which is tsmpi's own kernels. */
  library: string;
  version: string | undefined;
  /** For which processor the library has chosen its kernels; of the own ones the instruction set. */
  core: string | undefined;
  /**
   * Whose kernels compute products of real matrices: `library`, or "own" also where OpenBLAS was found but does not know this
   * processor, and takes kernels for AVX2 though there is AVX-512.
   */
  products: string;
  /** The file that was loaded; `undefined` for the own kernels. */
  path: string | undefined;
  /** The file that LAPACK comes from; `undefined` where there is none. */
  lapack: string | undefined;
  /** Bits of the library's integers. */
  integers: 32 | 64;
  /** Threads that a large call uses. */
  threads: number;
}

/**
 * What serves the calls; finds and loads the library when nothing has been called yet.
 * @throws {BlasMissingError} when TSMPI_BLAS names something that does not load.
 */
export function info(): LinalgInfo {
  const { library, version, core, products, path, lapack, integers, threads, failure } =
    native().linalgInfo();
  if (failure !== undefined) throw new BlasMissingError(failure);
  return { library, version, core, products, path, lapack, integers, threads };
}

/**
 * From now on large calls use `count` threads, the calling one or the worker among them. At first they use as many as
 * the library's own variable says (OPENBLAS_NUM_THREADS, MKL_NUM_THREADS, BLIS_NUM_THREADS), or OMP_NUM_THREADS, both of
 * which tsmpirun sets for a rank (cores / ranks, or `--threads-per-rank`), or else as there are cores.
 */
export function setThreads(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > 1024) {
    throw new ArgumentError(`setThreads: expected a whole number from 1 to 1024, but got ${String(count)}`);
  }
  native().linalgSetThreads(count);
}
