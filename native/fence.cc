// Memory fences on behalf of other processes (membarrier, Linux 4.16). Whoever publishes something and then looks
// whether its reader sleeps needs a full fence between the two, and so does the reader between saying that it will
// sleep and looking once more. Publishing happens all the time, sleeping seldom: so the sleeper makes all processors
// that run a rank pass a fence (0.7 us), and the publisher does without its own (0.1 us, for it waits until the cache
// line is there).
#include "addon.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <future>

namespace tsmpi {

// canFence(): whether processes can make others pass fences. Publishing by plain stores is right on x86-64 only.
static Napi::Value canFence(const Napi::CallbackInfo& info) {
#ifdef __x86_64__
  long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  long needed = MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_GLOBAL_EXPEDITED;
  bool can = commands > 0 && (commands & needed) == needed;
#else
  bool can = false;
#endif
  return Napi::Boolean::New(info.Env(), can);
}

// Of this process. The kernel lets a process of several threads wait for 10 to 25 ms.
static std::shared_future<bool>& acceptance() {
  static std::shared_future<bool> accepted = std::async(std::launch::async, [] {
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
  });
  return accepted;
}

// acceptFences(): begins to let other processes make this one pass fences.
static void acceptFences(const Napi::CallbackInfo&) { acceptance(); }

// awaitFences(): blocks until this process accepts fences. Throws if the kernel refuses.
static void awaitFences(const Napi::CallbackInfo& info) {
  if (acceptance().get()) return;
  Napi::Error::New(info.Env(), "the kernel has membarrier and refuses this process").ThrowAsJavaScriptException();
}

// fenceAll(): every process that accepts fences passes one before this returns, or is not running.
static napi_value fenceAll(napi_env env, napi_callback_info info) {
  syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0);
  return nullptr;
}

void registerFence(Napi::Env env, Napi::Object exports) {
  exports.Set("canFence", Napi::Function::New<canFence>(env));
  exports.Set("acceptFences", Napi::Function::New<acceptFences>(env));
  exports.Set("awaitFences", Napi::Function::New<awaitFences>(env));
  registerRaw(env, exports, "fenceAll", fenceAll);
}

}  // namespace tsmpi
