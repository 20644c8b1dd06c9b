/** All collective algorithms by the names of the operations that they serve. */
export { allgather, allgatherInto } from "./allgather.ts";
export { allreduce, allreduceInto } from "./allreduce.ts";
export { alltoall, alltoallInto } from "./alltoall.ts";
export { broadcast, broadcastInto } from "./broadcast.ts";
export { exscan, exscanInto } from "./exscan.ts";
export { gather, gatherInto } from "./gather.ts";
export { reduce, reduceInto } from "./reduce.ts";
export { reduceScatter, reduceScatterInto } from "./reduce-scatter.ts";
export { scan, scanInto } from "./scan.ts";
export { scatter, scatterInto } from "./scatter.ts";
