/**
 * The functions of the CUDA libraries as `native/cuda-library.cc` binds them: one for one, each returning its error
 * code. Handles and addresses are numbers; what a pointer points to is a typed array.
 */
export type Pointer = number | ArrayBufferView | null;

interface Library {
  /** The file that was opened. */
  readonly path: string;
  /** Functions that tsmpi knows and this version has not. */
  readonly missing: readonly string[];
}

export interface Driver extends Library {
  cuInit(flags: number): number;
  cuDriverGetVersion(version: Int32Array): number;
  cuGetErrorName(status: number, text: BigUint64Array): number;
  cuGetErrorString(status: number, text: BigUint64Array): number;
  cuDeviceGetCount(count: Int32Array): number;
  cuDeviceGet(device: Int32Array, index: number): number;
  cuDeviceGetName(name: Uint8Array, bytes: number, device: number): number;
  cuDeviceGetAttribute(value: Int32Array, attribute: number, device: number): number;
  cuDeviceGetUuid(uuid: Uint8Array, device: number): number;
  cuDeviceTotalMem_v2(bytes: BigUint64Array, device: number): number;
  cuDevicePrimaryCtxRetain(context: BigUint64Array, device: number): number;
  cuDeviceCanAccessPeer(can: Int32Array, device: number, peer: number): number;
  cuCtxEnablePeerAccess(peerContext: number, flags: number): number;
  cuCtxSetCurrent(context: number): number;
  cuMemGetInfo_v2(free: BigUint64Array, total: BigUint64Array): number;
  cuMemAlloc_v2(address: BigUint64Array, bytes: number): number;
  cuMemFree_v2(address: number): number;
  cuMemcpyDtoDAsync_v2(target: number, source: number, bytes: number, stream: number): number;
  cuMemcpyPeerAsync(
    target: number,
    targetContext: number,
    source: number,
    sourceContext: number,
    bytes: number,
    stream: number,
  ): number;
  cuStreamCreate(stream: BigUint64Array, flags: number): number;
  cuStreamDestroy_v2(stream: number): number;
  cuStreamSynchronize(stream: number): number;
  cuStreamWaitEvent(stream: number, event: number, flags: number): number;
  cuEventCreate(event: BigUint64Array, flags: number): number;
  cuEventRecord(event: number, stream: number): number;
  cuEventElapsedTime(milliseconds: Float32Array, start: number, end: number): number;
  cuEventDestroy_v2(event: number): number;
  cuModuleLoadDataEx(
    module: BigUint64Array,
    image: Uint8Array,
    options: number,
    names: Int32Array,
    values: BigUint64Array,
  ): number;
  cuModuleGetFunction(found: BigUint64Array, module: number, name: Uint8Array): number;
  cuLaunchKernel(
    kernel: number,
    gridX: number,
    gridY: number,
    gridZ: number,
    blockX: number,
    blockY: number,
    blockZ: number,
    sharedBytes: number,
    stream: number,
    parameters: null,
    extra: BigUint64Array,
  ): number;
  cuIpcGetMemHandle(handle: Uint8Array, address: number): number;
  cuIpcOpenMemHandle_v2(address: BigUint64Array, handle: Uint8Array, flags: number): number;
  cuIpcCloseMemHandle(address: number): number;
}

export interface Cublas extends Library {
  cublasCreate_v2(handle: BigUint64Array): number;
  cublasGetVersion_v2(handle: number, version: Int32Array): number;
  cublasSetStream_v2(handle: number, stream: number): number;
  cublasGemmEx(
    handle: number,
    transposeA: number,
    transposeB: number,
    m: number,
    n: number,
    k: number,
    alpha: ArrayBufferView,
    a: number,
    typeA: number,
    lda: number,
    b: number,
    typeB: number,
    ldb: number,
    beta: ArrayBufferView,
    c: number,
    typeC: number,
    ldc: number,
    computeType: number,
    algorithm: number,
  ): number;
  cublasGemmStridedBatchedEx(
    handle: number,
    transposeA: number,
    transposeB: number,
    m: number,
    n: number,
    k: number,
    alpha: ArrayBufferView,
    a: number,
    typeA: number,
    lda: number,
    strideA: number,
    b: number,
    typeB: number,
    ldb: number,
    strideB: number,
    beta: ArrayBufferView,
    c: number,
    typeC: number,
    ldc: number,
    strideC: number,
    batch: number,
    computeType: number,
    algorithm: number,
  ): number;
}

export interface Nvrtc extends Library {
  nvrtcVersion(major: Int32Array, minor: Int32Array): number;
  nvrtcCreateProgram(
    program: BigUint64Array,
    source: Uint8Array,
    name: Uint8Array,
    headers: number,
    sources: null,
    names: null,
  ): number;
  nvrtcCompileProgram(program: number, count: number, options: BigUint64Array): number;
  nvrtcGetProgramLogSize(program: number, bytes: BigUint64Array): number;
  nvrtcGetProgramLog(program: number, log: Uint8Array): number;
  nvrtcGetCUBINSize(program: number, bytes: BigUint64Array): number;
  nvrtcGetCUBIN(program: number, image: Uint8Array): number;
  nvrtcDestroyProgram(program: BigUint64Array): number;
}

/** What may be called from the main thread; the rest waits for other ranks (`native/cuda-nccl.cc`). */
export interface Nccl extends Library {
  ncclGetVersion(version: Int32Array): number;
  ncclGetUniqueId(id: Uint8Array): number;
}

export interface Libraries {
  driver: Driver;
  cublas: Cublas;
  nvrtc: Nvrtc;
  nccl: Nccl;
}
