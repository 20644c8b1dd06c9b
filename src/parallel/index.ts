/** tsmpi/parallel: maps over items, run by all ranks of a communicator. */
export type { Items } from "./items.ts";
export { type ItemOf, map, type ResultOptions, type Results } from "./map.ts";
export type { MapOptions, Schedule } from "./options.ts";
export * from "./pool/index.ts";
export type { ProgressOption, ProgressState } from "./progress.ts";
export type { NumberArrayType } from "./results.ts";
export type { Task, TaskContext } from "./run.ts";
export { TaskError, TasksError } from "./task-error.ts";
