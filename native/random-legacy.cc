#include "random-legacy.h"

#include "random-continuous.h"

namespace tsmpi {

class LegacySource : public Source<true> {
 public:
  LegacySource(BitGenerator& generator, KeptNormal& kept) : Source<true>(generator), kept(kept) {}
  KeptNormal& kept;
};

// Marsaglia and Bray, SIAM Review 6(3), 260-264 (1964).
static double standardNormal(LegacySource& source) {
  if (source.kept.has != 0) {
    double value = source.kept.value;
    source.kept = {0, 0};
    return value;
  }
  double x, y, square;
  do {
    x = 2.0 * source.nextDouble() - 1.0;
    y = 2.0 * source.nextDouble() - 1.0;
    square = x * x + y * y;
  } while (square >= 1.0 || square == 0.0);
  double factor = sqrt(-2.0 * log(square) / square);
  source.kept = {1, factor * x};
  return factor * y;
}

static double standardExponential(LegacySource& source) { return -log(1.0 - source.nextDouble()); }

bool fillLegacy(BitGenerator& generator, KeptNormal& kept, Distribution distribution, double shape, double* target,
                size_t count) {
  LegacySource source(generator, kept);
  auto each = [&](auto draw) {
    for (size_t i = 0; i < count; i++) {
      // The last normal may come with the one before it.
      source.due = std::max<size_t>(count - i, 2) - 1;
      target[i] = draw();
    }
    return true;
  };
  switch (distribution) {
    case Distribution::standardNormal: return each([&] { return standardNormal(source); });
    case Distribution::standardExponential: return each([&] { return standardExponential(source); });
    case Distribution::standardGamma: return each([&, gamma = Gamma(shape)] { return gamma.draw(source); });
    default: return false;
  }
}

}  // namespace tsmpi
