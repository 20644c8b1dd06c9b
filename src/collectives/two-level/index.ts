/** Collectives in two levels, by the names of the operations that they serve. The others go straight from rank to rank. */
export { allgather, allgatherInto } from "./allgather.ts";
export { allreduce, allreduceInto } from "./allreduce.ts";
export { alltoallInto } from "./alltoall.ts";
export { barrier } from "./barrier.ts";
export { broadcast, broadcastInto } from "./broadcast.ts";
export { reduce, reduceInto } from "./reduce.ts";
export { reduceScatter, reduceScatterInto } from "./reduce-scatter.ts";
export { exscan, exscanInto, scan, scanInto } from "./scan.ts";
