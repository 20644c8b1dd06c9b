/** Sparse matrices distributed by rows, and iterations with them. */
export { CsrMatrix, type CsrOptions } from "./csr-matrix.ts";
export {
  type ConjugateGradients,
  conjugateGradients,
  type IterationLimits,
  type PowerIteration,
  type PowerOptions,
  powerIteration,
} from "./iterative.ts";
