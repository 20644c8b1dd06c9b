#include "threads.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tsmpi {
namespace {

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int defaultCount() {
  if (int said = threadsSaid("OMP_NUM_THREADS")) return said;
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof usable, &usable) == 0) return CPU_COUNT(&usable);
  return std::max(1u, std::thread::hardware_concurrency());
}

std::atomic<int>& count() {
  static std::atomic<int> value{defaultCount()};
  return value;
}

// A worker that has just finished looks for more work for so long before it sleeps: the phases of one product follow
// each other closely, and waking a sleeper costs tens of microseconds.
constexpr int looks = 2000;

class Pool {
 public:
  void run(int64_t tasks, void (*task)(void*, int64_t), void* body, int threads) {
    start(threads - 1);
    task_ = task;
    body_ = body;
    tasks_ = tasks;
    next_.store(0);
    limit_.store(threads - 1);
    state_.store(open);
    generation_.fetch_add(1);
    if (sleepers_.load() > 0) {
      { std::lock_guard<std::mutex> held(sleep_); }
      wake_.notify_all();
    }
    work();
    // Whoever has not come yet stays away; the others have a task in hand.
    state_.fetch_and(~open);
    for (int i = 0; state_.load() != 0; i++) {
      if (i < looks) pause();
      else sched_yield();
    }
  }

  std::mutex busy;

 private:
  static constexpr uint32_t open = 1, joined = 2;

  void start(int workers) {
    for (; started_ < workers; started_++) std::thread(&Pool::live, this, started_).detach();
  }

  void work() {
    for (int64_t task; (task = next_.fetch_add(1)) < tasks_;) task_(body_, task);
  }

  bool join() {
    uint32_t state = state_.load();
    while ((state & open) != 0) {
      if (state_.compare_exchange_weak(state, state + joined)) return true;
    }
    return false;
  }

  void live(int index) {
    uint32_t seen = 0;
    for (;;) {
      for (int i = 0; i < looks && generation_.load() == seen; i++) {
        pause();
        if (i % 64 == 63) sched_yield();
      }
      if (generation_.load() == seen) {
        std::unique_lock<std::mutex> held(sleep_);
        sleepers_.fetch_add(1);
        wake_.wait(held, [&] { return generation_.load() != seen; });
        sleepers_.fetch_sub(1);
      }
      seen = generation_.load();
      if (index >= limit_.load() || !join()) continue;
      work();
      state_.fetch_sub(joined);
    }
  }

  void (*task_)(void*, int64_t) = nullptr;
  void* body_ = nullptr;
  int64_t tasks_ = 0;
  int started_ = 0;
  std::atomic<int64_t> next_{0};
  std::atomic<int> limit_{0};
  // Whether more threads may come, and how many are at work: the caller's frame must outlive them.
  std::atomic<uint32_t> state_{0};
  std::atomic<uint32_t> generation_{0};
  std::atomic<int> sleepers_{0};
  std::mutex sleep_;
  std::condition_variable wake_;
};

// Never destroyed: its threads may still sleep in it when the process ends.
Pool& pool() {
  static Pool& pool = *new Pool;
  return pool;
}

thread_local bool inside = false;

}  // namespace

int threadsSaid(const char* variable) {
  const char* said = std::getenv(variable);
  return said == nullptr ? 0 : std::max(0, std::atoi(said));
}

int threadCount() { return count().load(); }
void setThreadCount(int threads) { count().store(threads); }

void detail::parallelFor(int64_t tasks, void (*run)(void*, int64_t), void* body) {
  int threads = static_cast<int>(std::min<int64_t>(tasks, threadCount()));
  if (threads > 1 && !inside && pool().busy.try_lock()) {
    inside = true;
    pool().run(tasks, run, body, threads);
    inside = false;
    pool().busy.unlock();
    return;
  }
  for (int64_t task = 0; task < tasks; task++) run(body, task);
}

}  // namespace tsmpi
