/** Reducers: how many values become one, in parts that can be merged. */
export { field, fused, grouped } from "./fused.ts";
export { type Histogram, histogram } from "./histogram.ts";
export { count, deviation, max, mean, min, missing, sum, variance } from "./moments.ts";
export { quantiles, type Sketch } from "./quantiles.ts";
export type { Maybe, Reducer } from "./reducer.ts";
