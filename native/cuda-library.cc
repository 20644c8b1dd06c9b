// Opens the CUDA libraries at run time and hands their functions to JavaScript, one for one: src/cuda/ says what is
// called when. Nothing of CUDA is needed to build or load the addon.
#include "addon.h"
#include "cuda-functions.h"
#include "cuda.h"

#include <cstring>
#include <dlfcn.h>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tsmpi {

CudaDriver cudaDriver;
CudaCublas cudaCublas;
CudaNccl cudaNccl;

template <typename T>
static bool numberOrPointer(napi_env env, napi_value value, T* result) {
  double number;
  if (napi_get_value_double(env, value, &number) == napi_ok) {
    if constexpr (std::is_pointer_v<T>)
      *result = reinterpret_cast<T>(static_cast<uintptr_t>(number));
    else if constexpr (std::is_unsigned_v<T>)
      *result = static_cast<T>(static_cast<unsigned long long>(number));
    else
      *result = static_cast<T>(static_cast<long long>(number));
    return true;
  }
  if constexpr (std::is_pointer_v<T>) {
    napi_valuetype type;
    void* data = nullptr;
    napi_typeof(env, value, &type);
    bool none = type == napi_null || type == napi_undefined;
    if (!none && napi_get_typedarray_info(env, value, nullptr, nullptr, &data, nullptr, nullptr) != napi_ok)
      return false;
    *result = static_cast<T>(data);
    return true;
  }
  return false;
}

// One argument from JavaScript: a number for integers, handles and addresses (all below 2^53); for what a pointer points
// to also the typed array that holds it; null or undefined for a null pointer; a typed array of its bytes for a struct.
template <typename T>
static bool argument(napi_env env, napi_value value, T* result) {
  if constexpr (std::is_class_v<T>) {
    void* bytes;
    size_t length;
    if (napi_get_typedarray_info(env, value, nullptr, &length, &bytes, nullptr, nullptr) != napi_ok) return false;
    if (length < sizeof(T)) return false;
    std::memcpy(result, bytes, sizeof(T));
    return true;
  } else {
    return numberOrPointer(env, value, result);
  }
}

static Address asAddress(Address address) { return address; }
static Address asAddress(Handle handle) { return reinterpret_cast<Address>(handle); }

// What a call makes or ends is noted: it must not outlive the environment.
template <Belonging made, Belonging ended, typename... Args>
struct Caller {
  static napi_value call(napi_env env, napi_callback_info info) {
    return callWith(env, info, std::index_sequence_for<Args...>());
  }

  template <size_t... I>
  static napi_value callWith(napi_env env, napi_callback_info info, std::index_sequence<I...>) {
    constexpr size_t wanted = sizeof...(Args);
    // One more, for there are no arrays of none.
    napi_value values[wanted + 1], result;
    size_t count = wanted;
    void* function;
    napi_get_cb_info(env, info, &count, values, nullptr, &function);
    std::tuple<Args...> arguments;
    if (count < wanted || !(argument(env, values[I], &std::get<I>(arguments)) && ...)) {
      napi_throw_type_error(env, nullptr, "calling CUDA: an argument is missing, or no number, typed array or null");
      return nullptr;
    }
    // Before the call, after which another thread may get the same handle.
    if constexpr (ended != Belonging::none) disown(env, ended, asAddress(std::get<0>(arguments)));
    int status = reinterpret_cast<int (*)(Args...)>(function)(std::get<I>(arguments)...);
    if constexpr (made != Belonging::none)
      if (status == 0) own(env, made, asAddress(*std::get<0>(arguments)));
    napi_create_int32(env, status, &result);
    return result;
  }
};

// `pointer` is where native code finds the function, if it calls it as well.
template <Belonging made, Belonging ended, typename... Args>
static void bind(void* library, const char* name, Napi::Env env, Napi::Object functions, int (**pointer)(Args...)) {
  void* address = dlsym(library, name);
  if (address == nullptr) {
    Napi::Array missing = functions.Get("missing").As<Napi::Array>();
    missing.Set(missing.Length(), Napi::String::New(env, name));
    return;
  }
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, Caller<made, ended, Args...>::call, address, &function);
  functions.Set(name, Napi::Value(env, function));
  if (pointer != nullptr) *pointer = reinterpret_cast<int (*)(Args...)>(address);
}

// openCudaLibrary(kind: "driver" | "cublas" | "nvrtc" | "nccl", path): an object of the functions that the library has, with its
// `path` and the names of those it has not as `missing`; or the loader's message when it cannot be opened. It stays open for as long as the process lives.
static Napi::Value openCudaLibrary(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string kind = info[0].As<Napi::String>(), path = info[1].As<Napi::String>();
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Napi::String::New(env, dlerror());
  Napi::Object functions = Napi::Object::New(env);
  functions.Set("missing", Napi::Array::New(env));
#define BIND(name, pointer) bind<madeBy(#name), endedBy(#name)>(library, #name, env, functions, pointer);
#define BIND_DRIVER(name, ...) BIND(name, &cudaDriver.name)
#define BIND_CUBLAS(name, ...) BIND(name, &cudaCublas.name)
#define BIND_NCCL(name, ...) BIND(name, &cudaNccl.name)
#define BIND_NVRTC(name, ...) BIND(name, static_cast<int (**)(__VA_ARGS__)>(nullptr))
  if (kind == "driver") {
    CUDA_DRIVER_FUNCTIONS(BIND_DRIVER)
  } else if (kind == "cublas") {
    CUBLAS_FUNCTIONS(BIND_CUBLAS)
  } else if (kind == "nccl") {
    NCCL_FUNCTIONS(BIND_NCCL)
  } else {
    NVRTC_FUNCTIONS(BIND_NVRTC)
  }
  Dl_info where;
  for (const char* name : {"cuInit", "cublasCreate_v2", "nvrtcVersion", "ncclGetVersion"}) {
    void* address = dlsym(library, name);
    if (address != nullptr && dladdr(address, &where) != 0 && where.dli_fname != nullptr)
      functions.Set("path", Napi::String::New(env, where.dli_fname));
  }
  return functions;
}

// cudaString(address): the text at an address that a library has given, as cuGetErrorString does.
static Napi::Value cudaString(const Napi::CallbackInfo& info) {
  double address = info[0].As<Napi::Number>().DoubleValue();
  if (address == 0) return info.Env().Undefined();
  return Napi::String::New(info.Env(), reinterpret_cast<const char*>(static_cast<uintptr_t>(address)));
}

// cudaPinned(bytes): an ArrayBuffer of page-locked memory, freed when it is collected, or the driver's error code.
static Napi::Value cudaPinned(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  size_t bytes = static_cast<size_t>(info[0].As<Napi::Number>().DoubleValue());
  constexpr unsigned portable = 1;
  void* memory = nullptr;
  int status = cudaDriver.cuMemHostAlloc(&memory, bytes, portable);
  if (status != 0) return Napi::Number::New(env, status);
  std::memset(memory, 0, bytes);
  return Napi::ArrayBuffer::New(env, memory, bytes, [](Napi::Env, void* data) { cudaDriver.cuMemFreeHost(data); });
}

void registerCuda(Napi::Env env, Napi::Object exports) {
  exports.Set("openCudaLibrary", Napi::Function::New<openCudaLibrary>(env));
  exports.Set("cudaString", Napi::Function::New<cudaString>(env));
  exports.Set("cudaPinned", Napi::Function::New<cudaPinned>(env));
  registerCudaTransfers(env, exports);
  registerCudaNccl(env, exports);
}

}  // namespace tsmpi
