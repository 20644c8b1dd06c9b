// L'Ecuyer's MRG32k3a as R has it.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tsmpi {

enum class LecuyerDraw : uint32_t { uniform, normal, exponential, count };

// R's unif_rand, norm_rand (by inversion) and exp_rand. `state`: three words of each of the two recurrences, oldest
// first.
void fillLecuyer(uint32_t* state, LecuyerDraw draw, double* target, size_t count);

}  // namespace tsmpi
