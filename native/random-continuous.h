// Continuous distributions, from 64-bit words, each operation in NumPy's order so that the last bit agrees.
#pragma once
#include "random-ziggurat.h"

namespace tsmpi {

// Shape below 1: rejection from two pieces; above: Marsaglia and Tsang, ACM TOMS 26(3), 363-372 (2000).
class Gamma {
 public:
  explicit Gamma(double shape) : shape(shape), b(shape - 1.0 / 3.0), c(1.0 / sqrt(9.0 * b)) {}

  template <class Source>
  double draw(Source& source) const {
    if (shape == 1.0) return standardExponential(source);
    if (shape == 0.0) return 0.0;
    return shape < 1.0 ? drawSmall(source) : drawLarge(source);
  }

 private:
  double shape, b, c;

  template <class Source>
  double drawSmall(Source& source) const {
    for (;;) {
      double u = source.nextDouble();
      double v = standardExponential(source);
      if (u <= 1.0 - shape) {
        double x = pow(u, 1.0 / shape);
        if (x <= v) return x;
      } else {
        double y = -log((1.0 - u) / shape);
        double x = pow(1.0 - shape + shape * y, 1.0 / shape);
        if (x <= v + y) return x;
      }
    }
  }

  template <class Source>
  double drawLarge(Source& source) const {
    for (;;) {
      double x, v;
      do {
        x = standardNormal(source);
        v = 1.0 + c * x;
      } while (v <= 0.0);
      v = v * v * v;
      double u = source.nextDouble();
      if (u < 1.0 - 0.0331 * (x * x) * (x * x)) return b * v;
      if (log(u) < 0.5 * x * x + b * (1.0 - v + log(v))) return b * v;
    }
  }
};

// In single precision, from 32-bit draws.
class GammaFloat {
 public:
  explicit GammaFloat(float shape) : shape(shape), b(shape - 1.0f / 3.0f), c(1.0f / sqrtf(9.0f * b)) {}

  float draw(HalfSource& source) const {
    if (shape == 1.0f) return standardExponentialFloat(source);
    if (shape == 0.0f) return 0.0f;
    return shape < 1.0f ? drawSmall(source) : drawLarge(source);
  }

 private:
  float shape, b, c;

  float drawSmall(HalfSource& source) const {
    for (;;) {
      float u = source.nextFloat();
      float v = standardExponentialFloat(source);
      if (u <= 1.0f - shape) {
        float x = powf(u, 1.0f / shape);
        if (x <= v) return x;
      } else {
        float y = -logf((1.0f - u) / shape);
        float x = powf(1.0f - shape + shape * y, 1.0f / shape);
        if (x <= v + y) return x;
      }
    }
  }

  float drawLarge(HalfSource& source) const {
    for (;;) {
      float x, v;
      do {
        x = standardNormalFloat(source);
        v = 1.0f + c * x;
      } while (v <= 0.0f);
      v = v * v * v;
      float u = source.nextFloat();
      if (u < 1.0f - 0.0331f * (x * x) * (x * x)) return b * v;
      if (logf(u) < 0.5f * x * x + b * (1.0f - v + logf(v))) return b * v;
    }
  }
};

// Johnk's for two small shapes, else from two gammas.
class Beta {
 public:
  Beta(double a, double b) : a(a), b(b), gammaA(a), gammaB(b) {}

  template <class Source>
  double draw(Source& source) const {
    if (a > 1.0 || b > 1.0) {
      double x = gammaA.draw(source), y = gammaB.draw(source);
      return x / (x + y);
    }
    for (;;) {
      double u = source.nextDouble(), v = source.nextDouble();
      double x = pow(u, 1.0 / a), y = pow(v, 1.0 / b);
      if (x + y > 1.0 || u + v <= 0.0) continue;
      if (x + y > 0.0) return x / (x + y);
      double logX = log(u) / a, logY = log(v) / b, larger = std::max(logX, logY);
      logX -= larger;
      logY -= larger;
      return exp(logX - log(exp(logX) + exp(logY)));
    }
  }

 private:
  double a, b;
  Gamma gammaA, gammaB;
};

// The inverse of a distribution function that has a pole at 0 takes another draw there.
template <class Source>
double openDouble(Source& source) {
  double u;
  do u = source.nextDouble();
  while (u <= 0.0);
  return u;
}

// In [0, 1), but such that one minus it is below one.
template <class Source>
double openBelowOne(Source& source) {
  double u;
  do u = source.nextDouble();
  while (1.0 - u >= 1.0);
  return u;
}

template <class Source>
double triangular(Source& source, double left, double mode, double right) {
  double base = right - left, leftBase = mode - left;
  double ratio = leftBase / base;
  double leftProduct = leftBase * base, rightProduct = (right - mode) * base;
  double u = source.nextDouble();
  return u <= ratio ? left + sqrt(u * leftProduct) : right - sqrt((1.0 - u) * rightProduct);
}

}  // namespace tsmpi
