// pow, cbrt, erf, erfc, lgamma.
#pragma once
#include "exponential.h"
#include "trigonometric.h"

namespace tsmpi {
namespace {

// log x in two doubles, good to some 65 bits, for positive finite x.
inline Pair<double> logPair(D x) {
  using C = Coefficients<double>;
  M<double> small = x < Format<double>::least;
  Logarithm<double> parts = splitForLog<double>(small ? x * 0x1p54 : x);
  D k = parts.k - (small ? splat(54.0) : D{}), f = parts.f;
  // s = f / (2 + f)
  Pair<double> below = fastTwoSum<double>(splat(2.0), f);
  D s = f / below.high;
  D sLow = (fma(-s, below.high, f) - s * below.low) / below.high;
  // 2 s + 2 s^3 / 3 in two doubles, the rest in one.
  Pair<double> square = twoProduct<double>(s, s);
  square.low = fma(s + s, sLow, square.low);
  Pair<double> cube = twoProduct<double>(square.high, s);
  cube.low = cube.low + fma(square.high, sLow, square.low * s);
  constexpr double twoThirds = 0x1.5555555555555p-1, twoThirdsLow = 0x1.5555555555555p-55;
  Pair<double> third = twoProduct<double>(cube.high, splat(twoThirds));
  third.low = third.low + fma(cube.high, twoThirdsLow, cube.low * twoThirds);
  D rest = polynomial<double>(square.high, C::logDouble) * (square.high * square.high) * s;
  Pair<double> main = fastTwoSum<double>(s + s, third.high);
  D low = main.low + ((sLow + sLow) + third.low + rest);
  // k log 2: the first product is exact.
  Pair<double> whole = twoProduct<double>(k, splat(C::ln2[1]));
  Pair<double> sum = fastTwoSum<double>(k * C::ln2[0], main.high);
  Pair<double> next = twoSum<double>(sum.high, whole.high);
  return fastTwoSum<double>(next.high, next.low + (sum.low + (whole.low + low)));
}

// |x|^y for positive finite x and finite y.
inline D powerOf(D x, D y) {
  Pair<double> logarithm = logPair(x);
  Pair<double> product = twoProduct<double>(logarithm.high, y);
  product.low = fma(logarithm.low, y, product.low);
  return exp<double>(product.high, product.low, 0);
}
inline F powerOf(F x, F y) {
  return throughDouble([](D a, D b) { return exp<double>(b * log<double>(a)); }, x, y);
}

// As IEEE 754 and C have it: 1 to any power is 1, NaN and infinity included, in which JavaScript's ** differs.
template <class T>
inline V<T> pow(V<T> x, V<T> y) {
  constexpr T infinity = Format<T>::infinity;
  V<T> a = magnitude<T>(x);
  V<T> result = powerOf(a, y);
  M<T> simple = (x > (T)0) & (x < infinity) & (magnitude<T>(y) < infinity);
  if (__builtin_expect(all(simple), 1)) return result;
  M<T> whole = truncate<T>(y) == y;
  V<T> half = y * (T)0.5;
  M<T> odd = whole & (truncate<T>(half) != half);
  V<T> vanishing = y < (T)0 ? splat(infinity) : V<T>{};
  V<T> growing = y < (T)0 ? V<T>{} : splat(infinity);
  result = a == (T)0 ? vanishing : result;
  result = a == infinity ? growing : result;
  M<T> endless = magnitude<T>(y) == infinity;
  result = endless ? (a > (T)1 ? growing : vanishing) : result;
  result = endless & (a == (T)1) ? splat<T>(1) : result;
  M<T> negative = signOf<T>(x) != 0;
  result = negative & odd ? -result : result;
  result = (x < (T)0) & (a < infinity) & ~whole ? nan<T>() : result;
  result = (x != x) | (y != y) ? x + y : result;
  return (y == (T)0) | (x == (T)1) ? splat<T>(1) : result;
}

template <class T>
inline V<T> cbrt(V<T> x) {
  using Fm = Format<T>;
  V<T> a = magnitude<T>(x);
  M<T> small = a < Fm::least;
  constexpr T up = sizeof(T) == 8 ? 0x1p54 : 0x1p24f;
  constexpr T third = sizeof(T) == 8 ? 18 : 8;
  V<T> scaled = small ? a * up : a;
  // a = m 2^e, 1/2 <= m < 1; e = 3 q + rest, rest from -1 to 1.
  constexpr T base = Fm::shifter / 3 * 2;
  V<T> m = (V<T>)((bits<T>(scaled) & Fm::fraction) | (Fm::one - (Word<T>(1) << Fm::mantissa)));
  V<T> e = (V<T>)((bits<T>(scaled) >> Fm::mantissa) | (W<T>)splat(base)) - (base + (Fm::bias - 1));
  V<T> q = (e * (T)(1.0 / 3) + Fm::shifter) - Fm::shifter;
  V<T> rest = e - (T)3 * q;
  M<T> above = rest > (T)0, below = rest < (T)0;
  V<T> y = polynomial<T>(m, Coefficients<T>::cbrt);
  y *= above ? splat<T>((T)1.2599210498948732) : below ? splat<T>((T)0.7937005259840998) : splat<T>(1);
  m *= above ? splat<T>(2) : below ? splat<T>((T)0.5) : splat<T>(1);
  // Halley's step, then Newton's with the error of y^3 taken along.
  V<T> cube = y * y * y;
  y = y * (cube + (m + m)) / (cube + cube + m);
  Pair<T> square = twoProduct<T>(y, y);
  V<T> error = fma(square.low, y, fma(square.high, y, -m));
  y = y - error / (square.high * (T)3);
  y = y * powerOfTwo<T>((q - (small ? splat(third) : V<T>{})) + Fm::shifter);
  y = copySign<T>(y, x);
  return (a < Fm::infinity) & (a > (T)0) ? y : x + x;
}

// erfc x for x >= 0.
template <class T>
inline V<T> erfcPositive(V<T> x) {
  V<T> t = (x - (T)3.75) / (x + (T)3.75);
  t = x > (T)1000 ? splat<T>(1) : t;
  Pair<T> square = twoProduct<T>(x, x);
  V<T> bell = exp<T>(-square.high, -square.low, 0);
  return bell * (polynomial<T>(t, Coefficients<T>::erfc) / fma(x, (T)2, (T)1));
}

// erf x for |x| <= 1.
template <class T>
inline V<T> erfNear(V<T> x) {
  return fma(polynomial<T>(x * x, Coefficients<T>::erf), x, x);
}

template <class T>
inline V<T> erfc(V<T> x) {
  V<T> a = magnitude<T>(x);
  M<T> near = a < (T)0.5;
  V<T> y = erfcPositive<T>(a);
  return near ? (T)1 - erfNear<T>(x) : x < (T)0 ? (T)2 - y : y;
}

template <class T>
inline V<T> erf(V<T> x) {
  V<T> a = magnitude<T>(x);
  M<T> close = a <= (T)1;
  V<T> near = erfNear<T>(x);
  if (all(close)) return near;
  return close ? near : copySign<T>((T)1 - erfcPositive<T>(a), x);
}

// For x > 0.
template <class T>
inline V<T> lgammaPositive(V<T> x) {
  using C = Coefficients<T>;
  M<T> large = x >= (T)8;
  V<T> result{};
  if (!all(large)) {
    M<T> tiny = x < (T)0.5, middle = x >= (T)1.5;
    V<T> a = large ? splat<T>(2) : x;
    V<T> steps = (a + Format<T>::shifter) - Format<T>::shifter - (T)2;
    steps = middle ? (steps > (T)0 ? steps : V<T>{}) : V<T>{};
    V<T> t = tiny ? a : middle ? a - (T)2 - steps : a - (T)1;
    V<T> series = t * (middle ? polynomial<T>(t, C::lgamma2) : polynomial<T>(t, C::lgamma1));
    // lgamma(a) = lgamma(a - steps) + log((a - 1) ... (a - steps)), lgamma(a) = lgamma(a + 1) - log a.
    V<T> product = splat<T>(1), factor = a;
    for (int i = 1; i <= 6; i++) {
      factor = factor - (T)1;
      product = steps >= (T)i ? product * factor : product;
    }
    V<T> logarithm = log<T>(tiny ? a : product);
    result = tiny ? series - logarithm : steps > (T)0 ? series + logarithm : series;
  }
  if (any(large)) {
    V<T> a = large ? x : splat<T>(8);
    V<T> over = (T)1 / a;
    V<T> tail = polynomial<T>(over * over, C::stirling) * over + C::halfLog2Pi[1];
    V<T> main = fma(a - (T)0.5, log<T>(a) - (T)1, tail + (C::halfLog2Pi[0] - (T)0.5));
    // Where the sum is infinite minus one, or the product overflows early.
    result = large ? (a < Format<T>::infinity ? main : a) : result;
  }
  // Not -0 at 1 and 2.
  return x == x ? result + (T)0 : x;
}

// For x <= 0, given lgamma(-x). Reflection: log(pi / |x sin(pi x)|) - lgamma(-x). Near the zeros below -2 the error is
// absolute.
__attribute__((noinline)) D lgammaNegative(D x, D positive) {
  using C = Coefficients<double>;
  constexpr double infinity = Format<double>::infinity;
  D a = magnitude<double>(x);
  D distance = a - nearest<double>(a);
  // sin(pi d) for d <= 1 / 4, and cos(pi (1 / 2 - d)) above.
  D d = magnitude<double>(distance);
  M<double> far = d > 0.25;
  d = far ? 0.5 - d : d;
  D r = d * C::pi[0];
  D low = fma(d, C::pi[0], -r) + d * C::pi[1];
  D sine = far ? cosReduced<double>(r, low) : sinReduced<double>(r, low);
  D y = log<double>(C::pi[0] / (a * sine)) - positive;
  if (any(a < 0x1p-60)) y = a < 0x1p-60 ? -log<double>(a) : y;
  return (distance == 0.0) | (a == infinity) ? splat(infinity) : y;
}

inline D lgamma(D x) {
  D y = lgammaPositive<double>(magnitude<double>(x));
  M<double> negative = x <= 0.0;
  if (__builtin_expect(any(negative), 0)) y = negative ? lgammaNegative(x, y) : y;
  return y;
}
inline F lgamma(F x) {
  return throughDouble([](D a) { return lgamma(a); }, x);
}

// sqrt(x^2 + y^2) without overflow on the way.
inline D hypot(D x, D y) {
  D a = magnitude<double>(x), b = magnitude<double>(y);
  D larger = a > b ? a : b, smaller = a > b ? b : a;
  D factor = larger > 0x1p500 ? splat(0x1p-600) : larger < 0x1p-400 ? splat(0x1p600) : splat(1.0);
  D back = larger > 0x1p500 ? splat(0x1p600) : larger < 0x1p-400 ? splat(0x1p-600) : splat(1.0);
  larger *= factor;
  smaller *= factor;
  Pair<double> high = twoProduct<double>(larger, larger), low = twoProduct<double>(smaller, smaller);
  Pair<double> sum = fastTwoSum<double>(high.high, low.high);
  D square = sum.high + (sum.low + (high.low + low.low));
  constexpr double infinity = Format<double>::infinity;
  return (a == infinity) | (b == infinity) ? splat(infinity) : squareRoot(square) * back;
}
inline F hypot(F x, F y) {
  return throughDouble([](D a, D b) { return hypot(a, b); }, x, y);
}

}  // namespace
}  // namespace tsmpi
