/** Tasks that one rank submits and the others run. */

export type { Arguments, OrShared, PoolItems } from "./arguments.ts";
export type { FlowOptions } from "./flow.ts";
export { asCompleted, CancelledError, Future, type FutureState } from "./future.ts";
export type { Pool, PoolMapOptions, SubmitOptions } from "./pool.ts";
export type { Shared } from "./shared.ts";
export { type TaskFunction, task } from "./task.ts";
export { type PoolOptions, withPool } from "./with-pool.ts";
export { currentWorker, type WorkerContext } from "./worker.ts";
