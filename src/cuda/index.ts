/// <reference lib="esnext.disposable" preserve="true" />
/** tsmpi/cuda: arrays on GPUs, their matrix products and element-wise kernels. Loads nothing of CUDA until it is used. */
import { reason as reasonOf } from "./library.ts";

export { type ArrayOptions, DeviceArray, empty, full, type Range, upload, zeros } from "./array.ts";
export { DeviceCommunicator, over } from "./communicator.ts";
export { type Device, type DeviceInfo, device, devices } from "./device.ts";
export { matmulRows } from "./distributed.ts";
export type { DtypeName, HostArray } from "./dtype.ts";
export {
  type Bindings,
  type EvaluateOptions,
  evaluate,
  evaluateInto,
  map,
  mapInto,
  type Reduced,
  type Reductions,
  reduce,
} from "./expressions/evaluate.ts";
export { type CudaInfo, info, type LibraryInfo } from "./info.ts";
export { type MatmulIntoOptions, type MatmulOptions, matmul, matmulInto } from "./matmul.ts";
export type { DeviceStatus } from "./messages.ts";
export { pinned } from "./pinned.ts";
export type { PoolInfo } from "./pool.ts";
export { randomInto } from "./random.ts";
export type { Shape } from "./shape.ts";
export type { Timer } from "./timer.ts";

/** Whether this process can use a GPU. */
export function available(): boolean {
  return reasonOf() === undefined;
}

/** Why a GPU ("driver") or a library cannot be used, in words; undefined when it can. */
export function reason(library: "driver" | "cublas" | "nvrtc" | "nccl" = "driver"): string | undefined {
  return reasonOf(library);
}
