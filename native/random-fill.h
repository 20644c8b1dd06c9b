// Fills of arrays with draws from one distribution.
#pragma once
#include "random.h"

namespace tsmpi {

// Codes of the distributions, as in src/random/distributions.ts.
enum class Distribution : uint32_t {
  random,
  uniform,
  standardNormal,
  normal,
  standardExponential,
  exponential,
  standardGamma,
  gamma,
  beta,
  chisquare,
  f,
  lognormal,
  laplace,
  gumbel,
  logistic,
  weibull,
  pareto,
  power,
  rayleigh,
  standardCauchy,
  standardT,
  triangular,
  poisson,
  binomial,
  geometric,
  negativeBinomial,
  count,
};

// What the arguments mean depends on the distribution; their order is NumPy's.
void fillDoubles(BitGenerator& generator, Distribution distribution, const double* arguments, double* target,
                 size_t count);
// random, standardNormal, standardExponential and standardGamma only; false for any other.
bool fillFloats(BitGenerator& generator, Distribution distribution, float shape, float* target, size_t count);

enum class IntegerType : uint32_t { int8, uint8, int16, uint16, int32, uint32, int64, uint64, float64 };

// Integers from `low` to `low + range`, both included. `masked`: as NumPy's RandomState draws them.
void fillIntegers(BitGenerator& generator, IntegerType type, uint64_t low, uint64_t range, bool masked, void* target,
                  size_t count);

// For orders: whole numbers from 0 to `most`, the next to `most + step`, and so on, where `step` is 1 or -1; -1 when
// `masked`.
void fillOrder(BitGenerator& generator, uint64_t most, int step, bool masked, double* target, size_t count);

// Exchanges each element, from the last down to number `first`, which is not 0, with one up to it. Elements have 1, 2, 4
// or 8 bytes.
void shuffleElements(BitGenerator& generator, void* elements, size_t bytes, size_t count, size_t first, bool masked);

// Whole numbers from 0 to `most`, none of them twice; there are at least `count`. `shuffled`: the last of all of them in
// random order, else by Floyd's sampling. False when memory is short.
bool fillDistinct(BitGenerator& generator, uint64_t most, bool shuffled, double* target, size_t count);

}  // namespace tsmpi
