#include "random-lecuyer.h"

#include <cmath>

namespace tsmpi {

// L'Ecuyer, "Good parameters and implementations for combined multiple recursive random number generators", Operations
// Research 47(1), 159-164 (1999).
class Lecuyer {
 public:
  explicit Lecuyer(uint32_t* state) : state(state) {
    for (int i = 0; i < 3; i++) a[i] = state[i], b[i] = state[3 + i];
  }
  ~Lecuyer() {
    for (int i = 0; i < 3; i++) state[i] = uint32_t(a[i]), state[3 + i] = uint32_t(b[i]);
  }
  Lecuyer(const Lecuyer&) = delete;

  double uniform() {
    int64_t first = (1403580 * a[1] - 810728 * a[0]) % firstModulus;
    if (first < 0) first += firstModulus;
    a[0] = a[1], a[1] = a[2], a[2] = first;
    int64_t second = (527612 * b[2] - 1370589 * b[0]) % secondModulus;
    if (second < 0) second += secondModulus;
    b[0] = b[1], b[1] = b[2], b[2] = second;
    return double(first > second ? first - second : first - second + firstModulus) * 2.328306549295727688e-10;
  }

 private:
  static constexpr int64_t firstModulus = 4294967087, secondModulus = 4294944443;
  uint32_t* state;
  int64_t a[3], b[3];
};

static double polynomial(const double (&coefficients)[8], double x) {
  double sum = coefficients[0];
  for (int i = 1; i < 8; i++) sum = sum * x + coefficients[i];
  return sum;
}

// The quantile function of the normal: Wichura, "Algorithm AS 241", Applied Statistics 37(3), 477-484 (1988), PPND16.
static double normalQuantile(double p) {
  static constexpr double centreOver[] = {2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
                                          45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
                                          133.14166789178437745, 3.387132872796366608};
  static constexpr double centreUnder[] = {5226.495278852854561, 28729.085735721942674, 39307.89580009271061,
                                           21213.794301586595867, 5394.1960214247511077, 687.1870074920579083,
                                           42.313330701600911252, 1.0};
  static constexpr double middleOver[] = {7.7454501427834140764e-4, .0227238449892691845833, .24178072517745061177,
                                          1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
                                          4.6303378461565452959, 1.42343711074968357734};
  static constexpr double middleUnder[] = {1.05075007164441684324e-9, 5.475938084995344946e-4, .0151986665636164571966,
                                           .14810397642748007459, .68976733498510000455, 1.6763848301838038494,
                                           2.05319162663775882187, 1.0};
  static constexpr double tailOver[] = {2.01033439929228813265e-7, 2.71155556874348757815e-5, .0012426609473880784386,
                                        .026532189526576123093, .29656057182850489123, 1.7848265399172913358,
                                        5.4637849111641143699, 6.6579046435011037772};
  static constexpr double tailUnder[] = {2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
                                         7.868691311456132591e-4, .0148753612908506148525, .13692988092273580531,
                                         .59983220655588793769, 1.0};
  double q = p - 0.5;
  if (fabs(q) <= 0.425) {
    double r = 0.180625 - q * q;
    return q * polynomial(centreOver, r) / polynomial(centreUnder, r);
  }
  double r = sqrt(-log(q < 0 ? p : 1.0 - p));
  double value = r <= 5.0 ? polynomial(middleOver, r - 1.6) / polynomial(middleUnder, r - 1.6)
                          : polynomial(tailOver, r - 5.0) / polynomial(tailUnder, r - 5.0);
  return q < 0 ? -value : value;
}

// Of 59 bits, from two uniforms.
static double normal(Lecuyer& source) {
  constexpr double big = 134217728;
  double high = double(int32_t(big * source.uniform()));
  return normalQuantile((high + source.uniform()) / big);
}

// Ahrens and Dieter, "Computer methods for sampling from the exponential and normal distributions", CACM 15(10),
// 873-882 (1972), algorithm SA.
static double exponential(Lecuyer& source) {
  // Sums of log(2)^k / k!.
  static constexpr double sums[] = {0.6931471805599453, 0.9333736875190459, 0.9888777961838676, 0.9984589039328338,
                                    0.9998292811061389, 0.9999833164100727, 0.9999985691438768, 0.9999998906925558,
                                    0.9999999924734160, 0.9999999995283275, 0.9999999999728814, 0.9999999999985598,
                                    0.9999999999999290, 0.9999999999999968, 0.9999999999999999, 1.0};
  double whole = 0.0, u;
  do u = source.uniform();
  while (u <= 0.0 || u >= 1.0);
  for (u += u; u <= 1.0; u += u) whole += sums[0];
  u -= 1.0;
  if (u <= sums[0]) return whole + u;
  double least = source.uniform();
  for (int i = 0; u > sums[i]; i++) {
    double next = source.uniform();
    if (next < least) least = next;
  }
  return whole + least * sums[0];
}

void fillLecuyer(uint32_t* state, LecuyerDraw draw, double* target, size_t count) {
  Lecuyer source(state);
  for (size_t i = 0; i < count; i++) {
    switch (draw) {
      case LecuyerDraw::normal: target[i] = normal(source); break;
      case LecuyerDraw::exponential: target[i] = exponential(source); break;
      default: target[i] = source.uniform();
    }
  }
}

}  // namespace tsmpi
