// Waiting for a GPU and moving data to and from it, off the event loop. One thread for each kind of job, made with the
// first: a wait for a kernel must not hold up an upload.
//
// Ordinary memory goes through page-locked staging buffers: the driver would do the same, but in the calling thread.
// While one buffer is on its way the next is filled or emptied.
#include "addon.h"
#include "cuda-functions.h"
#include "cuda.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

namespace tsmpi {

enum Kind { uploading, downloading, waiting, together, kinds };

struct Job : Outcome {
  Kind kind;
  Handle context;
  Handle stream;   // for transfers; nobody else uses it while the job runs
  Handle event;    // what a wait waits for; what a transfer's stream waits for first, or null
  Address device;
  char* host;
  size_t bytes;
  bool pinned;     // the driver reads and writes `host` itself
  std::function<void(Outcome&)> work;  // of what is done together with other processes
  // To tell JavaScript. The reference keeps the host's array.
  napi_env env;
  napi_deferred deferred;
  napi_ref array = nullptr;
  napi_threadsafe_function done;
};

#define CHECK(call, ...) job.check(cudaDriver.call(__VA_ARGS__), #call)

constexpr size_t chunkBytes = 4 << 20;
constexpr int chunks = 4;

// Page-locked buffers of one transfer thread, kept for the next transfer.
struct Staging {
  char* memory = nullptr;
  Handle events[chunks] = {};

  bool begin(Job& job) {
    // Whoever waits for these events sleeps; otherwise the driver would look again and again.
    constexpr unsigned portable = 1, blockingSync = 1, withoutTiming = 2;
    if (memory == nullptr && !CHECK(cuMemHostAlloc, reinterpret_cast<void**>(&memory), chunkBytes * chunks, portable))
      return false;
    // Events belong to a device, and jobs of one thread to several; making one takes a microsecond.
    for (Handle& event : events)
      if (!CHECK(cuEventCreate, &event, blockingSync | withoutTiming)) return false;
    return true;
  }

  void end() {
    for (Handle& event : events) {
      if (event != nullptr) cudaDriver.cuEventDestroy_v2(event);
      event = nullptr;
    }
  }

  char* buffer(size_t chunk) { return memory + chunk % chunks * chunkBytes; }
  Handle& event(size_t chunk) { return events[chunk % chunks]; }
};

static void upload(Job& job, Staging& staging) {
  if (job.pinned) {
    CHECK(cuMemcpyHtoDAsync_v2, job.device, job.host, job.bytes, job.stream);
    return;
  }
  if (!staging.begin(job)) return;
  for (size_t chunk = 0, from = 0; from < job.bytes; chunk++, from += chunkBytes) {
    size_t count = std::min(chunkBytes, job.bytes - from);
    if (chunk >= chunks && !CHECK(cuEventSynchronize, staging.event(chunk))) return;
    std::memcpy(staging.buffer(chunk), job.host + from, count);
    if (!CHECK(cuMemcpyHtoDAsync_v2, job.device + from, staging.buffer(chunk), count, job.stream)) return;
    if (!CHECK(cuEventRecord, staging.event(chunk), job.stream)) return;
  }
}

static void download(Job& job, Staging& staging) {
  if (job.pinned) {
    CHECK(cuMemcpyDtoHAsync_v2, job.host, job.device, job.bytes, job.stream);
    return;
  }
  if (!staging.begin(job)) return;
  size_t count = (job.bytes + chunkBytes - 1) / chunkBytes;
  auto length = [&](size_t chunk) { return std::min(chunkBytes, job.bytes - chunk * chunkBytes); };
  for (size_t chunk = 0; chunk < count + chunks - 1; chunk++) {
    if (chunk < count) {
      if (!CHECK(cuMemcpyDtoHAsync_v2, staging.buffer(chunk), job.device + chunk * chunkBytes, length(chunk), job.stream))
        return;
      if (!CHECK(cuEventRecord, staging.event(chunk), job.stream)) return;
    }
    // The oldest of those on their way, so that its buffer is free when its turn comes again.
    if (chunk + 1 < chunks) continue;
    size_t oldest = chunk + 1 - chunks;
    if (oldest >= count) continue;
    if (!CHECK(cuEventSynchronize, staging.event(oldest))) return;
    std::memcpy(job.host + oldest * chunkBytes, staging.buffer(oldest), length(oldest));
  }
}

static void perform(Job& job, Staging& staging) {
  if (!CHECK(cuCtxSetCurrent, job.context)) return;
  if (job.kind == waiting) {
    CHECK(cuEventSynchronize, job.event);
    return;
  }
  if (job.kind == together) return job.work(job);
  if (job.event != nullptr && !CHECK(cuStreamWaitEvent, job.stream, job.event, 0)) return;
  if (job.kind == uploading)
    upload(job, staging);
  else
    download(job, staging);
  // Also after an error: nothing may still be reading or writing memory that the program gets back now.
  CHECK(cuStreamSynchronize, job.stream);
  staging.end();
}

// A thread and what it has to do, for all environments: worker threads of JavaScript have one each. Never destroyed: at
// the end of the process it may still wait for the driver.
struct Lane {
  std::mutex mutex;
  std::condition_variable news, idle;
  std::deque<Job*> jobs;
  bool started = false;
  napi_env busyFor = nullptr;

  void add(Job* job) {
    std::lock_guard<std::mutex> lock(mutex);
    jobs.push_back(job);
    if (!started) {
      started = true;
      std::thread([this] { run(); }).detach();
    }
    news.notify_one();
  }

  void run() {
    Staging staging;
    for (;;) {
      Job* job;
      {
        std::unique_lock<std::mutex> lock(mutex);
        busyFor = nullptr;
        idle.notify_all();
        news.wait(lock, [this] { return !jobs.empty(); });
        job = jobs.front();
        jobs.pop_front();
        busyFor = job->env;
      }
      perform(*job, staging);
      // With the environment gone nobody is left to tell, and the process ends.
      napi_threadsafe_function done = job->done;
      napi_call_threadsafe_function(done, job, napi_tsfn_nonblocking);
      napi_release_threadsafe_function(done, napi_tsfn_release);
    }
  }

  // An environment goes: what it has not begun is dropped, what it has gets a moment to end.
  void leave(napi_env env) {
    std::unique_lock<std::mutex> lock(mutex);
    jobs.erase(std::remove_if(jobs.begin(), jobs.end(), [env](Job* job) { return job->env == env; }), jobs.end());
    idle.wait_for(lock, std::chrono::seconds(1), [this, env] { return busyFor != env; });
  }
};

static std::mutex joining;
static std::set<napi_env> environments;
static Lane* lanes = nullptr;

static void leave(void* data) {
  napi_env env = static_cast<napi_env>(data);
  {
    std::lock_guard<std::mutex> lock(joining);
    environments.erase(env);
  }
  for (int kind = 0; kind < kinds; kind++) lanes[kind].leave(env);
}

// In the main thread: settles the promise with undefined, or with [call, status] of what went wrong.
static void tell(napi_env env, napi_value, void*, void* data) {
  Job* job = static_cast<Job*>(data);
  if (env == nullptr) return;
  napi_value outcome;
  napi_get_undefined(env, &outcome);
  if (job->status != 0) {
    napi_value call, status;
    napi_create_array_with_length(env, 2, &outcome);
    napi_create_string_utf8(env, job->failed, NAPI_AUTO_LENGTH, &call);
    napi_create_int32(env, job->status, &status);
    napi_set_element(env, outcome, 0, call);
    napi_set_element(env, outcome, 1, status);
  }
  napi_resolve_deferred(env, job->deferred, outcome);
  if (job->array != nullptr) napi_delete_reference(env, job->array);
  delete job;
}

Handle handleOf(const Napi::Value& value) {
  return reinterpret_cast<Handle>(static_cast<uintptr_t>(value.As<Napi::Number>().DoubleValue()));
}

static Napi::Value begin(Napi::Env env, Job* job) {
  {
    std::lock_guard<std::mutex> lock(joining);
    if (lanes == nullptr) lanes = new Lane[kinds];
    if (environments.insert(env).second) napi_add_env_cleanup_hook(env, leave, env);
  }
  job->env = env;
  napi_value promise, name;
  napi_create_promise(env, &job->deferred, &promise);
  napi_create_string_utf8(env, "tsmpi:cuda", NAPI_AUTO_LENGTH, &name);
  napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr, tell, &job->done);
  lanes[job->kind].add(job);
  return Napi::Value(env, promise);
}

// cudaTransfer(upload: boolean, context, stream, event, device, array, pinned): moves all bytes of a typed array from or
// to `device`, when `event` (0: none) has come. A promise of undefined or [call, status].
static Napi::Value cudaTransfer(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::TypedArray array = info[5].As<Napi::TypedArray>();
  Job* job = new Job();
  job->kind = info[0].As<Napi::Boolean>() ? uploading : downloading;
  job->context = handleOf(info[1]);
  job->stream = handleOf(info[2]);
  job->event = handleOf(info[3]);
  job->device = static_cast<Address>(info[4].As<Napi::Number>().DoubleValue());
  void* data = nullptr;
  napi_get_typedarray_info(env, array, nullptr, nullptr, &data, nullptr, nullptr);
  job->host = static_cast<char*>(data);
  job->bytes = array.ByteLength();
  job->pinned = info[6].As<Napi::Boolean>();
  napi_create_reference(env, array, 1, &job->array);
  return begin(env, job);
}

// cudaWait(context, event): until the event has come. A promise of undefined or [call, status].
static Napi::Value cudaWait(const Napi::CallbackInfo& info) {
  Job* job = new Job();
  job->kind = waiting;
  job->context = handleOf(info[0]);
  job->event = handleOf(info[1]);
  return begin(info.Env(), job);
}

Napi::Value withOthers(Napi::Env env, Handle context, std::function<void(Outcome&)> work) {
  Job* job = new Job();
  job->kind = together;
  job->context = context;
  job->work = std::move(work);
  return begin(env, job);
}

void registerCudaTransfers(Napi::Env env, Napi::Object exports) {
  exports.Set("cudaTransfer", Napi::Function::New<cudaTransfer>(env));
  exports.Set("cudaWait", Napi::Function::New<cudaWait>(env));
}

}  // namespace tsmpi
