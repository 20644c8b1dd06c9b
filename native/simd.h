// Which vector instructions the kernels of linear algebra use: the best that the machine has, or what TSMPI_SIMD names.
#pragma once

namespace tsmpi {

// In rising order. `baseline` is SSE2 on x86-64 and NEON on arm64, which every such machine has.
enum class Simd { baseline, avx2, avx512 };

// AVX2 means FMA too; AVX-512 means F, BW, DQ and VL.
Simd simdLevel();
const char* simdName(Simd level);

}  // namespace tsmpi
