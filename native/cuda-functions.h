// The entry points of the CUDA libraries that tsmpi calls. The libraries are found at run time (cuda-library.cc), so
// their prototypes are declared here and none of their headers is needed. All of them return an int: CUresult,
// cublasStatus_t, nvrtcResult or ncclResult_t, 0 when all went well.
#pragma once
#include <cstddef>

namespace tsmpi {

typedef void* Handle;  // of a context, stream, event, module, function, cuBLAS handle, NVRTC program, NCCL communicator
typedef unsigned long long Address;  // CUdeviceptr

struct IpcHandle {  // CUipcMemHandle, which is passed by value
  char bytes[64];
};

struct NcclId {  // ncclUniqueId, which is passed by value
  char bytes[128];
};

#define CUDA_DRIVER_FUNCTIONS(F)                                                                                  \
  F(cuInit, unsigned)                                                                                             \
  F(cuDriverGetVersion, int*)                                                                                     \
  F(cuGetErrorName, int, const char**)                                                                            \
  F(cuGetErrorString, int, const char**)                                                                          \
  F(cuDeviceGetCount, int*)                                                                                       \
  F(cuDeviceGet, int*, int)                                                                                       \
  F(cuDeviceGetName, char*, int, int)                                                                             \
  F(cuDeviceGetAttribute, int*, int, int)                                                                         \
  F(cuDeviceGetUuid, unsigned char*, int)                                                                         \
  F(cuDeviceTotalMem_v2, size_t*, int)                                                                            \
  F(cuDevicePrimaryCtxRetain, Handle*, int)                                                                       \
  F(cuDeviceCanAccessPeer, int*, int, int)                                                                        \
  F(cuCtxEnablePeerAccess, Handle, unsigned)                                                                      \
  F(cuCtxSetCurrent, Handle)                                                                                      \
  F(cuCtxGetCurrent, Handle*)                                                                                     \
  F(cuMemGetInfo_v2, size_t*, size_t*)                                                                            \
  F(cuMemAlloc_v2, Address*, size_t)                                                                              \
  F(cuMemFree_v2, Address)                                                                                        \
  F(cuMemHostAlloc, void**, size_t, unsigned)                                                                     \
  F(cuMemFreeHost, void*)                                                                                         \
  F(cuMemcpyHtoDAsync_v2, Address, const void*, size_t, Handle)                                                   \
  F(cuMemcpyDtoHAsync_v2, void*, Address, size_t, Handle)                                                         \
  F(cuMemcpyDtoDAsync_v2, Address, Address, size_t, Handle)                                                       \
  F(cuMemcpyPeerAsync, Address, Handle, Address, Handle, size_t, Handle)                                          \
  F(cuStreamCreate, Handle*, unsigned)                                                                            \
  F(cuStreamSynchronize, Handle)                                                                                  \
  F(cuStreamWaitEvent, Handle, Handle, unsigned)                                                                  \
  F(cuStreamDestroy_v2, Handle)                                                                                   \
  F(cuEventCreate, Handle*, unsigned)                                                                             \
  F(cuEventRecord, Handle, Handle)                                                                                \
  F(cuEventQuery, Handle)                                                                                         \
  F(cuEventSynchronize, Handle)                                                                                   \
  F(cuEventElapsedTime, float*, Handle, Handle)                                                                   \
  F(cuEventDestroy_v2, Handle)                                                                                    \
  F(cuModuleLoadDataEx, Handle*, const void*, unsigned, int*, void**)                                             \
  F(cuModuleUnload, Handle)                                                                                       \
  F(cuModuleGetFunction, Handle*, Handle, const char*)                                                            \
  F(cuLaunchKernel, Handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Handle, void**, \
    void**)                                                                                                       \
  F(cuIpcGetMemHandle, void*, Address)                                                                            \
  F(cuIpcOpenMemHandle_v2, Address*, IpcHandle, unsigned)                                                         \
  F(cuIpcCloseMemHandle, Address)

#define CUBLAS_FUNCTIONS(F)                                                                                        \
  F(cublasCreate_v2, Handle*)                                                                                      \
  F(cublasDestroy_v2, Handle)                                                                                      \
  F(cublasGetVersion_v2, Handle, int*)                                                                             \
  F(cublasSetStream_v2, Handle, Handle)                                                                            \
  F(cublasGemmEx, Handle, int, int, int, int, int, const void*, const void*, int, int, const void*, int, int,      \
    const void*, void*, int, int, int, int)                                                                        \
  F(cublasGemmStridedBatchedEx, Handle, int, int, int, int, int, const void*, const void*, int, int, long long,    \
    const void*, int, int, long long, const void*, void*, int, int, long long, int, int, int)

#define NVRTC_FUNCTIONS(F)                                                                    \
  F(nvrtcVersion, int*, int*)                                                                 \
  F(nvrtcCreateProgram, Handle*, const char*, const char*, int, const char**, const char**)   \
  F(nvrtcCompileProgram, Handle, int, const char**)                                           \
  F(nvrtcGetProgramLogSize, Handle, size_t*)                                                  \
  F(nvrtcGetProgramLog, Handle, char*)                                                        \
  F(nvrtcGetCUBINSize, Handle, size_t*)                                                       \
  F(nvrtcGetCUBIN, Handle, char*)                                                             \
  F(nvrtcDestroyProgram, Handle*)

#define NCCL_FUNCTIONS(F)                                                  \
  F(ncclGetVersion, int*)                                                  \
  F(ncclGetUniqueId, void*)                                                \
  F(ncclCommInitRank, Handle*, int, NcclId, int)                           \
  F(ncclCommDestroy, Handle)                                               \
  F(ncclCommAbort, Handle)                                                 \
  F(ncclAllReduce, Address, Address, size_t, int, int, Handle, Handle)     \
  F(ncclReduce, Address, Address, size_t, int, int, int, Handle, Handle)   \
  F(ncclBroadcast, Address, Address, size_t, int, int, Handle, Handle)     \
  F(ncclAllGather, Address, Address, size_t, int, Handle, Handle)          \
  F(ncclReduceScatter, Address, Address, size_t, int, int, Handle, Handle) \
  F(ncclSend, Address, size_t, int, int, Handle, Handle)                   \
  F(ncclRecv, Address, size_t, int, int, Handle, Handle)                   \
  F(ncclGroupStart)                                                        \
  F(ncclGroupEnd)

// The driver's functions as native threads call them (cuda-lanes.cc, cuda-transfers.cc); null until it is opened.
struct CudaDriver {
#define MEMBER(name, ...) int (*name)(__VA_ARGS__);
  CUDA_DRIVER_FUNCTIONS(MEMBER)
#undef MEMBER
};

extern CudaDriver cudaDriver;

// Those of cuBLAS, of which only one is called by the addon itself.
struct CudaCublas {
#define MEMBER(name, ...) int (*name)(__VA_ARGS__);
  CUBLAS_FUNCTIONS(MEMBER)
#undef MEMBER
};

extern CudaCublas cudaCublas;

// Those of NCCL, as cuda-nccl.cc calls them; null until it is opened.
struct CudaNccl {
#define MEMBER(name, ...) int (*name)(__VA_ARGS__);
  NCCL_FUNCTIONS(MEMBER)
#undef MEMBER
};

extern CudaNccl cudaNccl;

}  // namespace tsmpi
