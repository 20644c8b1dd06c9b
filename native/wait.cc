// Short waits on a word of the segment. A bare JavaScript loop has no pause instruction, which makes it slow to
// notice the change (0.8-1.7 us, erratic) and starves a sibling hyperthread; these loops notice in nanoseconds.
#include "addon.h"

#include <sched.h>
#include <time.h>

namespace tsmpi {

static inline void pauseOnce() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#else
  asm volatile("" ::: "memory");
#endif
}

struct Wait {
  uint32_t word = 0;
  int32_t value = 0;
  uint32_t limit = 0;
  Wait(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    size_t count = 3;
    napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
    napi_get_value_uint32(env, arguments[0], &word);
    napi_get_value_int32(env, arguments[1], &value);
    napi_get_value_uint32(env, arguments[2], &limit);
    if (word >= segmentWordCount) limit = 0;
  }
  // False where there is no such word.
  bool unchanged() const { return __atomic_load_n(segmentWords + word, __ATOMIC_ACQUIRE) == value; }
};

static double nanosecondsNow() {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

// A pause takes 4 to 50 ns, depending on the processor; measured once, for a clock would cost as much as a look. The
// shortest of a few tries, because this process may lose its core in the middle of one.
static double measurePause() {
  constexpr int pauses = 200;
  double shortest = 1e9;
  for (int attempt = 0; attempt < 5; attempt++) {
    double start = nanosecondsNow();
    for (int i = 0; i < pauses; i++) pauseOnce();
    double took = nanosecondsNow() - start;
    if (took < shortest) shortest = took;
  }
  return shortest > pauses ? shortest / pauses : 1;
}

static const double pauseNanoseconds = measurePause();

// pauseWhile(word, value, nanoseconds): returns as soon as the word differs from `value`, at the latest after about
// that time.
static napi_value pauseWhile(napi_env env, napi_callback_info info) {
  Wait wait(env, info);
  uint32_t pauses = static_cast<uint32_t>((wait.limit + pauseNanoseconds - 1) / pauseNanoseconds);
  for (uint32_t i = 0; i < pauses && wait.unchanged(); i++) pauseOnce();
  return nullptr;
}

// yieldWhile(word, value, times): the same, giving the core to another process between looks.
static napi_value yieldWhile(napi_env env, napi_callback_info info) {
  Wait wait(env, info);
  for (uint32_t i = 0; i < wait.limit && wait.unchanged(); i++) sched_yield();
  return nullptr;
}

void registerWait(Napi::Env env, Napi::Object exports) {
  registerRaw(env, exports, "pauseWhile", pauseWhile);
  registerRaw(env, exports, "yieldWhile", yieldWhile);
}

}  // namespace tsmpi
