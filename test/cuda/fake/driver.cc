// A fake CUDA driver for the tests: memory of the host as memory of the device, kernels interpreted from their PTX
// (ptx.cc), everything done at once in the calling thread. It is strict where a real driver may not be: every address,
// handle and current context is checked, so that a mistake shows without a GPU.
//
// Environment: FAKE_CUDA_FAIL (control.h), FAKE_CUDA_DEVICES (1), FAKE_CUDA_MEMORY (bytes of each, 1 GiB),
// FAKE_CUDA_VERSION (13000), FAKE_CUDA_CAPABILITY (90: 9.0), FAKE_CUDA_IPC (1), FAKE_CUDA_PEERS (1), FAKE_CUDA_TRACE
// (control.h), FAKE_CUDA_HOLD: while there is a file of this name and a device's number, kernels of the device do not end,
// as far as streams and events know.
#include "control.h"
#include "ptx.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <set>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr int invalidValue = 1, outOfMemory = 2, invalidPtx = 218, invalidContext = 201, alreadyMapped = 208, invalidHandle = 400,
              notFound = 500, notReady = 600, peersAlready = 704, notSupported = 801;

long setting(const char* name, long otherwise) {
  const char* value = getenv(name);
  return value == nullptr ? otherwise : atol(value);
}

struct Allocation {
  size_t bytes;
  int device;
  int fd;
  // How often it is open, if it is another process's.
  int foreign;
  std::pair<int, int> origin;
};

struct Stream {
  // The file that keeps from ending what it has been given, or waits for.
  std::string behind = {};
};

std::mutex mutex;
std::map<uint64_t, Allocation> memory;
std::map<uint64_t, size_t> pinned;
std::map<void*, Stream> streams;
std::set<void*> events;
std::set<ptx::Module*> modules;
std::map<int, size_t> used;
// Contexts that reach the memory of others.
std::set<std::pair<intptr_t, void*>> peers;
thread_local intptr_t current = 0;
// As on a GPU: a kernel that went wrong makes every later call fail.
int sticky = 0;

struct Event {
  std::chrono::steady_clock::time_point time;
  std::string behind;
};

bool isHeld(const std::string& behind) { return !behind.empty() && access(behind.c_str(), F_OK) == 0; }

void await(std::unique_lock<std::mutex>& lock, std::string behind) {
  lock.unlock();
  while (isHeld(behind)) usleep(500);
  lock.lock();
}

// Contexts are named by 1 + the device's number.
int device() { return static_cast<int>(current) - 1; }

bool inside(uint64_t address, size_t bytes) {
  auto after = memory.upper_bound(address);
  if (after == memory.begin()) return false;
  auto& [start, allocation] = *std::prev(after);
  return address + bytes <= start + allocation.bytes;
}

}  // namespace

bool ptx::mayAccess(uint64_t address, size_t bytes) { return inside(address, bytes); }

#define API extern "C" __attribute__((visibility("default"))) int
#define CONTEXT(name)                             \
  FAKE(name);                                     \
  std::unique_lock<std::mutex> lock(mutex);       \
  if (current == 0) return invalidContext;        \
  if (sticky != 0) return sticky

// For the fake NCCL.
API fakeCurrentDevice() {
  return device();
}
API fakeMayAccess(uint64_t address, size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  return inside(address, bytes) ? 1 : 0;
}

API cuInit(unsigned) {
  FAKE("cuInit");
  return 0;
}
API cuDriverGetVersion(int* version) {
  FAKE("cuDriverGetVersion");
  *version = static_cast<int>(setting("FAKE_CUDA_VERSION", 13000));
  return 0;
}
API cuGetErrorName(int status, const char** text) {
  static const std::map<int, const char*> names = {{1, "CUDA_ERROR_INVALID_VALUE"},     {2, "CUDA_ERROR_OUT_OF_MEMORY"},
                                                   {100, "CUDA_ERROR_NO_DEVICE"},       {201, "CUDA_ERROR_INVALID_CONTEXT"},
                                                   {218, "CUDA_ERROR_INVALID_PTX"},     {400, "CUDA_ERROR_INVALID_HANDLE"},
                                                   {500, "CUDA_ERROR_NOT_FOUND"},       {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
                                                   {716, "CUDA_ERROR_MISALIGNED_ADDRESS"},
                                                   {719, "CUDA_ERROR_LAUNCH_FAILED"},   {801, "CUDA_ERROR_NOT_SUPPORTED"},
                                                   {999, "CUDA_ERROR_UNKNOWN"}};
  auto found = names.find(status);
  *text = found == names.end() ? nullptr : found->second;
  return found == names.end() ? invalidValue : 0;
}
API cuGetErrorString(int status, const char** text) {
  *text = "said by the fake driver";
  return status == 0 ? invalidValue : 0;
}
API cuDeviceGetCount(int* count) {
  FAKE("cuDeviceGetCount");
  *count = static_cast<int>(setting("FAKE_CUDA_DEVICES", 1));
  return 0;
}
API cuDeviceGet(int* handle, int index) {
  FAKE("cuDeviceGet");
  if (index < 0 || index >= setting("FAKE_CUDA_DEVICES", 1)) return invalidValue;
  *handle = index;
  return 0;
}
API cuDeviceGetName(char* name, int bytes, int handle) {
  FAKE("cuDeviceGetName");
  snprintf(name, bytes, "Fake GPU %d", handle);
  return 0;
}
API cuDeviceGetAttribute(int* value, int attribute, int) {
  FAKE("cuDeviceGetAttribute");
  const int capability = static_cast<int>(setting("FAKE_CUDA_CAPABILITY", 90));
  *value = attribute == 16 ? 2 : attribute == 75 ? capability / 10 : attribute == 76 ? capability % 10 : 0;
  return 0;
}
API cuDeviceGetUuid(unsigned char* uuid, int handle) {
  FAKE("cuDeviceGetUuid");
  memset(uuid, 0xfa, 16);
  uuid[15] = static_cast<unsigned char>(handle);
  return 0;
}
API cuDeviceTotalMem_v2(size_t* bytes, int) {
  FAKE("cuDeviceTotalMem_v2");
  *bytes = setting("FAKE_CUDA_MEMORY", 1 << 30);
  return 0;
}
API cuDevicePrimaryCtxRetain(void** context, int handle) {
  FAKE("cuDevicePrimaryCtxRetain");
  *context = reinterpret_cast<void*>(static_cast<intptr_t>(handle) + 1);
  return 0;
}
API cuCtxSetCurrent(void* context) {
  FAKE("cuCtxSetCurrent");
  current = reinterpret_cast<intptr_t>(context);
  return 0;
}

API cuCtxGetCurrent(void** context) {
  FAKE("cuCtxGetCurrent");
  *context = reinterpret_cast<void*>(current);
  return 0;
}

API cuMemGetInfo_v2(size_t* free, size_t* total) {
  CONTEXT("cuMemGetInfo_v2");
  *total = setting("FAKE_CUDA_MEMORY", 1 << 30);
  *free = *total - std::min(*total, used[device()]);
  return 0;
}
API cuMemAlloc_v2(uint64_t* address, size_t bytes) {
  CONTEXT("cuMemAlloc_v2");
  if (bytes == 0) return invalidValue;
  if (used[device()] + bytes > static_cast<size_t>(setting("FAKE_CUDA_MEMORY", 1 << 30))) return outOfMemory;
  // A memory file, so that another process may map it, as with cuIpcGetMemHandle.
  int fd = memfd_create("fake-cuda", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, bytes) != 0) return outOfMemory;
  void* start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (start == MAP_FAILED) return outOfMemory;
  // Whoever reads what nobody has written shall notice.
  memset(start, 0xa5, bytes);
  *address = reinterpret_cast<uint64_t>(start);
  memory[*address] = {bytes, device(), fd, 0, {}};
  used[device()] += bytes;
  return 0;
}
API cuMemFree_v2(uint64_t address) {
  CONTEXT("cuMemFree_v2");
  auto found = memory.find(address);
  if (found == memory.end() || found->second.foreign > 0) return invalidValue;
  used[found->second.device] -= found->second.bytes;
  munmap(reinterpret_cast<void*>(address), found->second.bytes);
  close(found->second.fd);
  memory.erase(found);
  return 0;
}
API cuMemHostAlloc(void** address, size_t bytes, unsigned) {
  CONTEXT("cuMemHostAlloc");
  *address = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (*address == nullptr) return outOfMemory;
  pinned[reinterpret_cast<uint64_t>(*address)] = bytes;
  fakeTrace("made", *address);
  return 0;
}
API cuMemFreeHost(void* address) {
  std::lock_guard<std::mutex> lock(mutex);
  if (pinned.erase(reinterpret_cast<uint64_t>(address)) == 0) return invalidValue;
  free(address);
  fakeTrace("ended", address);
  return 0;
}
// Only page-locked memory may be copied while the caller goes on.
static bool isPinned(const void* host, size_t bytes) {
  uint64_t address = reinterpret_cast<uint64_t>(host);
  auto after = pinned.upper_bound(address);
  if (after == pinned.begin()) return false;
  auto& [start, length] = *std::prev(after);
  return address + bytes <= start + length;
}

API cuMemcpyHtoDAsync_v2(uint64_t target, const void* source, size_t bytes, void* stream) {
  CONTEXT("cuMemcpyHtoDAsync_v2");
  if (!streams.count(stream)) return invalidHandle;
  if (!inside(target, bytes) || !isPinned(source, bytes)) return invalidValue;
  memcpy(reinterpret_cast<void*>(target), source, bytes);
  return 0;
}
API cuMemcpyDtoHAsync_v2(void* target, uint64_t source, size_t bytes, void* stream) {
  CONTEXT("cuMemcpyDtoHAsync_v2");
  if (!streams.count(stream)) return invalidHandle;
  if (!inside(source, bytes) || !isPinned(target, bytes)) return invalidValue;
  memcpy(target, reinterpret_cast<void*>(source), bytes);
  return 0;
}
API cuMemcpyDtoDAsync_v2(uint64_t target, uint64_t source, size_t bytes, void* stream) {
  CONTEXT("cuMemcpyDtoDAsync_v2");
  if (!streams.count(stream)) return invalidHandle;
  if (!inside(target, bytes) || !inside(source, bytes)) return invalidValue;
  memmove(reinterpret_cast<void*>(target), reinterpret_cast<void*>(source), bytes);
  return 0;
}
// Only of one device by another.
API cuDeviceCanAccessPeer(int* can, int which, int other) {
  FAKE("cuDeviceCanAccessPeer");
  *can = which != other && setting("FAKE_CUDA_PEERS", 1) != 0;
  return 0;
}
API cuCtxEnablePeerAccess(void* other, unsigned) {
  CONTEXT("cuCtxEnablePeerAccess");
  return peers.insert({current, other}).second ? 0 : peersAlready;
}
API cuMemcpyPeerAsync(uint64_t target, void*, uint64_t source, void*, size_t bytes, void* stream) {
  FAKE("cuMemcpyPeerAsync");
  return cuMemcpyDtoDAsync_v2(target, source, bytes, stream);
}

API cuStreamCreate(void** stream, unsigned) {
  CONTEXT("cuStreamCreate");
  *stream = new char;
  streams[*stream] = {};
  fakeTrace("made", *stream);
  return 0;
}
API cuStreamSynchronize(void* stream) {
  CONTEXT("cuStreamSynchronize");
  if (!streams.count(stream)) return invalidHandle;
  await(lock, streams[stream].behind);
  return 0;
}
API cuStreamWaitEvent(void* stream, void* event, unsigned) {
  CONTEXT("cuStreamWaitEvent");
  fakeTrace("wait", event);
  if (!streams.count(stream) || !events.count(event)) return invalidHandle;
  const std::string& behind = static_cast<Event*>(event)->behind;
  if (isHeld(behind)) streams[stream].behind = behind;
  return 0;
}
API cuStreamDestroy_v2(void* stream) {
  CONTEXT("cuStreamDestroy_v2");
  fakeTrace("ended", stream);
  return streams.erase(stream) ? 0 : invalidHandle;
}
API cuEventCreate(void** event, unsigned) {
  CONTEXT("cuEventCreate");
  *event = new Event();
  events.insert(*event);
  fakeTrace("made", *event);
  return 0;
}
API cuEventRecord(void* event, void* stream) {
  CONTEXT("cuEventRecord");
  fakeTrace("record", event);
  if (!events.count(event) || !streams.count(stream)) return invalidHandle;
  *static_cast<Event*>(event) = {std::chrono::steady_clock::now(), streams[stream].behind};
  return 0;
}
API cuEventQuery(void* event) {
  CONTEXT("cuEventQuery");
  if (!events.count(event)) return invalidHandle;
  return isHeld(static_cast<Event*>(event)->behind) ? notReady : 0;
}
API cuEventSynchronize(void* event) {
  CONTEXT("cuEventSynchronize");
  if (!events.count(event)) return invalidHandle;
  await(lock, static_cast<Event*>(event)->behind);
  return 0;
}
API cuEventElapsedTime(float* milliseconds, void* start, void* end) {
  CONTEXT("cuEventElapsedTime");
  if (!events.count(start) || !events.count(end)) return invalidHandle;
  auto time = static_cast<Event*>(end)->time - static_cast<Event*>(start)->time;
  *milliseconds = std::chrono::duration<float, std::milli>(time).count();
  return 0;
}
API cuEventDestroy_v2(void* event) {
  CONTEXT("cuEventDestroy_v2");
  if (!events.erase(event)) return invalidHandle;
  fakeTrace("ended", event);
  delete static_cast<Event*>(event);
  return 0;
}

API cuModuleLoadDataEx(void** module, const char* text, unsigned count, int* options, void** values) {
  CONTEXT("cuModuleLoadDataEx");
  auto loaded = std::make_unique<ptx::Module>();
  std::string error = loaded->parse(text);
  if (!error.empty()) {
    constexpr int errorLog = 5, errorLogBytes = 6;
    char* log = nullptr;
    size_t bytes = 0;
    for (unsigned i = 0; i < count; i++) {
      if (options[i] == errorLog) log = static_cast<char*>(values[i]);
      if (options[i] == errorLogBytes) bytes = reinterpret_cast<size_t>(values[i]);
    }
    if (log != nullptr) snprintf(log, bytes, "fake ptxas: %s", error.c_str());
    return invalidPtx;
  }
  *module = loaded.get();
  modules.insert(loaded.release());
  fakeTrace("made", *module);
  return 0;
}
API cuModuleUnload(void* module) {
  CONTEXT("cuModuleUnload");
  auto* loaded = static_cast<ptx::Module*>(module);
  if (!modules.erase(loaded)) return invalidHandle;
  fakeTrace("ended", module);
  delete loaded;
  return 0;
}
API cuModuleGetFunction(void** function, void* module, const char* name) {
  CONTEXT("cuModuleGetFunction");
  if (!modules.count(static_cast<ptx::Module*>(module))) return invalidHandle;
  *function = static_cast<ptx::Module*>(module)->find(name);
  return *function == nullptr ? notFound : 0;
}
API cuLaunchKernel(void* function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,
                   unsigned blockZ, unsigned, void* stream, void** parameters, void** extra) {
  CONTEXT("cuLaunchKernel");
  if (!streams.count(stream)) return invalidHandle;
  if (gridX == 0 || gridY * gridZ * blockY * blockZ != 1 || blockX == 0 || blockX > 1024) return invalidValue;
  if (parameters != nullptr || extra == nullptr) return invalidValue;
  const char* packed = nullptr;
  size_t bytes = 0;
  for (; *extra != nullptr; extra += 2) {
    if (*extra == reinterpret_cast<void*>(1)) packed = static_cast<char*>(extra[1]);
    if (*extra == reinterpret_cast<void*>(2)) bytes = *static_cast<size_t*>(extra[1]);
  }
  auto* kernel = static_cast<ptx::Kernel*>(function);
  if (packed == nullptr || bytes != kernel->parameterBytes) return invalidValue;
  sticky = kernel->run(gridX, blockX, packed);
  const char* hold = getenv("FAKE_CUDA_HOLD");
  std::string file = hold == nullptr ? "" : hold + std::to_string(device());
  if (isHeld(file)) streams[stream].behind = file;
  return 0;
}

namespace {
struct Shared {
  int pid, fd;
  size_t bytes;
};
}  // namespace

API cuIpcGetMemHandle(void* handle, uint64_t address) {
  CONTEXT("cuIpcGetMemHandle");
  if (setting("FAKE_CUDA_IPC", 1) == 0) return notSupported;
  auto found = memory.find(address);
  if (found == memory.end() || found->second.foreign > 0) return invalidValue;
  Shared shared = {getpid(), found->second.fd, found->second.bytes};
  memset(handle, 0, 64);
  memcpy(handle, &shared, sizeof shared);
  return 0;
}

struct IpcHandle {
  char bytes[64];
};

API cuIpcOpenMemHandle_v2(uint64_t* address, IpcHandle handle, unsigned flags) {
  CONTEXT("cuIpcOpenMemHandle_v2");
  constexpr unsigned lazyPeerAccess = 1;
  if (flags != lazyPeerAccess) return invalidValue;
  Shared shared;
  memcpy(&shared, handle.bytes, sizeof shared);
  // A process cannot open what it has exported itself.
  if (shared.pid == getpid()) return invalidContext;
  // Counted from CUDA 11.1 on.
  for (auto& [start, allocation] : memory) {
    if (allocation.foreign == 0 || allocation.origin != std::pair(shared.pid, shared.fd)) continue;
    if (setting("FAKE_CUDA_VERSION", 13000) < 11010) return alreadyMapped;
    allocation.foreign++;
    *address = start;
    fakeTrace("opened", reinterpret_cast<void*>(start));
    return 0;
  }
  std::string path = "/proc/" + std::to_string(shared.pid) + "/fd/" + std::to_string(shared.fd);
  int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return invalidHandle;
  void* start = mmap(nullptr, shared.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (start == MAP_FAILED) return outOfMemory;
  *address = reinterpret_cast<uint64_t>(start);
  memory[*address] = {shared.bytes, device(), -1, 1, {shared.pid, shared.fd}};
  fakeTrace("opened", start);
  return 0;
}
API cuIpcCloseMemHandle(uint64_t address) {
  CONTEXT("cuIpcCloseMemHandle");
  auto found = memory.find(address);
  if (found == memory.end() || found->second.foreign == 0) return invalidValue;
  fakeTrace("closed", reinterpret_cast<void*>(address));
  if (--found->second.foreign > 0) return 0;
  munmap(reinterpret_cast<void*>(address), found->second.bytes);
  memory.erase(found);
  return 0;
}
