// That the prototypes of native/cuda-functions.h are those of the headers: as many arguments, each of which travels alike.
// Compiled by prototypes.test.ts against the headers that there are (HAVE_NVRTC and its like).
#include "../../native/cuda-functions.h"

#include <cuda.h>
#include <type_traits>
#ifdef HAVE_NVRTC
#include <nvrtc.h>
#endif
#ifdef HAVE_NCCL
#include <nccl.h>
#endif

// Names that the header has in newer forms, of the same arguments.
#undef cuDeviceGetUuid
#undef cuEventElapsedTime
extern "C" {
CUresult cuDeviceGetUuid(CUuuid*, CUdevice);
CUresult cuEventElapsedTime(float*, CUevent, CUevent);
}

// Integers and enumerations by their bytes, pointers and addresses alike, structures by their bytes.
template <typename T>
constexpr int passed = std::is_class_v<T> ? 1000 + static_cast<int>(sizeof(T)) : static_cast<int>(sizeof(T));

template <typename... Ours>
struct Prototype {
  template <typename Result, typename... Theirs>
  static constexpr bool matches(Result (*)(Theirs...)) {
    if constexpr (sizeof...(Ours) != sizeof...(Theirs) || sizeof(Result) != sizeof(int))
      return false;
    else
      return ((passed<Ours> == passed<Theirs>) && ...);
  }
};

using namespace tsmpi;

#define CHECK(name, ...) static_assert(Prototype<__VA_ARGS__>::matches(&::name), #name);
CUDA_DRIVER_FUNCTIONS(CHECK)
#ifdef HAVE_NVRTC
NVRTC_FUNCTIONS(CHECK)
#endif
#ifdef HAVE_NCCL
NCCL_FUNCTIONS(CHECK)
#endif

static_assert(sizeof(IpcHandle) == sizeof(CUipcMemHandle));
