#include "random-fill.h"

#include "random-continuous.h"
#include "random-discrete.h"

#include <cstring>

namespace tsmpi {

// --- random, normals and exponentials: what most programs draw most of, so each is one tight loop over a block ---

template <bool Twister>
static void fillRandom(BitGenerator& generator, double* target, size_t count) {
  while (count > 0) {
    size_t some = std::min(count, sourceBlock);
    // In place: a buffer elsewhere costs time when it happens to lie a multiple of 4 KiB from the target.
    drawWords(generator, reinterpret_cast<uint64_t*>(target), some);
    for (size_t i = 0; i < some; i++) {
      uint64_t word;
      memcpy(&word, target + i, sizeof word);
      target[i] = Source<Twister>::asDouble(word);
    }
    target += some;
    count -= some;
  }
}

template <class Try, bool Twister, class Rim>
static void fillZiggurat(BitGenerator& generator, double* target, size_t count, Rim atRim) {
  Source<Twister> source(generator);
  for (double* end = target + count; target < end;) {
    source.due = size_t(end - target);
    const uint64_t* words;
    size_t some = source.ahead(words), taken = 0;
    for (; taken < some; taken++) {
      Try first(words[taken]);
      if (__builtin_expect(!first.inside(), 0)) break;
      *target++ = first.x;
    }
    source.skip(taken);
    if (taken == some) continue;
    source.due = size_t(end - target);
    *target++ = atRim(source, Try(source.next64()));
  }
}

template <bool Twister, class Draw>
static void fillEach(BitGenerator& generator, double* target, size_t count, Draw draw) {
  Source<Twister> source(generator);
  for (size_t i = 0; i < count; i++) {
    source.due = count - i;
    target[i] = double(draw(source));
  }
}

template <bool Twister>
static void fillOf(BitGenerator& generator, Distribution distribution, const double* arguments, double* target,
                   size_t count) {
  double a = arguments[0], b = arguments[1], c = arguments[2];
  using Words = Source<Twister>;
  auto each = [&](auto draw) { fillEach<Twister>(generator, target, count, draw); };
  switch (distribution) {
    case Distribution::random: return fillRandom<Twister>(generator, target, count);
    case Distribution::standardNormal:
      return fillZiggurat<NormalTry, Twister>(generator, target, count, normalAtRim<Words>);
    case Distribution::standardExponential:
      return fillZiggurat<ExponentialTry, Twister>(generator, target, count, exponentialAtRim<Words>);
    case Distribution::standardGamma: return each([gamma = Gamma(a)](Words& s) { return gamma.draw(s); });
    case Distribution::beta: return each([beta = Beta(a, b)](Words& s) { return beta.draw(s); });
    case Distribution::chisquare: return each([gamma = Gamma(a / 2.0)](Words& s) { return 2.0 * gamma.draw(s); });
    case Distribution::f:
      return each([a, b, over = Gamma(a / 2.0), under = Gamma(b / 2.0)](Words& s) {
        double upper = 2.0 * over.draw(s) * b;
        return upper / (2.0 * under.draw(s) * a);
      });
    case Distribution::lognormal: return each([a, b](Words& s) { return exp(a + b * standardNormal(s)); });
    case Distribution::laplace:
      return each([a, b](Words& s) {
        double u = openDouble(s);
        return u >= 0.5 ? a - b * log(2.0 - u - u) : a + b * log(u + u);
      });
    case Distribution::gumbel: return each([a, b](Words& s) { return a - b * log(-log(1.0 - openBelowOne(s))); });
    case Distribution::logistic:
      return each([a, b](Words& s) {
        double u = openDouble(s);
        return a + b * log(u / (1.0 - u));
      });
    case Distribution::weibull:
      return each([a](Words& s) { return a == 0.0 ? 0.0 : pow(standardExponential(s), 1.0 / a); });
    case Distribution::pareto: return each([a](Words& s) { return expm1(standardExponential(s) / a); });
    case Distribution::power: return each([a](Words& s) { return pow(-expm1(-standardExponential(s)), 1.0 / a); });
    case Distribution::rayleigh: return each([a](Words& s) { return a * sqrt(2.0 * standardExponential(s)); });
    case Distribution::standardCauchy:
      return each([](Words& s) {
        double over = standardNormal(s);
        return over / standardNormal(s);
      });
    case Distribution::standardT:
      return each([a, gamma = Gamma(a / 2.0)](Words& s) {
        double over = standardNormal(s);
        double under = gamma.draw(s);
        return sqrt(a / 2.0) * over / sqrt(under);
      });
    case Distribution::triangular: return each([a, b, c](Words& s) { return triangular(s, a, b, c); });
    case Distribution::poisson: return each([poisson = Poisson(a)](Words& s) { return poisson.draw(s); });
    case Distribution::binomial:
      return each([binomial = Binomial(int64_t(a), b)](Words& s) { return binomial.draw(s); });
    case Distribution::geometric: return each([geometric = Geometric(a)](Words& s) { return geometric.draw(s); });
    case Distribution::negativeBinomial:
      return each([negative = NegativeBinomial(a, b)](Words& s) { return negative.draw(s); });
    default: return;
  }
}

// Draws the standard form and stretches it piece by piece, while it is in the cache.
template <class Stretch>
static void fillStretched(BitGenerator& generator, Distribution standard, const double* arguments, double* target,
                          size_t count, Stretch stretch) {
  while (count > 0) {
    size_t some = std::min(count, 2 * sourceBlock);
    fillDoubles(generator, standard, arguments, target, some);
    for (size_t i = 0; i < some; i++) target[i] = stretch(target[i]);
    target += some;
    count -= some;
  }
}

void fillDoubles(BitGenerator& generator, Distribution distribution, const double* arguments, double* target,
                 size_t count) {
  double a = arguments[0], b = arguments[1];
  auto stretched = [&](Distribution standard, auto stretch) {
    fillStretched(generator, standard, arguments, target, count, stretch);
  };
  switch (distribution) {
    case Distribution::uniform:
      return stretched(Distribution::random, [a, range = b - a](double x) { return a + range * x; });
    case Distribution::normal: return stretched(Distribution::standardNormal, [a, b](double x) { return a + b * x; });
    case Distribution::exponential:
      return stretched(Distribution::standardExponential, [a](double x) { return a * x; });
    case Distribution::gamma: return stretched(Distribution::standardGamma, [b](double x) { return b * x; });
    default: break;
  }
  auto fill = generator.kind == kindMt19937 ? fillOf<true> : fillOf<false>;
  fill(generator, distribution, arguments, target, count);
}

template <class Draw>
static void fillEachFloat(BitGenerator& generator, float* target, size_t count, Draw draw) {
  HalfSource source(generator);
  for (size_t i = 0; i < count; i++) {
    source.due = count - i;
    target[i] = draw(source);
  }
}

bool fillFloats(BitGenerator& generator, Distribution distribution, float shape, float* target, size_t count) {
  auto each = [&](auto draw) {
    fillEachFloat(generator, target, count, draw);
    return true;
  };
  switch (distribution) {
    case Distribution::random: return each([](HalfSource& s) { return s.nextFloat(); });
    case Distribution::standardNormal: return each([](HalfSource& s) { return standardNormalFloat(s); });
    case Distribution::standardExponential: return each([](HalfSource& s) { return standardExponentialFloat(s); });
    case Distribution::standardGamma:
      return each([gamma = GammaFloat(shape)](HalfSource& s) { return gamma.draw(s); });
    default: return false;
  }
}

}  // namespace tsmpi
