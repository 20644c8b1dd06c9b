// What the CUDA parts of the addon share.
#pragma once
#include "cuda-functions.h"

#include <functional>
#include <memory>
#include <napi.h>
#include <string_view>
#include <vector>

namespace tsmpi {

// 0, or the error code of the call named.
struct Outcome {
  int status = 0;
  const char* failed = "";

  bool check(int code, const char* call) {
    if (code != 0 && status == 0) {
      status = code;
      failed = call;
    }
    return code == 0;
  }
};

Handle handleOf(const Napi::Value& value);

// What belongs to an environment (the main thread of a program, or one of its worker threads), in the order in which it is
// given back when a worker ends. Contexts are not among it: they are the process's.
enum class Belonging { communicator, cublas, event, hostMemory, memory, module, stream, none };

constexpr Belonging madeBy(std::string_view call) {
  if (call == "cublasCreate_v2") return Belonging::cublas;
  if (call == "cuEventCreate") return Belonging::event;
  if (call == "cuMemAlloc_v2") return Belonging::memory;
  if (call == "cuModuleLoadDataEx") return Belonging::module;
  if (call == "cuStreamCreate") return Belonging::stream;
  return Belonging::none;
}

constexpr Belonging endedBy(std::string_view call) {
  if (call == "cuEventDestroy_v2") return Belonging::event;
  if (call == "cuMemFree_v2") return Belonging::memory;
  if (call == "cuStreamDestroy_v2") return Belonging::stream;
  return Belonging::none;
}

// Notes what has been made in the current context, and what is no longer there.
void own(napi_env env, Belonging kind, Address handle);
void disown(napi_env env, Belonging kind, Address handle);

class Environment;
struct Lane;

// What a lane has to do, and what it has for it. A lane is a native thread and its queue; all jobs of one lane are for one
// device.
class Work : public Outcome {
 public:
  // Whether JavaScript has ended meanwhile, and its arrays with it.
  bool isAbandoned() const;

  // Events and page-locked memory of the lane, made when they are first asked for; null where the driver has none. Event 0
  // is for `settle`.
  Handle event(size_t which);
  char* pageLocked(size_t bytes);

  // Waits until an event has come.
  bool arrived(Handle event);
  // Waits until the stream has done all that it was given, also after an error.
  void settle(Handle stream);

  void own(Belonging kind, Handle handle);
  // Whether it was still there; otherwise the end of the environment has given it back.
  bool disown(Belonging kind, Handle handle);
  // Uses what is still there, and is not given back meanwhile; briefly, for JavaScript may wait for it.
  void whileOwned(Belonging kind, Handle handle, const std::function<void()>& use);

  // What the promise resolves with, if that is a handle.
  Handle made = nullptr;

 private:
  friend class Environment;
  Environment* environment_;
  Lane* lane_;
  Handle context_;
  std::function<void(Work&)> perform_;
  // To tell JavaScript. The reference keeps the host's array.
  napi_deferred deferred_;
  napi_ref array_ = nullptr;
};

// Runs `perform` on a native thread with the context current, after all that the same lane was given before; it must hold
// nothing of JavaScript. `array` is kept until it has ended. A promise of what it has made, if anything, or of
// [call, status].
Napi::Value inLane(Napi::Env env, Handle lane, Handle context, std::function<void(Work&)> perform,
                   napi_value array = nullptr);

void registerCudaTransfers(Napi::Env env, Napi::Object exports);
void registerCudaNccl(Napi::Env env, Napi::Object exports);

}  // namespace tsmpi
