// Moves data to and from a GPU, and to it from another process, off the event loop.
//
// Ordinary memory goes through page-locked staging buffers: the driver would do the same, but in the calling thread.
// While one buffer is on its way the next is filled or emptied.
#include "addon.h"
#include "cuda-functions.h"
#include "cuda.h"

#include <algorithm>
#include <cstring>
#include <mutex>

namespace tsmpi {

#define CHECK(call, ...) work.check(cudaDriver.call(__VA_ARGS__), #call)

namespace {

constexpr size_t chunkBytes = 4 << 20;
constexpr size_t chunks = 4;

struct Transfer {
  Handle stream;   // nobody else uses it while the job runs
  Handle event;    // what the transfer waits for
  Address device;
  char* host;
  size_t bytes;
  bool pinned;     // the driver reads and writes `host` itself
};

// Page-locked buffers, and the events that say when they are free again.
class Staging {
 public:
  explicit Staging(Work& work) : work_(work), memory_(work.pageLocked(chunkBytes * chunks)) {}

  // Whether it has all that it needs.
  bool isReady() const {
    if (memory_ == nullptr) return false;
    for (size_t chunk = 0; chunk < chunks; chunk++)
      if (event(chunk) == nullptr) return false;
    return true;
  }

  char* buffer(size_t chunk) const { return memory_ + chunk % chunks * chunkBytes; }
  Handle event(size_t chunk) const { return work_.event(1 + chunk % chunks); }

 private:
  Work& work_;
  char* memory_;
};

void upload(Work& work, const Transfer& transfer) {
  auto [stream, event, device, host, bytes, pinned] = transfer;
  if (pinned) {
    CHECK(cuMemcpyHtoDAsync_v2, device, host, bytes, stream);
    return;
  }
  Staging staging(work);
  if (!staging.isReady()) return;
  for (size_t chunk = 0, from = 0; from < bytes; chunk++, from += chunkBytes) {
    size_t count = std::min(chunkBytes, bytes - from);
    if (chunk >= chunks && !work.arrived(staging.event(chunk))) return;
    if (work.isAbandoned()) return;
    std::memcpy(staging.buffer(chunk), host + from, count);
    if (!CHECK(cuMemcpyHtoDAsync_v2, device + from, staging.buffer(chunk), count, stream)) return;
    if (!CHECK(cuEventRecord, staging.event(chunk), stream)) return;
  }
}

void download(Work& work, const Transfer& transfer) {
  auto [stream, event, device, host, bytes, pinned] = transfer;
  if (pinned) {
    CHECK(cuMemcpyDtoHAsync_v2, host, device, bytes, stream);
    return;
  }
  Staging staging(work);
  if (!staging.isReady()) return;
  size_t count = (bytes + chunkBytes - 1) / chunkBytes;
  auto length = [bytes = bytes](size_t chunk) { return std::min(chunkBytes, bytes - chunk * chunkBytes); };
  for (size_t chunk = 0; chunk < count + chunks - 1; chunk++) {
    if (chunk < count) {
      if (!CHECK(cuMemcpyDtoHAsync_v2, staging.buffer(chunk), device + chunk * chunkBytes, length(chunk), stream)) return;
      if (!CHECK(cuEventRecord, staging.event(chunk), stream)) return;
    }
    // The oldest of those on their way, so that its buffer is free when its turn comes again.
    if (chunk + 1 < chunks) continue;
    size_t oldest = chunk + 1 - chunks;
    if (oldest >= count) continue;
    if (!work.arrived(staging.event(oldest))) return;
    if (work.isAbandoned()) return;
    std::memcpy(host + oldest * chunkBytes, staging.buffer(oldest), length(oldest));
  }
}

// Held by whoever has memory of another process open, where that can be but once.
std::mutex turn;

}  // namespace

// cudaTransfer(upload: boolean, context, stream, event, device, array, pinned): moves all bytes of a typed array from or
// to `device`, when `event` has come. A promise of undefined or [call, status].
static Napi::Value cudaTransfer(const Napi::CallbackInfo& info) {
  auto array = info[5].As<Napi::TypedArray>();
  void* data = nullptr;
  napi_get_typedarray_info(info.Env(), array, nullptr, nullptr, &data, nullptr, nullptr);
  Transfer transfer;
  transfer.stream = handleOf(info[2]);
  transfer.event = handleOf(info[3]);
  transfer.device = static_cast<Address>(info[4].As<Napi::Number>().DoubleValue());
  transfer.host = static_cast<char*>(data);
  transfer.bytes = array.ByteLength();
  transfer.pinned = info[6].As<Napi::Boolean>();
  auto move = info[0].As<Napi::Boolean>() ? upload : download;
  auto perform = [transfer, move](Work& work) {
    if (!CHECK(cuStreamWaitEvent, transfer.stream, transfer.event, 0)) return;
    move(work, transfer);
    work.settle(transfer.stream);
  };
  return inLane(info.Env(), transfer.stream, handleOf(info[1]), perform, array);
}

// cudaWait(context, stream, event): until an event has come that the stream was told to record. A promise of undefined or
// [call, status].
static Napi::Value cudaWait(const Napi::CallbackInfo& info) {
  Handle event = handleOf(info[2]);
  return inLane(info.Env(), handleOf(info[1]), handleOf(info[0]), [event](Work& work) { work.arrived(event); });
}

// cudaCopyFromPeer(context, stream, event, target, handle: Uint8Array, offset, bytes, alone): copies from memory of another
// process, `offset` bytes from its start, when `event` has come; `alone`: while no other is open in this process. A
// promise of undefined or [call, status].
static Napi::Value cudaCopyFromPeer(const Napi::CallbackInfo& info) {
  Handle stream = handleOf(info[1]), event = handleOf(info[2]);
  auto number = [&](size_t i) { return static_cast<Address>(info[i].As<Napi::Number>().DoubleValue()); };
  Address target = number(3), offset = number(5), bytes = number(6);
  bool alone = info[7].As<Napi::Boolean>();
  IpcHandle handle;
  std::memcpy(handle.bytes, info[4].As<Napi::Uint8Array>().Data(), sizeof handle.bytes);
  auto perform = [=](Work& work) {
    constexpr unsigned lazyPeerAccess = 1;
    std::unique_lock<std::mutex> lock(turn, std::defer_lock);
    if (alone) lock.lock();
    Address source = 0;
    if (!CHECK(cuIpcOpenMemHandle_v2, &source, handle, lazyPeerAccess)) return;
    if (CHECK(cuStreamWaitEvent, stream, event, 0))
      CHECK(cuMemcpyDtoDAsync_v2, target, source + offset, bytes, stream);
    work.settle(stream);
    CHECK(cuIpcCloseMemHandle, source);
  };
  return inLane(info.Env(), stream, handleOf(info[0]), perform);
}

void registerCudaTransfers(Napi::Env env, Napi::Object exports) {
  exports.Set("cudaTransfer", Napi::Function::New<cudaTransfer>(env));
  exports.Set("cudaWait", Napi::Function::New<cudaWait>(env));
  exports.Set("cudaCopyFromPeer", Napi::Function::New<cudaCopyFromPeer>(env));
}

}  // namespace tsmpi
