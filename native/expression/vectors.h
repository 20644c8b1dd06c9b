// What the mathematical functions are made of: vectors of the compiler, and the few operations for which it has no
// notation. Every operation is one of IEEE 754 or works on bits, so all instruction sets give the same results.
// As reduce-lanes.h, only for files that are compiled once for each instruction set.
#pragma once
#include "../reduce-lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace tsmpi {
namespace {

template <class T>
using V = Vector<T>;
using F = V<float>;
using D = V<double>;

// Masks have all bits of a lane set or none. Integer lanes of the width of T are masks, too.
template <class T>
using M = decltype(V<T>{} < V<T>{});
template <class T>
using Word = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
template <class T>
using W = V<Word<T>>;

template <class T>
constexpr int lanes = static_cast<int>(registerBytes / sizeof(T));

template <class T>
inline V<T> load(const char* from) {
  V<T> v;
  memcpy(&v, from, sizeof v);
  return v;
}
template <class T>
inline void store(char* to, V<T> v) {
  memcpy(to, &v, sizeof v);
}

template <class T>
struct Format;
template <>
struct Format<float> {
  static constexpr int mantissa = 23, bias = 127;
  static constexpr float shifter = 0x1.8p23f, infinity = __builtin_inff(), least = 0x1p-126f;
  static constexpr uint32_t sign = 0x80000000u, fraction = 0x007fffffu, one = 0x3f800000u;
};
template <>
struct Format<double> {
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double shifter = 0x1.8p52, infinity = __builtin_inf(), least = 0x1p-1022;
  static constexpr uint64_t sign = 0x8000000000000000u, fraction = 0x000fffffffffffffu, one = 0x3ff0000000000000u;
};

template <class T>
inline V<T> splat(T value) {
  return value - V<T>{};
}
template <class T>
inline V<T> nan() {
  return splat<T>(static_cast<T>(__builtin_nan("")));
}

// a * b + c, rounded once.
inline F fma(F a, F b, F c) {
#if defined(__AVX512F__)
  return (F)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (F)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__aarch64__)
  return (F)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  F r;
  for (int i = 0; i < lanes<float>; i++) r[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return r;
#endif
}
inline D fma(D a, D b, D c) {
#if defined(__AVX512F__)
  return (D)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__FMA__)
  return (D)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__aarch64__)
  return (D)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
  D r;
  for (int i = 0; i < lanes<double>; i++) r[i] = __builtin_fma(a[i], b[i], c[i]);
  return r;
#endif
}
inline F fma(F a, float b, F c) { return fma(a, splat(b), c); }
inline D fma(D a, double b, D c) { return fma(a, splat(b), c); }
inline F fma(F a, F b, float c) { return fma(a, b, splat(c)); }
inline D fma(D a, D b, double c) { return fma(a, b, splat(c)); }
inline F fma(F a, float b, float c) { return fma(a, splat(b), splat(c)); }
inline D fma(D a, double b, double c) { return fma(a, splat(b), splat(c)); }

// -a b where the mask is set, else a: a single operation with AVX-512, of which compilers make three.
inline F minusProductWhere(M<float> mask, F a, F b) {
#if defined(__AVX512F__)
  return (F)_mm512_mask_fnmadd_ps((__m512)a, _mm512_movepi32_mask((__m512i)mask), (__m512)b, (__m512)F{});
#else
  return mask ? fma(-b, a, F{}) : a;
#endif
}
inline D minusProductWhere(M<double> mask, D a, D b) {
#if defined(__AVX512F__)
  return (D)_mm512_mask_fnmadd_pd((__m512d)a, _mm512_movepi64_mask((__m512i)mask), (__m512d)b, (__m512d)D{});
#else
  return mask ? fma(-b, a, D{}) : a;
#endif
}

inline F squareRoot(F a) {
#if defined(__AVX512F__)
  // The masked form, all lanes on: GCC 12 warns of its own header in the other.
  return (F)_mm512_maskz_sqrt_ps(0xffff, (__m512)a);
#elif defined(__AVX2__)
  return (F)_mm256_sqrt_ps((__m256)a);
#elif defined(__SSE2__)
  return (F)_mm_sqrt_ps((__m128)a);
#elif defined(__aarch64__)
  return (F)vsqrtq_f32((float32x4_t)a);
#else
  F r;
  for (int i = 0; i < lanes<float>; i++) r[i] = __builtin_sqrtf(a[i]);
  return r;
#endif
}
inline D squareRoot(D a) {
#if defined(__AVX512F__)
  return (D)_mm512_maskz_sqrt_pd(0xff, (__m512d)a);
#elif defined(__AVX2__)
  return (D)_mm256_sqrt_pd((__m256d)a);
#elif defined(__SSE2__)
  return (D)_mm_sqrt_pd((__m128d)a);
#elif defined(__aarch64__)
  return (D)vsqrtq_f64((float64x2_t)a);
#else
  D r;
  for (int i = 0; i < lanes<double>; i++) r[i] = __builtin_sqrt(a[i]);
  return r;
#endif
}

// Whether any lane of a mask is set, and whether all are.
template <class Mask>
inline bool any(Mask mask) {
#if defined(__AVX512F__)
  return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#elif defined(__AVX2__)
  return _mm256_movemask_epi8((__m256i)mask) != 0;
#elif defined(__SSE2__)
  return _mm_movemask_epi8((__m128i)mask) != 0;
#elif defined(__aarch64__)
  return vmaxvq_u32((uint32x4_t)mask) != 0;
#else
  for (size_t i = 0; i < sizeof mask / sizeof mask[0]; i++)
    if (mask[i] != 0) return true;
  return false;
#endif
}
template <class Mask>
inline bool all(Mask mask) {
#if defined(__AVX512F__)
  return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) == 0xffff;
#elif defined(__AVX2__)
  return _mm256_movemask_epi8((__m256i)mask) == -1;
#elif defined(__SSE2__)
  return _mm_movemask_epi8((__m128i)mask) == 0xffff;
#else
  return !any(~mask);
#endif
}

// Whether all lanes are below a limit, in one comparison: the usual case of functions that treat others apart.
template <class T>
inline bool allBelow(V<T> a, T limit) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) return _mm512_cmp_ps_mask((__m512)a, _mm512_set1_ps(limit), _CMP_LT_OQ) == 0xffff;
  else return _mm512_cmp_pd_mask((__m512d)a, _mm512_set1_pd(limit), _CMP_LT_OQ) == 0xff;
#else
  return all(a < limit);
#endif
}

template <class T>
inline W<T> bits(V<T> a) {
  return (W<T>)a;
}
template <class T>
inline V<T> magnitude(V<T> a) {
  return (V<T>)((W<T>)a & ~Format<T>::sign);
}
template <class T>
inline W<T> signOf(V<T> a) {
  return (W<T>)a & Format<T>::sign;
}
template <class T>
inline V<T> withSign(V<T> a, W<T> sign) {
  return (V<T>)((W<T>)a ^ sign);
}
template <class T>
inline V<T> copySign(V<T> a, V<T> sign) {
  return (V<T>)(((W<T>)a & ~Format<T>::sign) | signOf<T>(sign));
}

// c[0] + c[1] x + c[2] x^2 + ...
template <class T, size_t terms>
inline V<T> polynomial(V<T> x, const T (&c)[terms]) {
  V<T> sum = splat(c[terms - 1]);
  for (size_t i = terms - 1; i-- > 0;) sum = fma(sum, x, splat(c[i]));
  return sum;
}

// table[i % 16] for each lane.
inline W<float> lookUp(const uint32_t (&table)[16], W<float> i) {
  W<float> found;
#if defined(__AVX512F__)
  memcpy(&found, table, sizeof found);
  // Masked as in `squareRoot`.
  return (W<float>)_mm512_maskz_permutexvar_epi32(0xffff, (__m512i)i, (__m512i)found);
#elif defined(__AVX2__)
  W<float> other;
  memcpy(&found, table, sizeof found);
  memcpy(&other, table + 8, sizeof other);
  auto low = (W<float>)_mm256_permutevar8x32_epi32((__m256i)found, (__m256i)i);
  auto high = (W<float>)_mm256_permutevar8x32_epi32((__m256i)other, (__m256i)i);
  return (i & 8) != 0 ? high : low;
#else
  for (int lane = 0; lane < lanes<float>; lane++) found[lane] = table[i[lane] % 16];
  return found;
#endif
}

// To the nearest whole number, halves to even; keeps the sign of zero.
template <class T>
inline V<T> nearest(V<T> a) {
  constexpr T big = Format<T>::shifter / 3 * 2;  // 2^23, 2^52: from there on all numbers are whole.
  V<T> size = magnitude<T>(a);
  V<T> whole = (size + big) - big;
  return size < big ? copySign<T>(whole, a) : a;
}
template <class T>
inline V<T> floor(V<T> a) {
  V<T> whole = nearest<T>(a);
  return whole > a ? whole - (T)1 : whole;
}
template <class T>
inline V<T> ceiling(V<T> a) {
  V<T> whole = nearest<T>(a);
  return whole < a ? copySign<T>(whole + (T)1, a) : whole;
}
template <class T>
inline V<T> truncate(V<T> a) {
  V<T> size = magnitude<T>(a);
  V<T> whole = nearest<T>(size);
  return copySign<T>(whole > size ? whole - (T)1 : whole, a);
}

// A number as the sum of two.
template <class T>
struct Pair {
  V<T> high, low;
};
// |a| >= |b|, or a = 0.
template <class T>
inline Pair<T> fastTwoSum(V<T> a, V<T> b) {
  V<T> sum = a + b;
  return {sum, b - (sum - a)};
}
template <class T>
inline Pair<T> twoSum(V<T> a, V<T> b) {
  V<T> sum = a + b;
  V<T> part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}
template <class T>
inline Pair<T> twoProduct(V<T> a, V<T> b) {
  V<T> product = a * b;
  return {product, fma(a, b, -product)};
}

// A float function by way of double, where that is simpler than an own algorithm: the result is the nearest float but
// in very rare cases.
template <class Function, class... Args>
inline F throughDouble(Function f, Args... args) {
  constexpr int half = lanes<double>;
  using Half = Vector<float, registerBytes / 2>;
  struct Two {
    Half of[2];
  } out;
  static_assert(sizeof out == sizeof(F) && half * 2 == lanes<float>);
  for (int i = 0; i < 2; i++) {
    auto widen = [i](F v) {
      Two two;
      memcpy(&two, &v, sizeof v);
      return __builtin_convertvector(two.of[i], D);
    };
    out.of[i] = __builtin_convertvector(f(widen(args)...), Half);
  }
  F result;
  memcpy(&result, &out, sizeof out);
  return result;
}

}  // namespace
}  // namespace tsmpi
