// The shared segment: an anonymous memory file that ranks inherit as a descriptor. It has no name, so nothing is
// left behind when a job ends, however it ends; its pages are sparse, so rings that nobody uses cost nothing.
#include "addon.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tsmpi {

int32_t* segmentWords = nullptr;
size_t segmentWordCount = 0;

// createSegment(bytes): descriptor. Its size is sealed, so that no process can shrink it under another's feet.
static Napi::Value createSegment(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  double bytes = info[0].As<Napi::Number>().DoubleValue();
  int fd = memfd_create("tsmpi", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) {
    throwErrno(env, "memfd_create");
    return env.Undefined();
  }
  if (ftruncate(fd, static_cast<off_t>(bytes)) != 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
    throwErrno(env, "sizing the shared segment");
    close(fd);
    return env.Undefined();
  }
  return Napi::Number::New(env, fd);
}

// mapSegment(fd): ArrayBuffer over the whole segment, or undefined when `fd` is no memory file of ours (a child
// process of a rank inherits the environment but not the descriptors). The mapping lives as long as the process.
static Napi::Value mapSegment(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int fd = info[0].As<Napi::Number>().Int32Value();
  struct stat status;
  if (fstat(fd, &status) != 0) return env.Undefined();
  int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0 || !(seals & F_SEAL_SHRINK) || status.st_size < 4096) return env.Undefined();
  void* address = mmap(nullptr, status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) {
    throwErrno(env, "mapping the shared segment");
    return env.Undefined();
  }
  segmentWords = static_cast<int32_t*>(address);
  segmentWordCount = status.st_size / sizeof(int32_t);
  return Napi::ArrayBuffer::New(env, address, status.st_size);
}

void registerSegment(Napi::Env env, Napi::Object exports) {
  exports.Set("createSegment", Napi::Function::New<createSegment>(env));
  exports.Set("mapSegment", Napi::Function::New<mapSegment>(env));
}

}  // namespace tsmpi
