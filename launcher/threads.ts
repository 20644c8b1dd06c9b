/** Variables that limit the threads of one rank. */

/**
 * Read by OpenMP programs, OpenBLAS, MKL, BLIS, Accelerate and numexpr, each on its own first use. Where its own variable
 * is not set, a library looks at the first.
 */
const THREAD_VARIABLES = [
  "OMP_NUM_THREADS",
  "OPENBLAS_NUM_THREADS",
  "MKL_NUM_THREADS",
  "BLIS_NUM_THREADS",
  "VECLIB_MAXIMUM_THREADS",
  "NUMEXPR_NUM_THREADS",
];

/**
 * Every rank would start a thread per core by default: 8 ranks on 8 cores would be 64 threads that starve each other.
 *
 * @param asked what the person said; else cores and ranks of this host decide, and variables that are set already stay.
 * OMP_NUM_THREADS then speaks for all that are not set.
 * @param environment what the person has set, in the shell or for the program
 */
export function threadVariables(
  asked: number | undefined,
  cores: number,
  ranks: number,
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  const threads = String(asked ?? Math.max(1, Math.floor(cores / ranks)));
  const variables: Record<string, string> = {};
  if (asked === undefined && environment.OMP_NUM_THREADS !== undefined) return variables;
  for (const name of THREAD_VARIABLES) {
    if (asked !== undefined || environment[name] === undefined) variables[name] = threads;
  }
  return variables;
}
