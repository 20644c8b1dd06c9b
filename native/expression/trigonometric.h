// sin, cos, tan of arguments of any size, and their inverses.
#pragma once
#include "coefficients.h"
#include "vectors.h"

namespace tsmpi {
namespace {

// An argument less n times pi, as r + low with |low| below an ulp of r, |r| <= pi / 2; or, for tan, less n times
// pi / 2. `odd` has the last bit of n as a sign.
template <class T>
struct Angle {
  V<T> r, low;
  W<T> odd;
};

// What is taken away: n pi, (n + 1/2) pi, n pi / 2.
enum class Turn { whole, shifted, half };

// M. H. Payne and R. N. Hanek, Radian reduction for trigonometric functions, SIGNUM Newsletter 18 (1983): only those
// bits of 1 / pi are multiplied that do not yield multiples of 2 pi.
struct LargeAngle {
  double r, low;
  bool odd;
};
inline LargeAngle reduceLarge(double x, Turn turn) {
  uint64_t word;
  memcpy(&word, &x, sizeof word);
  int exponent = static_cast<int>(word >> 52 & 0x7ff) - 1023;
  if (exponent == 1024) return {__builtin_nan(""), 0, false};
  uint64_t m = (word & Format<double>::fraction) | 1ull << 52;
  // x = m 2^e. The bits of 1 / pi (before the first there are zeros) that yield multiples of 4 are left out.
  int first = exponent - 52 - 2;
  auto bitsFrom = [](int at) -> uint64_t {
    if (at < 0) return at <= -64 ? 0 : overPiBits[0] >> -at;
    int index = at / 64, by = at % 64;
    uint64_t high = overPiBits[index] << by;
    return by == 0 ? high : high | overPiBits[index + 1] >> (64 - by);
  };
  unsigned __int128 low = static_cast<unsigned __int128>(m) * bitsFrom(first + 128);
  unsigned __int128 middle = static_cast<unsigned __int128>(m) * bitsFrom(first + 64);
  uint64_t high = m * bitsFrom(first);
  middle += low >> 64;
  // x / pi, two bits before the point and 126 behind it.
  unsigned __int128 fixed = (static_cast<unsigned __int128>(high) << 64) + middle;
  if (turn == Turn::half) fixed <<= 1;
  if (turn == Turn::shifted) fixed -= static_cast<unsigned __int128>(1) << 125;
  // The nearest whole number: the rest is a signed fraction of 126 bits.
  unsigned __int128 n = (fixed + (static_cast<unsigned __int128>(1) << 125)) >> 126;
  __int128 rest = static_cast<__int128>(fixed - (n << 126));
  bool negative = rest < 0;
  unsigned __int128 size = negative ? -static_cast<unsigned __int128>(rest) : static_cast<unsigned __int128>(rest);
  // In two doubles: the leading 53 bits, and what follows.
  double h = static_cast<double>(size);
  double l = static_cast<double>(static_cast<__int128>(size - static_cast<unsigned __int128>(h)));
  h *= 0x1p-126;
  l *= 0x1p-126;
  double p0 = Coefficients<double>::pi[0], p1 = Coefficients<double>::pi[1] + Coefficients<double>::pi[2];
  if (turn == Turn::half) p0 *= 0.5, p1 *= 0.5;
  double r = h * p0;
  double rest1 = __builtin_fma(h, p0, -r) + __builtin_fma(h, p1, l * p0);
  double sum = r + rest1;
  rest1 -= sum - r;
  // The sign of x, and of the distance; (n + 1/2) pi of a negative x is -(n + 1/2) pi, another n of the same parity
  // plus one.
  bool minus = (word >> 63) != 0;
  bool odd = (n & 1) != 0;
  if (minus && turn == Turn::shifted) odd = !odd;
  if (negative != minus) sum = -sum, rest1 = -rest1;
  return {sum, rest1, odd};
}

template <class T>
__attribute__((noinline)) void reduceLargeLanes(V<T> x, V<T> limit, Turn turn, Angle<T>& angle) {
  for (int i = 0; i < lanes<T>; i++) {
    T size = x[i] < 0 ? -x[i] : x[i];
    if (size <= limit[i]) continue;
    LargeAngle large = reduceLarge(x[i], turn);
    angle.r[i] = static_cast<T>(large.r);
    angle.low[i] = static_cast<T>(large.r - angle.r[i] + large.low);
    angle.odd[i] = large.odd ? Format<T>::sign : 0;
  }
}

// W. J. Cody and W. Waite, Software Manual for the Elementary Functions (1980), with fused operations: the product by
// the first part is subtracted without an error, as all that is left lies above the last bit of that part; the second
// part is short, so that its product is exact where the difference is small.
template <class T, Turn turn>
inline Angle<T> reduceAngle(V<T> x) {
  using C = Coefficients<T>;
  constexpr T limit = (sizeof(T) == 8 ? 32000 : 6000) / (turn == Turn::half ? 2 : 1);
  const T(&step)[3] = turn == Turn::half ? C::halfPi : C::pi;
  constexpr T steps = turn == Turn::half ? C::overPi[0] * 2 : C::overPi[0];
  V<T> shifted, n;
  if constexpr (turn == Turn::shifted) {
    shifted = fma(x, steps, splat<T>(-0.5)) + Format<T>::shifter;
    n = (shifted - Format<T>::shifter) + (T)0.5;
  } else {
    shifted = fma(x, steps, Format<T>::shifter);
    n = shifted - Format<T>::shifter;
  }
  V<T> r1 = fma(n, -step[0], x);
  V<T> r = fma(n, -step[1], r1);
  V<T> low = fma(n, -step[2], fma(n, -step[1], r1 - r));
  Angle<T> angle{r, low, bits<T>(shifted) << (sizeof(T) * 8 - 1)};
  if (__builtin_expect(any(~(magnitude<T>(x) <= limit)), 0)) reduceLargeLanes<T>(x, splat(limit), turn, angle);
  return angle;
}

// sin(r + low) for |r| <= pi / 2.
template <class T>
inline V<T> sinReduced(V<T> r, V<T> low) {
  V<T> square = r * r;
  return r + fma(polynomial<T>(square, Coefficients<T>::sin), square * r, low);
}

template <class T>
inline V<T> sin(V<T> x) {
  Angle<T> a = reduceAngle<T, Turn::whole>(x);
  V<T> y = withSign<T>(sinReduced<T>(a.r, a.low), a.odd);
  return y;
}
template <class T>
inline V<T> cos(V<T> x) {
  Angle<T> a = reduceAngle<T, Turn::shifted>(x);
  return withSign<T>(sinReduced<T>(a.r, a.low), a.odd ^ Format<T>::sign);
}
template <class T>
inline V<T> tan(V<T> x) {
  using C = Coefficients<T>;
  Angle<T> a = reduceAngle<T, Turn::half>(x);
  V<T> r = a.r, square = r * r;
  V<T> sine = r + fma(polynomial<T>(square, C::sinShort), square * r, a.low);
  V<T> rest = fma(polynomial<T>(square, C::cosShort), square * square, -r * a.low);
  V<T> half = square * (T)0.5;
  V<T> main = (T)1 - half;
  V<T> cosine = main + (((T)1 - main) - half + rest);
  M<T> odd = (M<T>)a.odd != 0;
  V<T> y = (odd ? -cosine : sine) / (odd ? sine : cosine);
  return x == (T)0 ? x : y;
}

// atan t + t's error, |t| <= tan(pi / 8).
template <class T>
inline V<T> atanTail(V<T> t) {
  V<T> square = t * t;
  return polynomial<T>(square, Coefficients<T>::atan) * square * t;
}

// The angle of (x, y), both not negative and at least one not zero.
template <class T>
inline Pair<T> angleOf(V<T> y, V<T> x) {
  using C = Coefficients<T>;
  M<T> low = y <= x * C::tanEighthPi[0];
  M<T> high = ~low & (y > x * C::tanThreeEighthsPi[0]);
  // t = y / x, (y - x) / (y + x) or -x / y.
  V<T> above = low ? y : high ? -x : y - x;
  V<T> below = low ? x : high ? y : y + x;
  V<T> t = above / below;
  V<T> base = low ? V<T>{} : splat(C::quarterPi[0]);
  V<T> baseLow = low ? V<T>{} : splat(C::quarterPi[1]);
  base = high ? splat(C::quarterPi[0] * 2) : base;
  baseLow = high ? splat(C::quarterPi[1] * 2) : baseLow;
  // What rounding t lost: the remainder of the division, which is exact, over the divisor.
  V<T> lost = fma(-t, below, above) / below;
  if constexpr (sizeof(T) == 8) lost = magnitude<T>(below) < (T)0x1p1000 ? lost : V<T>{};
  Pair<T> sum = fastTwoSum<T>(base, t);
  V<T> tail = atanTail<T>(t) + (baseLow + lost);
  return {sum.high, low ? tail : sum.low + tail};
}

template <class T>
inline V<T> atan(V<T> x) {
  V<T> size = magnitude<T>(x);
  Pair<T> angle = angleOf<T>(size, splat<T>(1));
  V<T> y = size < (T)0x1p60 ? angle.high + angle.low : splat(Coefficients<T>::quarterPi[0] * 2);
  return copySign<T>(x != x ? x : y, x);
}

template <class T>
inline V<T> atan2(V<T> y, V<T> x) {
  using C = Coefficients<T>;
  V<T> up = magnitude<T>(y), along = magnitude<T>(x);
  M<T> isNaN = (x != x) | (y != y);
  M<T> bothInfinite = (up == Format<T>::infinity) & (along == Format<T>::infinity);
  up = bothInfinite ? splat<T>(1) : up;
  along = bothInfinite ? splat<T>(1) : along;
  along = (up == (T)0) & (along == (T)0) ? splat<T>(1) : along;
  // Sums and products of the greatest and the least numbers must not leave the range.
  V<T> larger = up > along ? up : along;
  constexpr T far = sizeof(T) == 8 ? 0x1p1000 : 0x1p120f, near = sizeof(T) == 8 ? 0x1p-900 : 0x1p-60f;
  M<T> big = larger > far, tiny = larger < near;
  if (__builtin_expect(any(big | tiny), 0)) {
    V<T> factor = big ? splat<T>(sizeof(T) == 8 ? 0x1p-60 : 0x1p-30f) : splat<T>(1);
    factor = tiny ? splat<T>(sizeof(T) == 8 ? 0x1p120 : 0x1p90f) : factor;
    up *= factor;
    along *= factor;
  }
  Pair<T> angle = angleOf<T>(up, along);
  // An infinite divisor leaves no remainder.
  angle.low = angle.low == angle.low ? angle.low : V<T>{};
  V<T> right = angle.high + angle.low;
  Pair<T> left = fastTwoSum<T>(splat(C::quarterPi[0] * 4), -angle.high);
  V<T> other = left.high + (left.low + (C::quarterPi[1] * 4 - angle.low));
  V<T> result = signOf<T>(x) != 0 ? other : right;
  result = copySign<T>(result, y);
  return isNaN ? x + y : result;
}

// asin x - x for |x| <= 1 / 2, with x^2.
template <class T>
inline V<T> asinTail(V<T> x, V<T> square) {
  return polynomial<T>(square, Coefficients<T>::asin) * square * x;
}

// sqrt(z) in two parts.
template <class T>
inline Pair<T> rootPair(V<T> z) {
  V<T> root = squareRoot(z);
  V<T> low = fma(-root, root, z) / (root + root);
  return {root, z == (T)0 ? V<T>{} : low};
}

template <class T>
inline V<T> asin(V<T> x) {
  using C = Coefficients<T>;
  V<T> a = magnitude<T>(x);
  M<T> outer = a > (T)0.5;
  // asin a = pi / 2 - 2 asin(sqrt((1 - a) / 2)).
  V<T> square = outer ? ((T)1 - a) * (T)0.5 : a * a;
  Pair<T> root = rootPair<T>(square);
  V<T> near = a + asinTail<T>(a, square);
  V<T> tail = root.low + asinTail<T>(root.high, square);
  Pair<T> left = fastTwoSum<T>(splat(C::quarterPi[0] * 2), root.high * (T)-2);
  V<T> far = left.high + (left.low + (C::quarterPi[1] * 2 - (tail + tail)));
  return copySign<T>(outer ? far : near, x);
}

template <class T>
inline V<T> acos(V<T> x) {
  using C = Coefficients<T>;
  V<T> a = magnitude<T>(x);
  M<T> outer = a > (T)0.5;
  V<T> square = outer ? ((T)1 - a) * (T)0.5 : a * a;
  Pair<T> root = rootPair<T>(square);
  // Near 1: 2 asin(sqrt((1 - x) / 2)), near -1 pi less that, else pi / 2 - asin x.
  V<T> tail = root.low + asinTail<T>(root.high, square);
  V<T> right = (root.high + tail) * (T)2;
  Pair<T> left = fastTwoSum<T>(splat(C::quarterPi[0] * 4), root.high * (T)-2);
  V<T> leftSum = left.high + (left.low + (C::quarterPi[1] * 4 - (tail + tail)));
  Pair<T> middle = fastTwoSum<T>(splat(C::quarterPi[0] * 2), -x);
  V<T> inner = middle.high + (middle.low + (C::quarterPi[1] * 2 - asinTail<T>(x, square)));
  return outer ? (x < (T)0 ? leftSum : right) : inner;
}

}  // namespace
}  // namespace tsmpi
