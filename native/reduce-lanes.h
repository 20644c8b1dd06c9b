// Element types as the loops see them: how they lie in memory, and what a register full of them is. Vectors of the
// compiler (GCC and clang alike) keep the loops free of intrinsics. Only reduce-loops.cc includes this file, once
// for each instruction set, so all is in an anonymous namespace: the linker must not hand a function made of
// AVX-512 to the baseline.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#if defined(__F16C__) || defined(__AVX512F__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace tsmpi {
namespace {

#if defined(__AVX512BW__)
constexpr size_t registerBytes = 64;
#elif defined(__AVX2__)
constexpr size_t registerBytes = 32;
#else
constexpr size_t registerBytes = 16;
#endif

template <class T, size_t bytes = registerBytes>
struct VectorOf {
  typedef T type __attribute__((vector_size(bytes)));
};
template <class T, size_t bytes = registerBytes>
using Vector = typename VectorOf<T, bytes>::type;

// `step` is the number of bytes in memory that fill one register.
template <class T>
struct Plain {
  using Number = T;
  static constexpr size_t step = registerBytes;
  static Vector<T> load(const char* from) {
    Vector<T> lanes;
    memcpy(&lanes, from, step);
    return lanes;
  }
  static void store(char* to, Vector<T> lanes) { memcpy(to, &lanes, step); }
};

// Uint8ClampedArray, where it differs from Uint8Array.
struct Clamped : Plain<uint8_t> {};

// Float16Array: computed in single precision, which holds every sum and product of two halves so exactly that
// rounding it again gives what rounding the double would (24 bits are at least 2 * 11 + 2).
struct Half {
  using Number = float;
  static constexpr size_t step = registerBytes / 2;
  static Vector<float> load(const char* from);
  static void store(char* to, Vector<float> lanes);
};

#if defined(__AVX512F__)

inline Vector<float> Half::load(const char* from) {
  // The masked forms, all lanes on: GCC 12 warns of its own header in the others.
  return (Vector<float>)_mm512_maskz_cvtph_ps(0xffff, _mm256_loadu_si256((const __m256i*)from));
}
inline void Half::store(char* to, Vector<float> lanes) {
  _mm256_storeu_si256((__m256i*)to, _mm512_maskz_cvtps_ph(0xffff, (__m512)lanes, _MM_FROUND_TO_NEAREST_INT));
}

#elif defined(__F16C__)

inline Vector<float> Half::load(const char* from) {
  return (Vector<float>)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)from));
}
inline void Half::store(char* to, Vector<float> lanes) {
  _mm_storeu_si128((__m128i*)to, _mm256_cvtps_ph((__m256)lanes, _MM_FROUND_TO_NEAREST_INT));
}

#elif defined(__aarch64__)

inline Vector<float> Half::load(const char* from) {
  uint16x4_t bits;
  memcpy(&bits, from, sizeof bits);
  return (Vector<float>)vcvt_f32_f16(vreinterpret_f16_u16(bits));
}
inline void Half::store(char* to, Vector<float> lanes) {
  uint16x4_t bits = vreinterpret_u16_f16(vcvt_f16_f32((float32x4_t)lanes));
  memcpy(to, &bits, sizeof bits);
}

#else

using Words = Vector<uint32_t>;
using Halves = Vector<uint16_t, registerBytes / 2>;

inline Vector<float> Half::load(const char* from) {
  Halves halves;
  memcpy(&halves, from, sizeof halves);
  Words bits = __builtin_convertvector(halves, Words);
  Words sign = (bits & 0x8000u) << 16;
  bits &= 0x7fffu;
  // The exponent is too small by the difference of the biases, which a multiplication mends, for subnormals too.
  Words finite = (Words)((Vector<float>)(bits << 13) * 0x1p112f);
  Words special = bits << 13 | 0x7f800000u;
  return (Vector<float>)((bits >= 0x7c00u ? special : finite) | sign);
}

inline void Half::store(char* to, Vector<float> lanes) {
  Words bits = (Words)lanes;
  Words sign = bits >> 16 & 0x8000u;
  bits &= 0x7fffffffu;
  // Half an ulp, less one unless the last bit that stays is set: ties go to even. Too large a number becomes
  // infinity by carry.
  Words normal = (bits + (0xfffu + ((uint32_t)(15 - 127) << 23)) + (bits >> 13 & 1u)) >> 13;
  // Adding 0.5 leaves the bits of a subnormal half, rounded, at the end of the float.
  Words subnormal = (Words)((Vector<float>)bits + 0.5f) - 0x3f000000u;
  Words infinite = Words{} + 0x7c00u;
  Words nan = Words{} + 0x7e00u;
  Words large = bits > 0x7f800000u ? nan : infinite;
  Words small = bits < (uint32_t)(127 - 14) << 23 ? subnormal : normal;
  Words result = (bits >= (uint32_t)(127 + 16) << 23 ? large : small) | sign;
  Halves halves = __builtin_convertvector(result, Halves);
  memcpy(to, &halves, sizeof halves);
}

#endif

// The numbers of lanes, changed by `Index`: 1 0 3 2 ... or 0 0 2 2 ...
struct Swapped {
  static constexpr int of(int lane) { return lane ^ 1; }
};
struct EvenTwice {
  static constexpr int of(int lane) { return lane & ~1; }
};

template <class Index, class V, int... lane>
inline V shuffleLanes(V lanes, std::integer_sequence<int, lane...>) {
#if defined(__clang__)
  return __builtin_shufflevector(lanes, lanes, Index::of(lane)...);
#else
  return __builtin_shuffle(lanes, V{Index::of(lane)...});
#endif
}

// `lanes` must be signed integers, as masks are.
template <class Index, class V>
inline V shuffle(V lanes) {
  return shuffleLanes<Index>(lanes, std::make_integer_sequence<int, sizeof(V) / sizeof(lanes[0])>());
}

}  // namespace
}  // namespace tsmpi
