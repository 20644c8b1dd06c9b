import { TsmpiError } from "../index.ts";
import { type DeviceInfo, device, devices } from "./device.ts";
import { cublas, driver, driverVersion, failure, nccl, nvrtc, reason } from "./library.ts";
import { cublasVersion } from "./matmul.ts";
import type { PoolInfo } from "./pool.ts";

export interface LibraryInfo {
  /** The file that was opened. */
  readonly path: string;
  /** "13.0", or "13.1.0" of cuBLAS. */
  readonly version: string;
}

export interface CudaInfo {
  /** Why CUDA cannot be used at all; undefined when it can. */
  readonly reason: string | undefined;
  /** `version` is the newest CUDA that the driver supports. */
  readonly driver: LibraryInfo | undefined;
  /** A string says why there is none. */
  readonly cublas: LibraryInfo | string;
  /** A string says why there is none. */
  readonly nvrtc: LibraryInfo | string;
  /** A string says why there is none. */
  readonly nccl: LibraryInfo | string;
  readonly devices: readonly DeviceInfo[];
  /** Of this rank's device, in bytes; a string says why it cannot be asked. */
  readonly memory: (PoolInfo & { readonly free: number; readonly total: number }) | string | undefined;
}

/** Everything about CUDA here that a report of a mistake should have. Opens all libraries; never throws for one missing or a device that does not start. */
export function info(): CudaInfo {
  const why = reason();
  if (why !== undefined) {
    return {
      reason: why,
      driver: undefined,
      cublas: why,
      nvrtc: why,
      nccl: why,
      devices: [],
      memory: undefined,
    };
  }
  const number = driverVersion();
  return {
    reason: undefined,
    driver: { path: driver().path, version: `${Math.floor(number / 1000)}.${(number % 1000) / 10}` },
    cublas: reason("cublas") ?? orWhyNot(aboutCublas),
    nvrtc: reason("nvrtc") ?? orWhyNot(aboutNvrtc),
    nccl: reason("nccl") ?? orWhyNot(aboutNccl),
    devices: devices(),
    memory: orWhyNot(() => device().memoryInfo()),
  };
}

/** A device that is full, say, belongs into the report. */
function orWhyNot<T>(ask: () => T): T | string {
  try {
    return ask();
  } catch (error) {
    if (error instanceof TsmpiError) return error.message;
    throw error;
  }
}

function aboutCublas(): LibraryInfo {
  const number = cublasVersion(device());
  const version = [Math.floor(number / 10_000), Math.floor(number / 100) % 100, number % 100];
  return { path: cublas().path, version: version.join(".") };
}

function aboutNvrtc(): LibraryInfo {
  const library = nvrtc()!;
  const [major, minor] = [new Int32Array(1), new Int32Array(1)];
  const status = library.nvrtcVersion(major, minor);
  if (status !== 0) throw failure("nvrtcVersion", status);
  return { path: library.path, version: `${major[0]}.${minor[0]}` };
}

function aboutNccl(): LibraryInfo {
  const library = nccl();
  const number = new Int32Array(1);
  const status = library.ncclGetVersion(number);
  if (status !== 0) throw failure("ncclGetVersion", status);
  // 2.8.3 was 2803, and 2.9.6 is 20906.
  const [major, minor] = number[0] < 10_000 ? [1000, 100] : [10_000, 100];
  const version = [Math.floor(number[0] / major), Math.floor((number[0] % major) / minor), number[0] % minor];
  return { path: library.path, version: version.join(".") };
}
