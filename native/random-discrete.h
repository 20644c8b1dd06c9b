// Discrete distributions, from 64-bit words. Each class holds what is the same for all draws.
#pragma once
#include "random-continuous.h"

namespace tsmpi {

// Logarithm of the gamma function, as exact as NumPy's and no more: Stirling's series above 7, recurrence below.
inline double logGamma(double x) {
  static constexpr double terms[] = {8.333333333333333e-02, -2.777777777777778e-03, 7.936507936507937e-04,
                                     -5.952380952380952e-04, 8.417508417508418e-04, -1.917526917526918e-03,
                                     6.410256410256410e-03, -2.955065359477124e-02, 1.796443723688307e-01,
                                     -1.39243221690590e+00};
  if (x == 1.0 || x == 2.0) return 0.0;
  int64_t up = x < 7.0 ? int64_t(7 - x) : 0;
  double high = x + double(up);
  double square = (1.0 / high) * (1.0 / high);
  double series = terms[9];
  for (int i = 8; i >= 0; i--) series = series * square + terms[i];
  constexpr double logTwoPi = 1.8378770664093453e+00;
  double result = series / high + 0.5 * logTwoPi + (high - 0.5) * log(high) - high;
  if (x < 7.0) {
    for (int64_t i = 1; i <= up; i++) {
      result -= log(high - 1.0);
      high -= 1.0;
    }
  }
  return result;
}

// Small means: products of uniforms; from 10 up: PTRS of Hormann, Insurance: Mathematics and Economics 12, 39-45
// (1993).
class Poisson {
 public:
  explicit Poisson(double mean) : mean(mean) {
    if (mean >= 10.0) {
      double root = sqrt(mean);
      logMean = log(mean);
      b = 0.931 + 2.53 * root;
      a = -0.059 + 0.02483 * b;
      inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
      vr = 0.9277 - 3.6224 / (b - 2);
    } else {
      none = exp(-mean);
    }
  }

  template <class Source>
  int64_t draw(Source& source) const {
    if (mean == 0.0) return 0;
    return mean >= 10.0 ? rejected(source) : multiplied(source);
  }

 private:
  double mean, none = 1, logMean = 0, a = 0, b = 0, inverseAlpha = 0, vr = 0;

  template <class Source>
  int64_t multiplied(Source& source) const {
    double product = 1.0;
    for (int64_t count = 0;; count++) {
      product *= source.nextDouble();
      if (product <= none) return count;
    }
  }

  template <class Source>
  int64_t rejected(Source& source) const {
    for (;;) {
      double u = source.nextDouble() - 0.5;
      double v = source.nextDouble();
      double us = 0.5 - fabs(u);
      int64_t k = int64_t(floor((2 * a / us + b) * u + mean + 0.43));
      if (us >= 0.07 && v <= vr) return k;
      if (k < 0 || (us < 0.013 && v > us)) continue;
      if (log(v) + log(inverseAlpha) - log(a / (us * us) + b) <= -mean + double(k) * logMean - logGamma(double(k + 1)))
        return k;
    }
  }
};

// Few expected: inversion; else BTPE of Kachitvichyanukul and Schmeiser, CACM 31(2), 216-222 (1988).
class Binomial {
 public:
  Binomial(int64_t n, double p) : n(n), p(p), r(p <= 0.5 ? p : 1.0 - p), q(1.0 - r) {
    inverts = r * double(n) <= 30.0;
    if (inverts) {
      double mean = double(n) * r;
      none = exp(double(n) * log(q));
      bound = int64_t(std::min(double(n), mean + 10.0 * sqrt(mean * q + 1)));
      return;
    }
    // The names are the paper's.
    double fm = double(n) * r + r;
    m = int64_t(floor(fm));
    p1 = floor(2.195 * sqrt(double(n) * r * q) - 4.6 * q) + 0.5;
    xm = double(m) + 0.5;
    xl = xm - p1;
    xr = xm + p1;
    c = 0.134 + 20.5 / (15.3 + double(m));
    double a = (fm - xl) / (fm - xl * r);
    leftRate = a * (1.0 + a / 2.0);
    a = (xr - fm) / (xr * q);
    rightRate = a * (1.0 + a / 2.0);
    p2 = p1 * (1.0 + 2.0 * c);
    p3 = p2 + c / leftRate;
    p4 = p3 + c / rightRate;
  }

  template <class Source>
  int64_t draw(Source& source) const {
    if (n == 0 || p == 0.0) return 0;
    int64_t count = inverts ? inverted(source) : rejected(source);
    return p <= 0.5 ? count : n - count;
  }

 private:
  int64_t n;
  double p, r, q;
  bool inverts;
  double none = 0;
  int64_t bound = 0, m = 0;
  double p1 = 0, p2 = 0, p3 = 0, p4 = 0, xm = 0, xl = 0, xr = 0, c = 0, leftRate = 0, rightRate = 0;

  template <class Source>
  int64_t inverted(Source& source) const {
    int64_t count = 0;
    double probability = none, u = source.nextDouble();
    while (u > probability) {
      count++;
      if (count > bound) {
        count = 0;
        probability = none;
        u = source.nextDouble();
      } else {
        u -= probability;
        probability = (double(n - count + 1) * r * probability) / (double(count) * q);
      }
    }
    return count;
  }

  template <class Source>
  int64_t rejected(Source& source) const {
    for (;;) {
      double u = source.nextDouble() * p4, v = source.nextDouble();
      int64_t y;
      if (u <= p1) return int64_t(floor(xm - p1 * v + u));
      if (u <= p2) {
        double x = xl + (u - p1) / c;
        v = v * c + 1.0 - fabs(double(m) - x + 0.5) / p1;
        if (v > 1.0) continue;
        y = int64_t(floor(x));
      } else if (u <= p3) {
        y = int64_t(floor(xl + log(v) / leftRate));
        if (y < 0 || v == 0.0) continue;
        v = v * (u - p2) * leftRate;
      } else {
        y = int64_t(floor(xr - log(v) / rightRate));
        if (y > n || v == 0.0) continue;
        v = v * (u - p3) * rightRate;
      }
      if (accepts(y, v)) return y;
    }
  }

  bool accepts(int64_t y, double v) const {
    double variance = double(n) * r * q;
    int64_t k = y > m ? y - m : m - y;
    if (k <= 20 || double(k) >= variance / 2.0 - 1) {
      double s = r / q, a = s * double(n + 1), ratio = 1.0;
      for (int64_t i = m + 1; i <= y; i++) ratio *= a / double(i) - s;
      for (int64_t i = y + 1; i <= m; i++) ratio /= a / double(i) - s;
      return v <= ratio;
    }
    double distance = double(k);
    double rho = distance / variance * ((distance * (distance / 3.0 + 0.625) + 0.16666666666666666) / variance + 0.5);
    double t = double(-k * k) / (2 * variance);
    double logV = log(v);
    if (logV < t - rho) return true;
    if (logV > t + rho) return false;
    double x1 = double(y + 1), f1 = double(m + 1), z = double(n + 1 - m), w = double(n - y + 1);
    return logV <= xm * log(f1 / x1) + (double(n - m) + 0.5) * log(z / w) + double(y - m) * log(w * r / (x1 * q)) +
                       stirling(f1) + stirling(z) + stirling(x1) + stirling(w);
  }

  static double stirling(double x) {
    double square = x * x;
    return (13680. - (462. - (132. - (99. - 140. / square) / square) / square) / square) / x / 166320.;
  }
};

// Trials to the first success: by counting up where that is soon, else by inversion.
class Geometric {
 public:
  explicit Geometric(double p) : p(p) {}

  template <class Source>
  int64_t draw(Source& source) const {
    if (p >= 0.333333333333333333333333) {
      double sum = p, term = p, q = 1.0 - p, u = source.nextDouble();
      int64_t trials = 1;
      for (; u > sum; trials++) {
        term *= q;
        sum += term;
      }
      return trials;
    }
    double trials = ceil(-standardExponential(source) / log1p(-p));
    return trials >= 9.223372036854776e18 ? INT64_MAX : int64_t(trials);
  }

 private:
  double p;
};

// A Poisson count whose mean is gamma distributed.
class NegativeBinomial {
 public:
  NegativeBinomial(double n, double p) : gamma(n), scale((1 - p) / p) {}

  template <class Source>
  int64_t draw(Source& source) const {
    return Poisson(scale * gamma.draw(source)).draw(source);
  }

 private:
  Gamma gamma;
  double scale;
};

}  // namespace tsmpi
