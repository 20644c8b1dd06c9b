/** tsmpi/parallel: maps over items, run by all ranks of a communicator. */

export { fold, foldMap, mergeOf, summarize } from "./fold-map.ts";
export * from "./graph/index.ts";
export { type GridResults, gridMap } from "./grid-map.ts";
export { type IterationOptions, imap } from "./imap.ts";
export type { Items } from "./items.ts";
export { type ItemOf, map, type ResultOptions, type Results } from "./map.ts";
export { type Key, type MapReduceOptions, mapReduce } from "./map-reduce.ts";
export type { MapOptions, Schedule } from "./options.ts";
export * from "./pool/index.ts";
export type { ProgressOption, ProgressState } from "./progress.ts";
export type { Histogram, Maybe, Reducer, Sketch } from "./reducers/index.ts";
export * as reducers from "./reducers/index.ts";
export type { NumberArrayType } from "./results.ts";
export type { Task, TaskContext } from "./run.ts";
export { type RootResults, scatterMap } from "./scatter-map.ts";
export { starmap, zip } from "./starmap.ts";
export { TaskError, TasksError } from "./task-error.ts";
export type { RankUsage, UsageOption } from "./usage.ts";
