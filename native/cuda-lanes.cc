// Native threads that wait for a GPU, off the event loop, and what becomes of them and of all that an environment has of
// the driver when it ends.
//
// One thread for each lane, made with its first job. Lanes are named by streams, or by the context for what goes with
// other processes: on one stream everything ends in its order, so that a thread that takes one after the other delays
// nothing, and other streams and devices have threads of their own.
#include "addon.h"
#include "cuda-functions.h"
#include "cuda.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace tsmpi {

#define CHECK(call, ...) check(cudaDriver.call(__VA_ARGS__), #call)

struct Lane {
  std::condition_variable news;
  std::deque<std::unique_ptr<Work>> jobs;
  bool started = false;
  // Of the lane's own thread.
  std::vector<Handle> events;
  char* pageLocked = nullptr;
};

// Threads hold it as well: one that waits for the driver may end after it.
class Environment : public std::enable_shared_from_this<Environment> {
 public:
  // That of the calling thread, made with its first use.
  static Environment& of(napi_env env) {
    std::lock_guard<std::mutex> lock(all().mutex);
    std::shared_ptr<Environment>& environment = all().environments[env];
    if (environment == nullptr) {
      environment = std::make_shared<Environment>();
      environment->begin(env);
    }
    return *environment;
  }

  Napi::Value add(Napi::Env env, Handle name, Handle context, std::function<void(Work&)> perform, napi_value array) {
    auto work = std::make_unique<Work>();
    work->context_ = context;
    work->perform_ = std::move(perform);
    if (array != nullptr) napi_create_reference(env, array, 1, &work->array_);
    napi_value promise;
    napi_create_promise(env, &work->deferred_, &promise);
    // The event loop must not end while a job runs.
    if (pending_++ == 0) napi_ref_threadsafe_function(env, done_);
    std::lock_guard<std::mutex> lock(mutex_);
    Lane& lane = lanes_[name];
    work->environment_ = this;
    work->lane_ = &lane;
    lane.jobs.push_back(std::move(work));
    lane.news.notify_one();
    if (!lane.started) {
      lane.started = true;
      threads_++;
      std::thread([environment = shared_from_this(), &lane] { environment->run(lane); }).detach();
    }
    return Napi::Value(env, promise);
  }

  void own(Belonging kind, Address handle) {
    Handle context = nullptr;
    if (cudaDriver.cuCtxGetCurrent(&context) != 0) return;
    std::lock_guard<std::mutex> lock(mutex_);
    belongings_[{kind, handle}] = context;
  }

  // Whether it was there: not if it has been given back.
  bool disown(Belonging kind, Address handle) {
    std::lock_guard<std::mutex> lock(mutex_);
    return belongings_.erase({kind, handle}) > 0;
  }

  void whileOwned(Belonging kind, Address handle, const std::function<void()>& use) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (belongings_.count({kind, handle}) > 0) use();
  }

  bool isEnded() const { return ended_; }

 private:
  using Belongings = std::map<std::pair<Belonging, Address>, Handle>;

  struct All {
    std::mutex mutex;
    std::map<napi_env, std::shared_ptr<Environment>> environments;
  };

  // Never destroyed: at the end of the process threads may still wait for the driver.
  static All& all() {
    static All& all = *new All;
    return all;
  }

  void begin(napi_env env) {
    napi_value name;
    napi_create_string_utf8(env, "tsmpi:cuda", NAPI_AUTO_LENGTH, &name);
    napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, tell, &done_);
    napi_unref_threadsafe_function(env, done_);
    // Later than the function's own, so that it runs before: no thread calls the function after its end.
    napi_add_env_cleanup_hook(env, leave, env);
  }

  void run(Lane& lane) {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      lane.news.wait(lock, [&] { return ended_ || !lane.jobs.empty(); });
      if (ended_) break;
      std::unique_ptr<Work> work = std::move(lane.jobs.front());
      lane.jobs.pop_front();
      lock.unlock();
      if (work->CHECK(cuCtxSetCurrent, work->context_)) work->perform_(*work);
      lock.lock();
      // With the environment gone nobody is left to tell.
      if (!ended_ && napi_call_threadsafe_function(done_, work.get(), napi_tsfn_nonblocking) == napi_ok)
        work.release();
    }
    threads_--;
    idle_.notify_all();
  }

  // In the thread of JavaScript: settles the promise with what was made, or undefined, or [call, status] of what went wrong.
  static void tell(napi_env env, napi_value, void* context, void* data) {
    std::unique_ptr<Work> work(static_cast<Work*>(data));
    // The environment ends: its references go with it.
    if (env == nullptr) return;
    auto* environment = static_cast<Environment*>(context);
    if (--environment->pending_ == 0) napi_unref_threadsafe_function(env, environment->done_);
    napi_value outcome;
    napi_get_undefined(env, &outcome);
    if (work->status != 0) {
      napi_value call, status;
      napi_create_array_with_length(env, 2, &outcome);
      napi_create_string_utf8(env, work->failed, NAPI_AUTO_LENGTH, &call);
      napi_create_int32(env, work->status, &status);
      napi_set_element(env, outcome, 0, call);
      napi_set_element(env, outcome, 1, status);
    } else if (work->made != nullptr) {
      napi_create_double(env, static_cast<double>(reinterpret_cast<uintptr_t>(work->made)), &outcome);
    }
    napi_resolve_deferred(env, work->deferred_, outcome);
    if (work->array_ != nullptr) napi_delete_reference(env, work->array_);
  }

  static void leave(void* env) {
    std::shared_ptr<Environment> environment;
    {
      std::lock_guard<std::mutex> lock(all().mutex);
      auto found = all().environments.find(static_cast<napi_env>(env));
      environment = std::move(found->second);
      all().environments.erase(found);
    }
    environment->end();
  }

  // What lanes have not begun is dropped, what they have gets a moment to end: it uses arrays of JavaScript.
  void end() {
    // With the main thread the process ends, and everything with it. The driver may be going already.
    const bool isMain = syscall(SYS_gettid) == getpid();
    std::unique_lock<std::mutex> lock(mutex_);
    ended_ = true;
    for (auto& [name, lane] : lanes_) {
      lane.jobs.clear();
      lane.news.notify_one();
    }
    if (!isMain) {
      threads_++;
      std::thread([environment = shared_from_this()] { environment->giveBackAll(); }).detach();
    }
    idle_.wait_for(lock, std::chrono::seconds(1), [this] { return threads_ == 0; });
    napi_release_threadsafe_function(done_, napi_tsfn_release);
  }

  // In a thread of its own, for kernels may take longer than a worker that ends should.
  void giveBackAll() {
    std::unique_lock<std::mutex> lock(mutex_);
    // First of all, for a lane may wait for other ranks, which need not come.
    Belongings communicators;
    while (!belongings_.empty() && belongings_.begin()->first.first == Belonging::communicator)
      communicators.insert(belongings_.extract(belongings_.begin()));
    lock.unlock();
    giveBack(communicators);
    lock.lock();
    idle_.wait(lock, [this] { return threads_ == 1; });
    Belongings rest = std::move(belongings_);
    lock.unlock();
    giveBack(rest);
    lock.lock();
    threads_--;
    idle_.notify_all();
  }

  // Nobody is left to be told of what fails; when the driver is going the first call does.
  static void giveBack(const Belongings& belongings) {
    for (auto& [named, context] : belongings) {
      if (named.first != Belonging::stream) continue;
      if (cudaDriver.cuCtxSetCurrent(context) != 0) return;
      cudaDriver.cuStreamSynchronize(reinterpret_cast<Handle>(named.second));
    }
    for (auto& [named, context] : belongings) {
      if (cudaDriver.cuCtxSetCurrent(context) != 0) return;
      auto handle = reinterpret_cast<Handle>(named.second);
      switch (named.first) {
        case Belonging::communicator: cudaNccl.ncclCommAbort(handle); break;
        case Belonging::cublas: cudaCublas.cublasDestroy_v2(handle); break;
        case Belonging::event: cudaDriver.cuEventDestroy_v2(handle); break;
        case Belonging::hostMemory: cudaDriver.cuMemFreeHost(handle); break;
        case Belonging::memory: cudaDriver.cuMemFree_v2(named.second); break;
        case Belonging::module: cudaDriver.cuModuleUnload(handle); break;
        case Belonging::stream: cudaDriver.cuStreamDestroy_v2(handle); break;
        case Belonging::none: break;
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable idle_;
  std::map<Handle, Lane> lanes_;
  Belongings belongings_;
  int threads_ = 0;
  std::atomic<bool> ended_ = false;
  // Of the thread of JavaScript.
  napi_threadsafe_function done_ = nullptr;
  int pending_ = 0;
};

bool Work::isAbandoned() const { return environment_->isEnded(); }

Handle Work::event(size_t which) {
  // Whoever waits for it sleeps; otherwise the driver would look again and again.
  constexpr unsigned blockingSync = 1, withoutTiming = 2;
  std::vector<Handle>& events = lane_->events;
  if (events.size() <= which) events.resize(which + 1);
  if (events[which] == nullptr && CHECK(cuEventCreate, &events[which], blockingSync | withoutTiming))
    own(Belonging::event, events[which]);
  return events[which];
}

char* Work::pageLocked(size_t bytes) {
  constexpr unsigned portable = 1;
  char*& memory = lane_->pageLocked;
  if (memory == nullptr && CHECK(cuMemHostAlloc, reinterpret_cast<void**>(&memory), bytes, portable))
    own(Belonging::hostMemory, memory);
  return memory;
}

bool Work::arrived(Handle event) {
  // Short transfers have ended before a thread could be woken.
  constexpr auto briefly = std::chrono::microseconds(20);
  constexpr int notReady = 600;
  const auto until = std::chrono::steady_clock::now() + briefly;
  int status;
  do status = cudaDriver.cuEventQuery(event);
  while (status == notReady && std::chrono::steady_clock::now() < until);
  if (status != notReady) return check(status, "cuEventQuery");
  return CHECK(cuEventSynchronize, event);
}

void Work::settle(Handle stream) {
  Handle done = event(0);
  if (done != nullptr && CHECK(cuEventRecord, done, stream) && arrived(done)) return;
  // It may look again and again, but nothing may still be reading or writing memory that the program gets back now.
  CHECK(cuStreamSynchronize, stream);
}

void Work::own(Belonging kind, Handle handle) { environment_->own(kind, reinterpret_cast<Address>(handle)); }
bool Work::disown(Belonging kind, Handle handle) {
  return environment_->disown(kind, reinterpret_cast<Address>(handle));
}
void Work::whileOwned(Belonging kind, Handle handle, const std::function<void()>& use) {
  environment_->whileOwned(kind, reinterpret_cast<Address>(handle), use);
}

void own(napi_env env, Belonging kind, Address handle) { Environment::of(env).own(kind, handle); }
void disown(napi_env env, Belonging kind, Address handle) { Environment::of(env).disown(kind, handle); }

Handle handleOf(const Napi::Value& value) {
  return reinterpret_cast<Handle>(static_cast<uintptr_t>(value.As<Napi::Number>().DoubleValue()));
}

Napi::Value inLane(Napi::Env env, Handle lane, Handle context, std::function<void(Work&)> perform, napi_value array) {
  return Environment::of(env).add(env, lane, context, std::move(perform), array);
}

}  // namespace tsmpi
