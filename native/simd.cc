#include "simd.h"

#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace tsmpi {
namespace {

Simd machineLevel() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    bool full = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return full ? Simd::avx512 : Simd::avx2;
  }
#endif
  return Simd::baseline;
}

// A level that the machine lacks is not taken.
Simd chosenLevel() {
  Simd best = machineLevel();
  const char* wanted = std::getenv("TSMPI_SIMD");
  for (Simd level : {Simd::baseline, Simd::avx2}) {
    if (wanted != nullptr && level < best && std::strcmp(wanted, simdName(level)) == 0) return level;
  }
  return best;
}

}  // namespace

Simd simdLevel() {
  static const Simd level = chosenLevel();
  return level;
}

const char* simdName(Simd level) {
  if (level == Simd::avx512) return "avx512";
  if (level == Simd::avx2) return "avx2";
#if defined(__aarch64__)
  return "neon";
#else
  return "baseline";
#endif
}

}  // namespace tsmpi
