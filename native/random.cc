// The face of the random numbers to JavaScript. The memory of a generator comes first in each call; src/random/ takes
// care that a block drawn ahead is settled before anything else draws.
#include "addon.h"
#include "random-fill.h"
#include "random-lecuyer.h"
#include "random-legacy.h"
#include "random-ziggurat.h"
#include "random.h"

#include <cstring>

namespace tsmpi {

struct View {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
};

static bool viewOf(napi_env env, napi_value value, View& view) {
  return napi_get_typedarray_info(env, value, &view.type, &view.length, &view.data, nullptr, nullptr) == napi_ok;
}

// The arguments of one call; `generator` is null, and an error thrown, when the first is not the memory of one.
template <size_t most>
struct Call {
  napi_env env;
  napi_value values[most];
  size_t count = most;
  BitGenerator* generator = nullptr;

  Call(napi_env env, napi_callback_info info) : env(env) {
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
    View view;
    if (viewOf(env, values[0], view) && view.type == napi_uint32_array && view.length >= 4) {
      BitGenerator* found = static_cast<BitGenerator*>(view.data);
      if (found->kind < randomKinds && 4 * view.length >= BitGenerator::bytes(found->kind)) generator = found;
    }
    if (generator == nullptr) fail("expected the memory of a bit generator");
  }

  napi_value fail(const char* what) const {
    napi_throw_type_error(env, nullptr, (std::string("random: ") + what).c_str());
    return nullptr;
  }

  bool number(size_t index, double& value) const {
    return index < count && napi_get_value_double(env, values[index], &value) == napi_ok;
  }

  bool view(size_t index, View& found) const { return index < count && viewOf(env, values[index], found); }

  bool word(size_t index, uint64_t& value) const {
    bool lossless;
    return index < count && napi_get_value_bigint_uint64(env, values[index], &value, &lossless) == napi_ok;
  }
};

static void settle(BitGenerator& generator, size_t used) {
  memcpy(generator.core, generator.saved(), 8 * coreWords[generator.kind]);
  skipUnits(generator, used);
}

static size_t unitsOfBlock(const BitGenerator& generator) {
  return generator.kind == kindMt19937 ? 2 * blockWords : blockWords;
}

// randomSettle(memory, used): as if only the first `used` units of the block had been drawn. Units are words, or those
// of 32 bits for MT19937.
static napi_value randomSettle(napi_env env, napi_callback_info info) {
  Call<2> call(env, info);
  double used;
  if (call.generator == nullptr) return nullptr;
  if (!call.number(1, used) || !(used >= 0 && used <= double(unitsOfBlock(*call.generator))))
    return call.fail("expected how much of the block is used");
  settle(*call.generator, size_t(used));
  return nullptr;
}

// randomBlock(memory): draws a block ahead.
static napi_value randomBlock(napi_env env, napi_callback_info info) {
  Call<1> call(env, info);
  BitGenerator* generator = call.generator;
  if (generator == nullptr) return nullptr;
  memcpy(generator->saved(), generator->core, 8 * coreWords[generator->kind]);
  if (generator->kind == kindMt19937) {
    drawHalves(*generator, reinterpret_cast<uint32_t*>(generator->block()), 2 * blockWords);
  } else {
    drawWords(*generator, generator->block(), blockWords);
  }
  return nullptr;
}

// randomSeed(memory, seed): from what SeedSequence.generateState returns.
static napi_value randomSeed(napi_env env, napi_callback_info info) {
  Call<2> call(env, info);
  View seed;
  if (call.generator == nullptr) return nullptr;
  uint32_t kind = call.generator->kind;
  napi_typedarray_type type = kind == kindMt19937 ? napi_uint32_array : napi_biguint64_array;
  if (!call.view(1, seed) || seed.type != type || seed.length != seedWords[kind]) return call.fail("expected a seed");
  seedGenerator(*call.generator, static_cast<uint64_t*>(seed.data));
  return nullptr;
}

// randomWords(memory, target): what the generator makes, as it is, into 64-bit words or 32-bit ones.
static napi_value randomWords(napi_env env, napi_callback_info info) {
  Call<2> call(env, info);
  View target;
  if (call.generator == nullptr) return nullptr;
  if (!call.view(1, target)) return call.fail("expected an array of words");
  if (target.type == napi_biguint64_array) {
    drawWords(*call.generator, static_cast<uint64_t*>(target.data), target.length);
  } else if (target.type == napi_uint32_array) {
    drawHalves(*call.generator, static_cast<uint32_t*>(target.data), target.length);
  } else {
    return call.fail("expected an array of words");
  }
  return nullptr;
}

// randomFill(memory, distribution, target, a, b, c): doubles, or floats where NumPy has them.
static napi_value randomFill(napi_env env, napi_callback_info info) {
  Call<6> call(env, info);
  double code = 0, arguments[3] = {0, 0, 0};
  View target;
  if (call.generator == nullptr) return nullptr;
  if (!call.number(1, code) || !(code >= 0 && code < double(Distribution::count)) || !call.view(2, target))
    return call.fail("expected a distribution and an array");
  for (size_t i = 3; i < call.count; i++) call.number(i, arguments[i - 3]);
  Distribution distribution = Distribution(uint32_t(code));
  if (target.type == napi_float64_array) {
    fillDoubles(*call.generator, distribution, arguments, static_cast<double*>(target.data), target.length);
  } else if (target.type != napi_float32_array ||
             !fillFloats(*call.generator, distribution, float(arguments[0]), static_cast<float*>(target.data),
                         target.length)) {
    return call.fail("this distribution does not fill arrays of this type");
  }
  return nullptr;
}

static bool integerType(napi_typedarray_type type, IntegerType& found) {
  switch (type) {
    case napi_int8_array: found = IntegerType::int8; return true;
    case napi_uint8_array: found = IntegerType::uint8; return true;
    case napi_int16_array: found = IntegerType::int16; return true;
    case napi_uint16_array: found = IntegerType::uint16; return true;
    case napi_int32_array: found = IntegerType::int32; return true;
    case napi_uint32_array: found = IntegerType::uint32; return true;
    case napi_bigint64_array: found = IntegerType::int64; return true;
    case napi_biguint64_array: found = IntegerType::uint64; return true;
    case napi_float64_array: found = IntegerType::float64; return true;
    default: return false;
  }
}

// 0 for types that N-API does not know here.
static size_t elementBytes(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array: return 1;
    case napi_int16_array:
    case napi_uint16_array: return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array: return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array: return 8;
    default: return 0;
  }
}

// randomIntegers(memory, target, low, range, masked): from `low` to `low + range`, bigints both, that fit the type.
static napi_value randomIntegers(napi_env env, napi_callback_info info) {
  Call<5> call(env, info);
  View target;
  IntegerType type;
  uint64_t low, range;
  bool masked = false;
  if (call.generator == nullptr) return nullptr;
  if (!call.view(1, target) || !integerType(target.type, type) || !call.word(2, low) || !call.word(3, range) ||
      napi_get_value_bool(env, call.values[4], &masked) != napi_ok)
    return call.fail("expected an array of integers and bounds");
  fillIntegers(*call.generator, type, low, range, masked, target.data, target.length);
  return nullptr;
}

// randomOrder(memory, target, most, step, masked): doubles, the first from 0 to `most`, the next to `most + step`.
static napi_value randomOrder(napi_env env, napi_callback_info info) {
  Call<5> call(env, info);
  View target;
  double most, step;
  bool masked = false;
  if (call.generator == nullptr) return nullptr;
  bool known = call.view(1, target) && target.type == napi_float64_array && call.number(2, most) &&
               call.number(3, step) && napi_get_value_bool(env, call.values[4], &masked) == napi_ok;
  double last = known ? most + step * (double(target.length) - 1) : -1;
  if (!known || (step != -1 && (step != 1 || masked)) || !(most >= 0 && last >= 0 && most < 9e15 && last < 9e15))
    return call.fail("expected a Float64Array, a bound, a step and a method");
  fillOrder(*call.generator, uint64_t(most), int(step), masked, static_cast<double*>(target.data), target.length);
  return nullptr;
}

// randomShuffle(memory, target, first, masked): the elements of any typed array, those below `first` only as others.
static napi_value randomShuffle(napi_env env, napi_callback_info info) {
  Call<4> call(env, info);
  View target;
  double first;
  bool masked = false;
  if (call.generator == nullptr) return nullptr;
  if (!call.view(1, target) || !call.number(2, first) || !(first >= 1 && first < 9e15) ||
      napi_get_value_bool(env, call.values[3], &masked) != napi_ok)
    return call.fail("expected a typed array, a number of an element and a method");
  size_t bytes = elementBytes(target.type);
  if (bytes == 0) return call.fail("expected an array whose elements have 1, 2, 4 or 8 bytes");
  shuffleElements(*call.generator, target.data, bytes, target.length, size_t(first), masked);
  return nullptr;
}

// randomDistinct(memory, target, most, shuffled): numbers from 0 to `most`, none twice.
static napi_value randomDistinct(napi_env env, napi_callback_info info) {
  Call<4> call(env, info);
  View target;
  double most;
  bool shuffled = false;
  if (call.generator == nullptr) return nullptr;
  if (!call.view(1, target) || target.type != napi_float64_array || !call.number(2, most) ||
      !(most + 1 >= double(target.length) && most < 9e15) ||
      napi_get_value_bool(env, call.values[3], &shuffled) != napi_ok)
    return call.fail("expected a Float64Array, a number that leaves enough to choose from, and a method");
  if (!fillDistinct(*call.generator, uint64_t(most), shuffled, static_cast<double*>(target.data), target.length))
    return call.fail("there is not enough memory to choose from so many");
  return nullptr;
}

// randomAdvance(memory, delta): delta of 128 bits for the PCGs, of 256 for Philox, lowest word first.
static napi_value randomAdvance(napi_env env, napi_callback_info info) {
  Call<2> call(env, info);
  View delta;
  if (call.generator == nullptr) return nullptr;
  uint32_t kind = call.generator->kind;
  bool able = kind == kindPcg64 || kind == kindPcg64Dxsm || kind == kindPhilox;
  if (!able || !call.view(1, delta) || delta.type != napi_biguint64_array || delta.length != 4)
    return call.fail("expected a generator that advances, and by how much");
  advanceGenerator(*call.generator, static_cast<uint64_t*>(delta.data));
  return nullptr;
}

// randomJump(memory): MT19937 by 2^128 draws.
static napi_value randomJump(napi_env env, napi_callback_info info) {
  Call<1> call(env, info);
  if (call.generator == nullptr) return nullptr;
  if (call.generator->kind != kindMt19937) return call.fail("expected MT19937");
  jumpMt19937(*call.generator);
  return nullptr;
}

// randomLegacy(memory, distribution, target, shape, kept): doubles, as RandomState draws them; `kept` are two.
static napi_value randomLegacy(napi_env env, napi_callback_info info) {
  Call<5> call(env, info);
  double code, shape;
  View target, kept;
  if (call.generator == nullptr) return nullptr;
  if (call.generator->kind != kindMt19937 || !call.number(1, code) || !call.view(2, target) ||
      target.type != napi_float64_array || !call.number(3, shape) || !call.view(4, kept) ||
      kept.type != napi_float64_array || kept.length != 2 ||
      !fillLegacy(*call.generator, *static_cast<KeptNormal*>(kept.data), Distribution(uint32_t(code)), shape,
                  static_cast<double*>(target.data), target.length))
    return call.fail("expected MT19937, a distribution, a Float64Array and what is kept");
  return nullptr;
}

// randomLecuyer(state, draw, target): doubles from MRG32k3a, whose state are six words.
static napi_value randomLecuyer(napi_env env, napi_callback_info info) {
  napi_value values[3];
  size_t count = 3;
  napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  View state, target;
  uint32_t draw;
  if (count < 3 || !viewOf(env, values[0], state) || state.type != napi_uint32_array || state.length != 6 ||
      napi_get_value_uint32(env, values[1], &draw) != napi_ok || draw >= uint32_t(LecuyerDraw::count) ||
      !viewOf(env, values[2], target) || target.type != napi_float64_array) {
    napi_throw_type_error(env, nullptr, "random: expected six words, what to draw, and a Float64Array");
    return nullptr;
  }
  fillLecuyer(static_cast<uint32_t*>(state.data), LecuyerDraw(draw), static_cast<double*>(target.data), target.length);
  return nullptr;
}

// randomLayers(target): the tables of the ziggurats for scalar draws in JavaScript: 256 limits and 256 widths of the
// normals, then of the exponentials. Limits are below 2^53.
static napi_value randomLayers(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value;
  napi_get_cb_info(env, info, &count, &value, nullptr, nullptr);
  View target;
  if (!viewOf(env, value, target) || target.type != napi_float64_array || target.length != 1024) {
    napi_throw_type_error(env, nullptr, "random: expected 1024 doubles");
    return nullptr;
  }
  double* out = static_cast<double*>(target.data);
  for (const Layer* layers : {normalLayers, exponentialLayers}) {
    for (size_t i = 0; i < 256; i++) {
      out[i] = double(layers[i].k);
      out[256 + i] = layers[i].w;
    }
    out += 512;
  }
  return nullptr;
}

void registerRandom(Napi::Env env, Napi::Object exports) {
  registerRaw(env, exports, "randomSeed", randomSeed);
  registerRaw(env, exports, "randomBlock", randomBlock);
  registerRaw(env, exports, "randomSettle", randomSettle);
  registerRaw(env, exports, "randomWords", randomWords);
  registerRaw(env, exports, "randomFill", randomFill);
  registerRaw(env, exports, "randomIntegers", randomIntegers);
  registerRaw(env, exports, "randomOrder", randomOrder);
  registerRaw(env, exports, "randomShuffle", randomShuffle);
  registerRaw(env, exports, "randomDistinct", randomDistinct);
  registerRaw(env, exports, "randomAdvance", randomAdvance);
  registerRaw(env, exports, "randomJump", randomJump);
  registerRaw(env, exports, "randomLegacy", randomLegacy);
  registerRaw(env, exports, "randomLecuyer", randomLecuyer);
  registerRaw(env, exports, "randomLayers", randomLayers);
}

}  // namespace tsmpi
