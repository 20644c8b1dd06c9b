/** Opens the CUDA libraries on first use, and says in words why one cannot be had. */
import { describe } from "../describe.ts";
import { ArgumentError, CudaError, CudaUnavailableError } from "../errors.ts";
import { native } from "../native.ts";
import type { Cublas, Driver, Libraries, Nccl, Nvrtc } from "./functions.ts";
import { candidates, type Wanted } from "./search.ts";

/** A library, or why there is none. */
type Found<T> = { readonly library: T } | { readonly reason: string };

function open<K extends keyof Libraries>(kind: K, path: string): Found<Libraries[K]> {
  const opened = native().openCudaLibrary(kind, path);
  if (typeof opened === "string") return { reason: opened };
  const library = opened as Libraries[K];
  if (library.missing.length === 0) return { library };
  return { reason: `${library.path ?? path} is too old: it has no ${library.missing.join(", ")}` };
}

function once<T>(find: () => Found<T>): () => Found<T> {
  let found: Found<T> | undefined;
  return () => (found ??= find());
}

/** CUDA 11 brought the forms of the functions that are called here, with driver 450. */
const oldest = 11_000;

// CUresult
export const outOfMemory = 2;
const noDevice = 100;

function versionText(version: number): string {
  return `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
}

/** Number of CUDA that the driver supports, as 13000 for 13.0. */
let supported = 0;

function findDriver(): Found<Driver> {
  const found = open("driver", process.env.TSMPI_LIBCUDA || "libcuda.so.1");
  if ("reason" in found) {
    return {
      reason: `no CUDA driver: ${found.reason} (NVIDIA's driver brings it; in a container it must be passed in)`,
    };
  }
  const { library } = found;
  const status = library.cuInit(0);
  if (status === noDevice) {
    return {
      reason:
        "the CUDA driver sees no device (cuInit: CUDA_ERROR_NO_DEVICE); see what nvidia-smi lists, and whether " +
        "CUDA_VISIBLE_DEVICES or the container hides it",
    };
  }
  if (status !== 0)
    return { reason: `the CUDA driver does not start: ${explain(library, "cuInit", status)}` };
  const number = new Int32Array(1);
  const count = new Int32Array(1);
  const asked = library.cuDriverGetVersion(number);
  if (asked !== 0) return { reason: explain(library, "cuDriverGetVersion", asked) };
  supported = number[0];
  if (supported < oldest) {
    return {
      reason: `the driver is too old: it is for CUDA ${versionText(supported)}, tsmpi needs ${versionText(oldest)} (driver 450) or newer`,
    };
  }
  const counted = library.cuDeviceGetCount(count);
  if (counted !== 0) return { reason: explain(library, "cuDeviceGetCount", counted) };
  if (count[0] === 0) return { reason: "the CUDA driver sees no device; is CUDA_VISIBLE_DEVICES empty?" };
  return found;
}

const theDriver = once(findDriver);

/** Turing, the oldest that the libraries of CUDA 13 know; the drivers for it know older ones. */
const oldestOf13 = 7.5;

/** The newest major version of CUDA whose libraries go with the driver and every device. */
function newestMajor(): number {
  const major = Math.floor(driverVersion() / 1000);
  const capabilities = Array.from({ length: deviceCount() }, (_, index) => capabilityOf(handleOf(index)));
  return capabilities.some(capability => Number(capability) < oldestOf13) ? Math.min(major, 12) : major;
}

function findBeside<K extends "cublas" | "nvrtc" | "nccl">(
  kind: K,
  wanted: Wanted,
  packages: (major: number) => string,
): Found<Libraries[K]> {
  const major = newestMajor();
  const reasons: string[] = [];
  for (const { path, companions } of candidates(wanted, major)) {
    // Opened ahead, they are found by their names when the library asks for them.
    for (const companion of companions) open(kind, companion);
    const found = open(kind, path);
    if ("library" in found) return found;
    if (!reasons.includes(found.reason)) reasons.push(found.reason);
  }
  return {
    reason: `no lib${wanted.name}${wanted.version === undefined ? ` for CUDA ${major}` : ""} (${reasons.join("; ")}); install ${packages(major)}, or name the file in ${wanted.variable}`,
  };
}

/** Of wheels, which until CUDA 12 have its number in their names. */
const suffixBelow13 = (major: number): string => (major < 13 ? `-cu${major}` : "");

const theCublas = once(() =>
  findBeside(
    "cublas",
    { name: "cublas", wheel: "cublas", variable: "TSMPI_LIBCUBLAS", companions: [/^libcublasLt\.so\.\d+$/] },
    major =>
      `NVIDIA's package libcublas, Debian's libcublas${Math.min(major, 12)} or pip's nvidia-cublas${suffixBelow13(major)}`,
  ),
);

const theNvrtc = once(() =>
  findBeside(
    "nvrtc",
    {
      name: "nvrtc",
      wheel: "cuda_nvrtc",
      variable: "TSMPI_LIBNVRTC",
      companions: [/^libnvrtc-builtins\.so/],
    },
    major =>
      `NVIDIA's package cuda-nvrtc, Debian's libnvrtc${major > 11 ? "12" : "11.2"} or pip's nvidia-cuda-nvrtc${suffixBelow13(major)}`,
  ),
);

const theNccl = once(() =>
  findBeside(
    "nccl",
    { name: "nccl", wheel: "nccl", variable: "TSMPI_LIBNCCL", companions: [], version: 2 },
    major => `NVIDIA's package libnccl2 or pip's nvidia-nccl-cu${major}`,
  ),
);

function require<T>(found: Found<T>): T {
  if ("library" in found) return found.library;
  throw new CudaUnavailableError(found.reason);
}

/** The driver. @throws {CudaUnavailableError} there is none that can be used, or no device */
export function driver(): Driver {
  return require(theDriver());
}

/** cuBLAS. @throws {CudaUnavailableError} */
export function cublas(): Cublas {
  driver();
  return require(theCublas());
}

/** NVRTC, which compiles CUDA C, or undefined: tsmpi then writes PTX itself. @throws {CudaUnavailableError} no driver */
export function nvrtc(): Nvrtc | undefined {
  driver();
  const found = theNvrtc();
  return "library" in found ? found.library : undefined;
}

/** NCCL. @throws {CudaUnavailableError} */
export function nccl(): Nccl {
  driver();
  return require(theNccl());
}

const libraries: { readonly [K in keyof Libraries]: () => Found<Libraries[K]> } = {
  driver: theDriver,
  cublas: theCublas,
  nvrtc: theNvrtc,
  nccl: theNccl,
};

/** Why CUDA, or one of its libraries, cannot be used; undefined when it can. */
export function reason(library: keyof Libraries = "driver"): string | undefined {
  if (typeof library !== "string" || !Object.hasOwn(libraries, library)) {
    throw new ArgumentError(
      `reason: there is ${Object.keys(libraries).join(", ")}; got ${describe(library)}`,
    );
  }
  const driver = theDriver();
  const found = "reason" in driver ? driver : libraries[library]();
  return "reason" in found ? found.reason : undefined;
}

/** Version of CUDA that the driver supports, as 13000 for 13.0. */
export function driverVersion(): number {
  driver();
  return supported;
}

const cublasNames: { readonly [status: number]: string } = {
  1: "CUBLAS_STATUS_NOT_INITIALIZED",
  3: "CUBLAS_STATUS_ALLOC_FAILED",
  7: "CUBLAS_STATUS_INVALID_VALUE",
  8: "CUBLAS_STATUS_ARCH_MISMATCH",
  11: "CUBLAS_STATUS_MAPPING_ERROR",
  13: "CUBLAS_STATUS_EXECUTION_FAILED",
  14: "CUBLAS_STATUS_INTERNAL_ERROR",
  15: "CUBLAS_STATUS_NOT_SUPPORTED",
};

const ncclNames: { readonly [status: number]: string } = {
  1: "ncclUnhandledCudaError",
  2: "ncclSystemError",
  3: "ncclInternalError",
  4: "ncclInvalidArgument",
  5: "ncclInvalidUsage",
  6: "ncclRemoteError",
  7: "ncclInProgress",
};

function textAt(read: (text: BigUint64Array) => number): string | undefined {
  const text = new BigUint64Array(1);
  return read(text) === 0 ? native().cudaString(Number(text[0])) : undefined;
}

function explain(library: Driver, call: string, status: number): string {
  if (call.startsWith("cublas")) return `${call}: ${cublasNames[status] ?? `status ${status}`}`;
  if (call.startsWith("nccl"))
    return `${call}: ${ncclNames[status] ?? `status ${status}`}; NCCL_DEBUG=WARN tells more`;
  if (call.startsWith("nvrtc")) return `${call}: status ${status}`;
  const name = textAt(text => library.cuGetErrorName(status, text)) ?? `error ${status}`;
  const sentence = textAt(text => library.cuGetErrorString(status, text));
  return `${call}: ${name}${sentence === undefined ? "" : `, ${sentence}`}`;
}

/** The error for a status that is not 0. `doing` says what for, as "multiplying". */
export function failure(call: string, status: number, doing?: string): CudaError {
  const sentence = explain(driver(), call, status);
  return new CudaError(doing === undefined ? sentence : `${doing}: ${sentence}`, call, status);
}

/** Names of the driver's functions. */
type Call = Exclude<keyof Driver, "path" | "missing">;

/** Calls a function of the driver. @throws {CudaError} it fails */
export function call<K extends Call>(name: K, ...args: Parameters<Driver[K]>): void {
  const status = (driver()[name] as (...args: unknown[]) => number)(...args);
  if (status !== 0) throw failure(name, status);
}

/** Calls a function that writes a handle or an address. @throws {CudaError} it fails */
export function obtain(name: Call, write: (out: BigUint64Array) => number): number {
  const out = new BigUint64Array(1);
  const status = write(out);
  if (status !== 0) throw failure(name, status);
  return Number(out[0]);
}

/** Turns what the native threads say into success or an error. */
export async function settled(outcome: Promise<undefined | [string, number]>, doing?: string): Promise<void> {
  const failed = await outcome;
  if (failed !== undefined) throw failure(failed[0], failed[1], doing);
}

/** Flag of cuEventCreate: who waits for the event sleeps; otherwise the driver would look again and again. */
export const blockingSync = 1;

// CUdevice_attribute
const capabilityMajor = 75;
const capabilityMinor = 76;

/** How many devices the driver shows this process. */
export function deviceCount(): number {
  const count = new Int32Array(1);
  call("cuDeviceGetCount", count);
  return count[0];
}

/** The driver's handle of a device. */
export function handleOf(index: number): number {
  const handle = new Int32Array(1);
  call("cuDeviceGet", handle, index);
  return handle[0];
}

/** @param which of CUdevice_attribute */
export function attribute(handle: number, which: number): number {
  const value = new Int32Array(1);
  call("cuDeviceGetAttribute", value, which, handle);
  return value[0];
}

/** The compute capability, "9.0". */
export function capabilityOf(handle: number): string {
  return `${attribute(handle, capabilityMajor)}.${attribute(handle, capabilityMinor)}`;
}
