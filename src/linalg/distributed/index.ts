/** Matrices distributed over the ranks of a communicator. */
export {
  DistributedMatrix,
  type DistributedOptions,
  type GatherOptions,
  type LayoutOptions,
  type RealDtype,
  type ScatterOptions,
} from "./distributed-matrix.ts";
export * as distributed from "./functions.ts";
export type { Lu } from "./lu.ts";
export type { MatmulOptions } from "./matmul.ts";
export type { NormKind } from "./norm.ts";
export { type GridOptions, ProcessGrid } from "./process-grid.ts";
export type { TriangularSolveOptions } from "./triangular.ts";
