// Memory that ranks of one host share for as long as one of them uses it: an anonymous memory file which one rank has
// made and the others have opened.
#include "addon.h"

#include <sys/mman.h>

namespace tsmpi {

// mapWindow(fd, bytes): ArrayBuffer over the first `bytes` of a memory file. The mapping goes when the buffer is
// collected, the memory with the last mapping, or descriptor, of any process.
static Napi::Value mapWindow(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int fd = info[0].As<Napi::Number>().Int32Value();
  size_t bytes = static_cast<size_t>(info[1].As<Napi::Number>().DoubleValue());
  void* address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) {
    throwErrno(env, "mapping shared memory");
    return env.Undefined();
  }
  auto unmap = [](Napi::Env, void* data, size_t* size) {
    munmap(data, *size);
    delete size;
  };
  return Napi::ArrayBuffer::New(env, address, bytes, unmap, new size_t(bytes));
}

void registerWindow(Napi::Env env, Napi::Object exports) {
  exports.Set("mapWindow", Napi::Function::New<mapWindow>(env));
}

}  // namespace tsmpi
