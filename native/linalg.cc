// How JavaScript reaches the routines of tsmpi/linalg: at once, or on a worker thread of its own.
#include <sys/mman.h>

#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "addon.h"
#include "blas-library.h"
#include "linalg-call.h"
#include "threads.h"

namespace tsmpi {
namespace {

// An async call, from its start to the callback.
struct Job {
  Routine routine;
  double numbers[callNumbers];
  void* arrays[callArrays];
  // The callback and the arrays, which must outlive the call.
  std::vector<napi_ref> held;
};

// One thread runs the async calls of an environment in the order they were made, so that a call may use what the one
// before it writes, and calls do not fight for cores.
class Worker {
 public:
  // process.exit runs no hooks of the main environment, and a library that is unloaded in the middle of a call may wait
  // for it for ever. What is registered after the library's own clean-up runs before it.
  Worker() {
    std::lock_guard<std::mutex> held(registry().mutex);
    if (!registry().registered) std::atexit(stopAll);
    registry().registered = true;
    registry().workers.insert(this);
  }

  ~Worker() {
    {
      std::lock_guard<std::mutex> held(registry().mutex);
      registry().workers.erase(this);
    }
    stop();
  }

  // Waits for the call that runs, and drops the others.
  void stop() {
    {
      std::lock_guard<std::mutex> held(mutex_);
      ending_ = true;
      queue_.clear();
    }
    news_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  void add(std::unique_ptr<Job> job, napi_threadsafe_function done) {
    {
      std::lock_guard<std::mutex> held(mutex_);
      queue_.push_back(std::move(job));
    }
    if (!thread_.joinable()) thread_ = std::thread([this, done] { live(done); });
    news_.notify_one();
  }

 private:
  struct Registry {
    std::mutex mutex;
    std::set<Worker*> workers;
    bool registered = false;
  };

  // Never destroyed: the process may end before its threads.
  static Registry& registry() {
    static Registry& registry = *new Registry;
    return registry;
  }

  static void stopAll() {
    std::lock_guard<std::mutex> held(registry().mutex);
    for (Worker* worker : registry().workers) worker->stop();
  }

  void live(napi_threadsafe_function done) {
    for (;;) {
      std::unique_lock<std::mutex> held(mutex_);
      news_.wait(held, [this] { return ending_ || !queue_.empty(); });
      if (ending_) return;
      std::unique_ptr<Job> job = std::move(queue_.front());
      queue_.pop_front();
      held.unlock();
      Call call{job->numbers, {}};
      std::memcpy(call.arrays, job->arrays, sizeof call.arrays);
      job->routine(call);
      napi_call_threadsafe_function(done, job.release(), napi_tsfn_blocking);
    }
  }

  std::mutex mutex_;
  std::condition_variable news_;
  std::deque<std::unique_ptr<Job>> queue_;
  std::thread thread_;
  bool ending_ = false;
};

// What an environment (the main thread of a program, or one of its worker threads) has.
struct State {
  std::vector<const RoutineEntry*> routines;
  double* numbers = nullptr;
  napi_ref numbersHeld = nullptr;
  napi_threadsafe_function done = nullptr;
  int pending = 0;
  std::unique_ptr<Worker> worker;
};

State* stateOf(napi_env env, napi_callback_info info, napi_value* arguments, size_t* count) {
  void* state;
  napi_get_cb_info(env, info, count, arguments, nullptr, &state);
  return static_cast<State*>(state);
}

// linalgAttach(names): the routines by name, which calls name by their places in this list. Returns the numbers of a
// call, to be filled before each.
napi_value attach(napi_env env, napi_callback_info info) {
  napi_value names, buffer, numbers;
  size_t count = 1;
  State* state = stateOf(env, info, &names, &count);
  uint32_t length = 0;
  napi_get_array_length(env, names, &length);
  state->routines.clear();
  for (uint32_t i = 0; i < length; i++) {
    napi_value element;
    char name[40] = {};
    napi_get_element(env, names, i, &element);
    napi_get_value_string_utf8(env, element, name, sizeof name, nullptr);
    const RoutineEntry* found = nullptr;
    for (const RoutineEntry* table : {blasRoutines, lapackRoutines}) {
      for (; table->name != nullptr; table++) {
        if (std::strcmp(table->name, name) == 0) found = table;
      }
    }
    if (found == nullptr) {
      napi_throw_error(env, nullptr, (std::string("linalgAttach: no routine ") + name).c_str());
      return nullptr;
    }
    state->routines.push_back(found);
  }
  if (state->numbersHeld == nullptr) {
    void* data;
    napi_create_arraybuffer(env, callNumbers * sizeof(double), &data, &buffer);
    napi_create_typedarray(env, napi_float64_array, callNumbers, buffer, 0, &numbers);
    state->numbers = static_cast<double*>(data);
    napi_create_reference(env, numbers, 1, &state->numbersHeld);
  }
  napi_get_reference_value(env, state->numbersHeld, &numbers);
  return numbers;
}

Routine routineOf(napi_env env, State* state) {
  if (state->numbers == nullptr) {
    napi_throw_error(env, nullptr, "linalg: not attached");
    return nullptr;
  }
  auto routine = static_cast<size_t>(state->numbers[0]);
  auto type = static_cast<size_t>(state->numbers[1]);
  Routine found = routine < state->routines.size() && type < 4 ? state->routines[routine]->of[type] : nullptr;
  if (found == nullptr) napi_throw_error(env, nullptr, "linalg: no such routine on this element type");
  return found;
}

void* dataOf(napi_env env, napi_value array) {
  void* data = nullptr;
  napi_get_typedarray_info(env, array, nullptr, nullptr, &data, nullptr, nullptr);
  return data;
}

// linalgCall(...arrays): runs the call that the numbers describe. The caller has checked that the arrays are as long
// as the numbers say.
napi_value call(napi_env env, napi_callback_info info) {
  napi_value arguments[callArrays];
  size_t count = callArrays;
  State* state = stateOf(env, info, arguments, &count);
  Routine routine = routineOf(env, state);
  if (routine == nullptr) return nullptr;
  Call call{state->numbers, {}};
  for (size_t i = 0; i < count; i++) call.arrays[i] = dataOf(env, arguments[i]);
  routine(call);
  return nullptr;
}

void finish(napi_env env, napi_value, void* context, void* data) {
  std::unique_ptr<Job> job(static_cast<Job*>(data));
  auto* state = static_cast<State*>(context);
  // The environment ends: its references go with it.
  if (env == nullptr) return;
  if (--state->pending == 0) napi_unref_threadsafe_function(env, state->done);
  napi_value callback, receiver;
  napi_get_reference_value(env, job->held[0], &callback);
  napi_get_undefined(env, &receiver);
  for (napi_ref reference : job->held) napi_delete_reference(env, reference);
  std::memcpy(state->numbers, job->numbers, sizeof job->numbers);
  napi_call_function(env, receiver, callback, 0, nullptr, nullptr);
}

// linalgStart(callback, ...arrays): the same on the worker. The results are in the numbers when it calls back.
napi_value start(napi_env env, napi_callback_info info) {
  napi_value arguments[callArrays + 1];
  size_t count = callArrays + 1;
  State* state = stateOf(env, info, arguments, &count);
  Routine routine = routineOf(env, state);
  if (routine == nullptr) return nullptr;
  if (state->done == nullptr) {
    napi_value name;
    napi_create_string_utf8(env, "tsmpi linalg", NAPI_AUTO_LENGTH, &name);
    napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, state, finish,
                                    &state->done);
    napi_unref_threadsafe_function(env, state->done);
    state->worker = std::make_unique<Worker>();
  }
  auto job = std::make_unique<Job>(Job{routine, {}, {}, {}});
  std::memcpy(job->numbers, state->numbers, sizeof job->numbers);
  for (size_t i = 0; i < count; i++) {
    napi_ref reference;
    // An argument left out is undefined, and needs no hold.
    if (napi_create_reference(env, arguments[i], 1, &reference) == napi_ok) job->held.push_back(reference);
    if (i > 0) job->arrays[i - 1] = dataOf(env, arguments[i]);
  }
  // The event loop must not end while a call runs.
  if (state->pending++ == 0) napi_ref_threadsafe_function(env, state->done);
  state->worker->add(std::move(job), state->done);
  return nullptr;
}

// linalgInfo(): what serves the calls.
Napi::Value linalgInfo(const Napi::CallbackInfo& info) {
  const BlasLibrary& library = blasLibrary();
  Napi::Object described = Napi::Object::New(info.Env());
  auto say = [&](const char* name, const std::string& text) {
    if (!text.empty()) described.Set(name, Napi::String::New(info.Env(), text));
  };
  say("library", library.name);
  say("version", library.version);
  say("core", library.core);
  say("products", library.products);
  say("path", library.path);
  say("lapack", library.lapack);
  say("failure", library.failure);
  described.Set("integers", library.wide || library.handle == nullptr ? 64 : 32);
  described.Set("threads", library.threads());
  return described;
}

// linalgHugePages(array): asks for huge pages for fresh memory, as NumPy does: fewer faults when it is first written,
// and fewer misses of the TLB ever after. A kernel without them says no, which does no harm.
Napi::Value hugePages(const Napi::CallbackInfo& info) {
#if defined(MADV_HUGEPAGE)
  auto array = info[0].As<Napi::TypedArray>();
  constexpr uintptr_t page = 2 << 20;
  auto start = reinterpret_cast<uintptr_t>(array.ArrayBuffer().Data()) + array.ByteOffset();
  uintptr_t from = (start + page - 1) / page * page, to = (start + array.ByteLength()) / page * page;
  if (from < to) madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
#endif
  return info.Env().Undefined();
}

Napi::Value linalgThreads(const Napi::CallbackInfo& info) {
  int count = info[0].As<Napi::Number>().Int32Value();
  // Loading the library sets how many the own kernels use at first, and so comes first.
  const BlasLibrary& library = blasLibrary();
  setThreadCount(count);
  library.setThreads(count);
  return info.Env().Undefined();
}

}  // namespace

void registerLinalg(Napi::Env env, Napi::Object exports) {
  auto* state = new State;
  // Waits for the call that runs: its arrays go with the environment.
  napi_add_env_cleanup_hook(env, [](void* data) { delete static_cast<State*>(data); }, state);
  for (auto [name, callback] : {std::pair{"linalgAttach", attach}, {"linalgCall", call}, {"linalgStart", start}}) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, state, &function);
    exports.Set(name, Napi::Value(env, function));
  }
  exports.Set("linalgInfo", Napi::Function::New<linalgInfo>(env));
  exports.Set("linalgHugePages", Napi::Function::New<hugePages>(env));
  exports.Set("linalgSetThreads", Napi::Function::New<linalgThreads>(env));
}

}  // namespace tsmpi
