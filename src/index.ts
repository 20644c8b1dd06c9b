/// <reference lib="esnext.float16" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
/** tsmpi: MPI for TypeScript. The public face of the library. */
export type { TypedArray } from "./codec/dtype.ts";
export { requireSendable } from "./codec/encode.ts";
export type { AlltoallCounts } from "./collectives/alltoall.ts";
export { ExactSum, exactSum } from "./collectives/exact-sum.ts";
export * from "./collectives/operators.ts";
export type { ReductionOptions } from "./collectives/reproducible.ts";
export { BlockingCommunicator } from "./comm/blocking.ts";
export { Communicator } from "./comm/communicator.ts";
export type {
  CountsOptions,
  RecvOptions,
  RootOptions,
  ScatterOptions,
  SendOptions,
  SendrecvOptions,
} from "./comm/core.ts";
export { type ArrayMemory, memoryOf } from "./comm/memory-of.ts";
export type { BlockingMessage, Message } from "./comm/message.ts";
export type { Color, NameOptions, SplitOptions } from "./comm/split.ts";
export { type World, world } from "./comm/world.ts";
export * from "./errors.ts";
export type { Activity } from "./job/activity.ts";
export type { Status } from "./p2p/request.ts";
export { ANY, NONE } from "./p2p/scope.ts";
