/** Matrices distributed over the ranks of a communicator. */
export {
  DistributedMatrix,
  type DistributedOptions,
  type LayoutOptions,
  type RealDtype,
} from "./distributed-matrix.ts";
export * as distributed from "./functions.ts";
export { type GridOptions, ProcessGrid } from "./process-grid.ts";
