/** Graphs of calls that are made later, by all ranks together. */
export { type ComputeOptions, compute, type PersistOptions, persist } from "./compute.ts";
export { type Computed, Delayed, type DelayedOptions, delayed, type Lazy } from "./delayed.ts";
export { toDot, toSvg } from "./pictures.ts";
