// sin, cos, tan of arguments of any size, and their inverses.
#pragma once
#include "coefficients.h"
#include "vectors.h"

namespace tsmpi {
namespace {

// A positive argument less n times pi / 2, as r + low with |low| below an ulp of r, |r| <= pi / 4; the last two bits of n.
template <class T>
struct Angle {
  V<T> r, low;
  W<T> n;
};

struct ScalarAngle {
  double r, low;
  unsigned n;
};

// M. H. Payne and R. N. Hanek, Radian reduction for trigonometric functions, SIGNUM Newsletter 18 (1983): only those
// bits of 1 / pi are multiplied that do not yield multiples of 4 pi.
inline ScalarAngle reduceLarge(double x) {
  uint64_t word;
  memcpy(&word, &x, sizeof word);
  int exponent = static_cast<int>(word >> 52 & 0x7ff) - 1023;
  if (exponent == 1024) return {__builtin_nan(""), 0, 0};
  uint64_t m = (word & Format<double>::fraction) | 1ull << 52;
  // x = m 2^e. The bits of 1 / pi (before the first there are zeros) that yield multiples of 4 are left out.
  int first = exponent - 52 - 2;
  auto bitsFrom = [](int at) -> uint64_t {
    if (at < 0) return at <= -64 ? 0 : overPiBits[0] >> -at;
    int index = at / 64, by = at % 64;
    uint64_t high = overPiBits[index] << by;
    return by == 0 ? high : high | overPiBits[index + 1] >> (64 - by);
  };
  using Wide = unsigned __int128;
  Wide low = static_cast<Wide>(m) * bitsFrom(first + 128);
  Wide middle = static_cast<Wide>(m) * bitsFrom(first + 64) + (low >> 64);
  uint64_t high = m * bitsFrom(first);
  // x / pi with two bits before the point, doubled.
  Wide fixed = ((static_cast<Wide>(high) << 64) + middle) << 1;
  // The nearest whole number: the rest is a signed fraction of 126 bits.
  Wide n = (fixed + (static_cast<Wide>(1) << 125)) >> 126;
  auto rest = static_cast<__int128>(fixed - (n << 126));
  bool negative = rest < 0;
  Wide size = negative ? -static_cast<Wide>(rest) : static_cast<Wide>(rest);
  // In two doubles: the leading 53 bits, and what follows.
  auto h = static_cast<double>(size);
  auto l = static_cast<double>(static_cast<__int128>(size - static_cast<Wide>(h)));
  h *= 0x1p-126;
  l *= 0x1p-126;
  constexpr double p0 = Coefficients<double>::halfPi[0];
  constexpr double p1 = Coefficients<double>::halfPi[1] + Coefficients<double>::halfPi[2];
  double r = h * p0;
  double tail = __builtin_fma(h, p0, -r) + __builtin_fma(h, p1, l * p0);
  double sum = r + tail;
  tail -= sum - r;
  if (negative) sum = -sum, tail = -tail;
  return {sum, tail, static_cast<unsigned>(n) & 3};
}

// For floats as large as doubles can reduce them.
inline ScalarAngle reduceMiddle(double x) {
  using C = Coefficients<double>;
  double shifted = x * (C::overPi[0] * 2) + Format<double>::shifter;
  double n = shifted - Format<double>::shifter;
  double r = __builtin_fma(n, -C::halfPi[0], x);
  r = __builtin_fma(n, -(C::halfPi[1] + C::halfPi[2]), r);
  return {r, 0, static_cast<unsigned>(static_cast<int64_t>(n)) & 3};
}

template <class T>
__attribute__((noinline)) Angle<T> reduceLargeLanes(V<T> x, T limit, Angle<T> angle) {
  for (int i = 0; i < lanes<T>; i++) {
    if (x[i] < limit) continue;
    ScalarAngle large = sizeof(T) == 4 && x[i] < (T)0x1p28 ? reduceMiddle(x[i]) : reduceLarge(x[i]);
    angle.r[i] = static_cast<T>(large.r);
    angle.low[i] = static_cast<T>(large.r - angle.r[i] + large.low);
    angle.n[i] = large.n;
  }
  return angle;
}

// W. J. Cody and W. Waite, Software Manual for the Elementary Functions (1980), with fused operations: the product by
// the first part is subtracted without an error, as all that is left lies above the last bit of that part; the second
// part is short, so that its product is exact where the difference is small.
template <class T>
inline Angle<T> reduceAngle(V<T> x) {
  using C = Coefficients<T>;
  constexpr T limit = sizeof(T) == 8 ? 16000 : 3000;
  V<T> shifted = fma(x, C::overPi[0] * 2, Format<T>::shifter);
  V<T> n = shifted - Format<T>::shifter;
  V<T> r1 = fma(n, -C::halfPi[0], x);
  V<T> r = fma(n, -C::halfPi[1], r1);
  V<T> low = fma(n, -C::halfPi[2], fma(n, -C::halfPi[1], r1 - r));
  Angle<T> angle{r, low, bits<T>(shifted)};
  if (__builtin_expect(allBelow<T>(x, limit), 1)) return angle;
  return reduceLargeLanes<T>(x, limit, angle);
}

// sin(r + low) and cos(r + low) for |r| <= pi / 4.
template <class T>
inline V<T> sinReduced(V<T> r, V<T> low) {
  V<T> square = r * r;
  return r + fma(polynomial<T>(square, Coefficients<T>::sin), square * r, low);
}
template <class T>
inline V<T> cosReduced(V<T> r, V<T> low) {
  V<T> square = r * r;
  V<T> p = fma(polynomial<T>(square, Coefficients<T>::cos), square, splat<T>(-0.5));
  return (T)1 + fma(square, p, -r * low);
}

// cos(r + low) where `cosine` is set, else sin(r + low), |r| <= pi / 4: the numbers of the two functions above, from one
// polynomial that takes its coefficients by element. Selections are cheaper than the products of a second polynomial.
template <class T>
inline V<T> cosOrSin(M<T> cosine, V<T> r, V<T> low) {
  using C = Coefficients<T>;
  constexpr size_t terms = sizeof C::sin / sizeof(T);
  V<T> square = r * r;
  V<T> sum = cosine ? splat(C::cos[terms - 1]) : V<T>{};
  for (size_t i = terms; i-- > 0;) {
    sum = fma(sum, square, cosine ? splat(i == 0 ? (T)-0.5 : C::cos[i - 1]) : splat(C::sin[i]));
  }
  V<T> base = cosine ? splat<T>(1) : r;
  return base + fma(sum, square * base, minusProductWhere(cosine, low, r));
}

// The last bit of n as a mask that a selection takes, and the bit before it as a sign.
template <class T>
inline M<T> isOdd(W<T> n) {
  return (n & 1) != 0;
}
template <class T>
inline W<T> halfTurn(W<T> n) {
  return n << (sizeof(T) * 8 - 2) & Format<T>::sign;
}

template <class T>
inline V<T> sin(V<T> x) {
  Angle<T> a = reduceAngle<T>(magnitude<T>(x));
  V<T> y = cosOrSin<T>(isOdd<T>(a.n), a.r, a.low);
  return withSign<T>(y, halfTurn<T>(a.n) ^ signOf<T>(x));
}
template <class T>
inline V<T> cos(V<T> x) {
  Angle<T> a = reduceAngle<T>(magnitude<T>(x));
  V<T> y = cosOrSin<T>(isOdd<T>(a.n + 1), a.r, a.low);
  return withSign<T>(y, halfTurn<T>(a.n + 1));
}
template <class T>
inline V<T> tan(V<T> x) {
  Angle<T> a = reduceAngle<T>(magnitude<T>(x));
  V<T> sine = sinReduced<T>(a.r, a.low), cosine = cosReduced<T>(a.r, a.low);
  M<T> odd = isOdd<T>(a.n);
  V<T> y = (odd ? -cosine : sine) / (odd ? sine : cosine);
  return withSign<T>(y, signOf<T>(x));
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
