// What NumPy's RandomState draws other than a Generator does; its draws never change.
#pragma once
#include "random-fill.h"

namespace tsmpi {

// The polar method makes normals in pairs; the second of a pair waits here for the next call.
struct KeptNormal {
  double has, value;
};

// standardNormal, standardExponential and standardGamma, of MT19937; false for any other.
bool fillLegacy(BitGenerator& generator, KeptNormal& kept, Distribution distribution, double shape, double* target,
                size_t count);

}  // namespace tsmpi
