// Reductions of typed arrays: finds the loop for the operator, the element type and this machine's instructions.
#include "addon.h"
#include "reduce.h"
#include "simd.h"

#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tsmpi {

struct ReduceLevel {
  const char* name;
  const ReduceLoops* loops;
  bool usable;
};

#if defined(__x86_64__)

static bool hasAvx2() {
  __builtin_cpu_init();
  // Not every compiler knows "f16c" as a name.
  unsigned a, b, c = 0, d;
  bool f16c = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c >> 29 & 1) != 0;
  return f16c && __builtin_cpu_supports("avx2");
}

static bool hasAvx512() {
  return hasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

static const ReduceLevel levels[] = {
    {simdName(Simd::avx512), &reduceLoopsAvx512, hasAvx512()},
    {simdName(Simd::avx2), &reduceLoopsAvx2, hasAvx2()},
    {simdName(Simd::baseline), &reduceLoopsBaseline, true},
};

#else

static const ReduceLevel levels[] = {{simdName(Simd::baseline), &reduceLoopsBaseline, true}};

#endif

static const ReduceLevel* bestLevel() {
  const ReduceLevel* level = levels;
  while (!level->usable) level++;
  return level;
}

static const ReduceLevel* current = bestLevel();

// reduceLevel(name?): the instruction set that the loops use, after changing to the one named if this machine has it.
static Napi::Value reduceLevel(const Napi::CallbackInfo& info) {
  if (info[0].IsString()) {
    std::string name = info[0].As<Napi::String>();
    for (const ReduceLevel& level : levels) {
      if (level.usable && name == level.name) current = &level;
    }
  }
  return Napi::String::New(info.Env(), current->name);
}

// Codes of element types are those of Node-API plus one, with Float16Array, which older versions do not know, last.
static_assert(napi_int8_array == 0 && napi_uint8_clamped_array == 2 && napi_float64_array == 8 &&
              napi_biguint64_array == 10);
constexpr uint32_t float16Code = 12;
constexpr size_t elementBytes[] = {0, 1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 2};

// A typed array of the type `code`; anything else is not `valid`.
struct Elements {
  bool valid = false;
  size_t length = 0;
  char* data = nullptr;

  Elements(napi_env env, napi_value value, uint32_t code) {
    constexpr int unknown = -1;
    int type = unknown;
    void* start = nullptr;
    static_assert(sizeof(napi_typedarray_type) == sizeof type);
    if (napi_get_typedarray_info(env, value, reinterpret_cast<napi_typedarray_type*>(&type), &length, &start, nullptr,
                                 nullptr) != napi_ok)
      return;
    data = static_cast<char*>(start);
    valid = type == static_cast<int>(code) - 1 || (type == unknown && code == float16Code);
  }
};

// reduceArrays(operator, dtype, target, left, right): target[i] = left[i] · right[i]. Three typed arrays of one length
// and of the type that `dtype` says; `target` may be `left` or `right`, but must not overlap them otherwise.
static napi_value reduceArrays(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  size_t count = 5;
  uint32_t op = 0, dtype = 0;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  bool known = napi_get_value_uint32(env, arguments[0], &op) == napi_ok &&
               napi_get_value_uint32(env, arguments[1], &dtype) == napi_ok && op >= 1 && op <= reduceOperators &&
               dtype >= 1 && dtype <= reduceDtypes;
  ReduceLoop loop = known ? current->loops->of(op, dtype) : nullptr;
  if (loop == nullptr) {
    napi_throw_type_error(env, nullptr, "reduceArrays: no such operator on this element type");
    return nullptr;
  }
  Elements target(env, arguments[2], dtype), left(env, arguments[3], dtype), right(env, arguments[4], dtype);
  if (!target.valid || !left.valid || !right.valid) {
    napi_throw_type_error(env, nullptr, "reduceArrays: expected three typed arrays of the element type given");
    return nullptr;
  }
  // minLoc and maxLoc take pairs.
  bool halfPair = op >= 11 && target.length % 2 != 0;
  if (left.length != target.length || right.length != target.length || halfPair) {
    napi_throw_range_error(env, nullptr, "reduceArrays: the arrays differ in length, or hold half a pair");
    return nullptr;
  }
  loop(target.data, left.data, right.data, target.length * elementBytes[dtype]);
  return nullptr;
}

void registerReduce(Napi::Env env, Napi::Object exports) {
  registerRaw(env, exports, "reduceArrays", reduceArrays);
  exports.Set("reduceLevel", Napi::Function::New<reduceLevel>(env));
}

}  // namespace tsmpi
