// exp, exp2, expm1, log and its kin, the hyperbolic functions, for both types: what differs is the number of
// coefficients.
#pragma once
#include "coefficients.h"
#include "vectors.h"

namespace tsmpi {
namespace {

// 2^n for whole n in the range of normal numbers, given as n + shifter.
template <class T>
inline V<T> powerOfTwo(V<T> shifted) {
  return (V<T>)((bits<T>(shifted) << Format<T>::mantissa) + Format<T>::one);
}

// e^(r + low) for |r| <= ln(2) / 2, |low| much less.
template <class T>
inline V<T> expReduced(V<T> r, V<T> low) {
  V<T> tail = fma(polynomial<T>(r, Coefficients<T>::exp), r * r, low);
  return (T)1 + (r + tail);
}
template <class T>
inline V<T> expReduced(V<T> r) {
  V<T> tail = fma(polynomial<T>(r, Coefficients<T>::exp), r * r, r);
  return (T)1 + tail;
}

// y 2^n in two steps, so that overflow and subnormal results come out right; |n| up to twice the greatest exponent.
template <class T>
inline V<T> scale(V<T> y, V<T> n) {
  V<T> shifter = splat(Format<T>::shifter);
  V<T> half = fma(n, (T)0.5, shifter);
  V<T> rest = (n - (half - shifter)) + shifter;
  return y * powerOfTwo<T>(half) * powerOfTwo<T>(rest);
}

template <class T>
struct ExpRange {
  static constexpr T largest = sizeof(T) == 8 ? 1100 : 160;
  // Where results, doubled or halved, are normal.
  static constexpr T easy = sizeof(T) == 8 ? 708 : 87;
};

template <class T>
inline V<T> clampExponent(V<T> x, T limit) {
  x = x > limit ? splat(limit) : x;
  return x < -limit ? splat(-limit) : x;
}

// e^(x + low) 2^doublings for |low| below an ulp of x.
template <class T>
__attribute__((noinline)) V<T> exp(V<T> x, V<T> low, T doublings) {
  using C = Coefficients<T>;
  V<T> shifter = splat(Format<T>::shifter);
  V<T> a = clampExponent<T>(x, ExpRange<T>::largest);
  V<T> n = fma(a, C::log2e[0], shifter) - shifter;
  V<T> r = fma(n, -C::ln2Full[0], a);
  r = fma(n, -C::ln2Full[1], r);
  Pair<T> sum = fastTwoSum<T>(r, magnitude<T>(x) < ExpRange<T>::largest ? low : V<T>{});
  return scale<T>(expReduced<T>(sum.high, sum.low), n + doublings);
}

// e^x for |x| below ExpRange<T>::easy.
inline D easyExp(D x) {
  using C = Coefficients<double>;
  D shifted = fma(x, C::log2e[0], Format<double>::shifter);
  D n = shifted - Format<double>::shifter;
  D r = fma(n, -C::ln2Full[0], x);
  r = fma(n, -C::ln2Full[1], r);
  return (D)(bits<double>(expReduced<double>(r)) + (bits<double>(shifted) << Format<double>::mantissa));
}
// 2^(n/16) e^r, |r| <= ln(2) / 32: the table takes three products off the polynomial.
inline F easyExp(F x) {
  using C = Coefficients<float>;
  F shifted = fma(x, C::log2e[0] * 16, Format<float>::shifter);
  F n = shifted - Format<float>::shifter;
  F r = fma(n, -C::ln2Full[0] / 16, x);
  r = fma(n, -C::ln2Full[1] / 16, r);
  r = fma(polynomial<float>(r, C::expShort), r * r, r);
  auto power = (F)(lookUp(C::powers, bits<float>(shifted)) + (bits<float>(shifted) << (Format<float>::mantissa - 4)));
  return fma(power, r, power);
}

template <class T>
inline V<T> exp(V<T> x) {
  V<T> y = easyExp(x);
  V<T> size = magnitude<T>(x);
  if (__builtin_expect(allBelow<T>(size, ExpRange<T>::easy), 1)) return y;
  // An element's result must not depend on its neighbours.
  return size < ExpRange<T>::easy ? y : exp<T>(x, V<T>{}, 0);
}

template <class T>
inline V<T> exp2(V<T> x) {
  using C = Coefficients<T>;
  V<T> a = clampExponent<T>(x, ExpRange<T>::largest);
  V<T> shifter = splat(Format<T>::shifter);
  V<T> n = (a + shifter) - shifter;
  V<T> t = a - n;
  V<T> r = t * C::ln2Full[0];
  V<T> low = fma(t, C::ln2Full[0], -r);
  return scale<T>(expReduced<T>(r, fma(t, C::ln2Full[1], low)), n);
}

template <class T>
inline V<T> expm1(V<T> x) {
  using C = Coefficients<T>;
  V<T> shifter = splat(Format<T>::shifter);
  V<T> a = clampExponent<T>(x, ExpRange<T>::largest);
  V<T> n = fma(a, C::log2e[0], shifter) - shifter;
  // Below, the result is -1 whatever is added.
  n = n < (T)-100 ? splat<T>(-100) : n;
  V<T> r1 = fma(n, -C::ln2Full[0], a);
  V<T> r = fma(n, -C::ln2Full[1], r1);
  V<T> low = fma(n, -C::ln2Full[1], r1 - r);
  r = a < (T)-60 ? V<T>{} : r;
  V<T> tail = fma(polynomial<T>(r, C::exp), r * r, low);
  // 2^n (1 + r + tail) - 1, with 2^(n - 1) for the sake of the greatest n.
  V<T> half = powerOfTwo<T>((n - (T)1) + shifter);
  Pair<T> sum = twoSum<T>(half - (T)0.5, half * r);
  V<T> y = (sum.high + (sum.low + half * tail)) * (T)2;
  // Overflow has to come of itself, and small numbers, -0 and the least among them, are their own results.
  y = a > ExpRange<T>::easy + 2 ? splat(Format<T>::infinity) : y;
  return magnitude<T>(x) < (T)(sizeof(T) == 8 ? 0x1p-60 : 0x1p-30) ? x : y;
}

// x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), for normal positive x.
template <class T>
struct Logarithm {
  V<T> k, f;
};
template <class T>
inline Logarithm<T> splitForLog(V<T> x) {
  using Fm = Format<T>;
  constexpr Word<T> root = sizeof(T) == 8 ? 0x3fe6a09e667f3bcdu : 0x3f3504f3u;
  W<T> moved = bits<T>(x) + (Fm::one - root);
  V<T> m = (V<T>)((moved & Fm::fraction) + root);
  // The biased exponent as the last bits of a float.
  constexpr T base = Fm::shifter / 3 * 2;
  V<T> k = (V<T>)((moved >> Fm::mantissa) | (W<T>)splat(base)) - (base + Fm::bias);
  return {k, m - (T)1};
}

// log(1 + f) - (f - f^2 / 2).
template <class T>
inline V<T> logTail(V<T> f, V<T> halfSquare) {
  V<T> s = f / ((T)2 + f);
  V<T> z = s * s;
  return s * fma(polynomial<T>(z, Coefficients<T>::log), z, halfSquare);
}

// Takes a function of normal numbers, with a number to add to the exponent, to all.
template <class T, class Core>
inline V<T> logEverywhere(V<T> x, Core core) {
  if (__builtin_expect(all((x >= Format<T>::least) & (x < Format<T>::infinity)), 1)) return core(x, V<T>{});
  constexpr T up = sizeof(T) == 8 ? 0x1p54 : 0x1p25f;
  constexpr T exponent = sizeof(T) == 8 ? 54 : 25;
  M<T> small = x < Format<T>::least;
  V<T> y = core(small ? x * up : x, small ? splat<T>(-exponent) : V<T>{});
  y = x == (T)0 ? splat<T>(-Format<T>::infinity) : y;
  y = x < (T)0 ? nan<T>() : y;
  return (x == Format<T>::infinity) | (x != x) ? x : y;
}

// The compensated form of fdlibm (Sun Microsystems, 1993).
template <class T>
inline V<T> logOfParts(V<T> k, V<T> f, V<T> low) {
  using C = Coefficients<T>;
  V<T> halfSquare = f * f * (T)0.5;
  V<T> tail = logTail<T>(f, halfSquare) + fma(k, C::ln2[1], low);
  return fma(k, C::ln2[0], f - (halfSquare - tail));
}

template <class T>
inline V<T> log(V<T> x) {
  return logEverywhere<T>(x, [](V<T> a, V<T> exponent) {
    Logarithm<T> parts = splitForLog<T>(a);
    return logOfParts<T>(parts.k + exponent, parts.f, V<T>{});
  });
}

template <class T>
inline V<T> log1p(V<T> x) {
  V<T> y = logEverywhere<T>((T)1 + x, [x](V<T> u, V<T>) {
    // What rounding 1 + x lost.
    V<T> lost = x >= (T)1 ? (T)1 - (u - x) : x - (u - (T)1);
    Logarithm<T> parts = splitForLog<T>(u);
    return logOfParts<T>(parts.k, parts.f, u < Format<T>::infinity ? lost / u : V<T>{});
  });
  return x == (T)0 ? x : y;
}

// The logarithm to another base: k times `ofTwo`, and log(1 + f) times `factor`, each in two parts.
template <class T>
inline V<T> logInBase(V<T> x, T ofTwo, T ofTwoLow, T factor, T factorLow) {
  return logEverywhere<T>(x, [=](V<T> a, V<T> exponent) {
    Logarithm<T> parts = splitForLog<T>(a);
    V<T> k = parts.k + exponent, f = parts.f;
    Pair<T> square = twoProduct<T>(f * (T)0.5, f);
    Pair<T> main = fastTwoSum<T>(f, -square.high);
    V<T> low = main.low - square.low + logTail<T>(f, square.high);
    Pair<T> sum = fastTwoSum<T>(main.high, low);
    Pair<T> scaled = twoProduct<T>(sum.high, splat(factor));
    scaled.low = scaled.low + fma(sum.high, factorLow, sum.low * factor);
    Pair<T> total = fastTwoSum<T>(k * ofTwo, scaled.high);
    return total.high + (total.low + fma(k, ofTwoLow, scaled.low));
  });
}
template <class T>
inline V<T> log2(V<T> x) {
  using C = Coefficients<T>;
  return logInBase<T>(x, 1, 0, C::log2e[0], C::log2eLow[0]);
}
template <class T>
inline V<T> log10(V<T> x) {
  using C = Coefficients<T>;
  return logInBase<T>(x, C::log10of2[0], C::log10of2[1], C::log10e[0], C::log10e[1]);
}

template <class T>
inline V<T> sinh(V<T> x) {
  V<T> a = magnitude<T>(x);
  V<T> e = expm1<T>(a);
  V<T> y = (e + e / (e + (T)1)) * (T)0.5;
  if (any(a > (T)20)) y = a > (T)20 ? exp<T>(a, V<T>{}, -1) : y;
  return copySign<T>(y, x);
}
template <class T>
inline V<T> cosh(V<T> x) {
  V<T> half = exp<T>(magnitude<T>(x), V<T>{}, -1);
  return half + (T)0.25 / half;
}
template <class T>
inline V<T> tanh(V<T> x) {
  V<T> a = magnitude<T>(x);
  // From 22 on the result is 1.
  V<T> e = expm1<T>((a > (T)22 ? splat<T>(22) : a) * (T)-2);
  return copySign<T>(-e / (e + (T)2), x);
}

}  // namespace
}  // namespace tsmpi
