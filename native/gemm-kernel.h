// The inner loops of the own matrix product, compiled once for each instruction set (gemm-kernel.cc). Only plain types
// here: a template of the standard library, instantiated for AVX-512, could be linked into code for the baseline.
#pragma once
#include <cstdint>

#include "simd.h"

namespace tsmpi {

// A product is cut as in Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008): a block of
// b of depth x columns lies packed in the last cache, a block of a of rows x depth in the second, a panel of b of
// depth x tileColumns in the first, and a tile of c of tileRows x tileColumns in registers.
template <class R>
struct GemmKernel {
  int64_t tileRows, tileColumns;
  int64_t rows, depth, columns;
  // Packs m rows of k elements into panels of tileRows lines, element (i, p) at a[i * rs + p * cs]; zeros fill the
  // last panel.
  void (*packA)(int64_t m, int64_t k, const R* a, int64_t rs, int64_t cs, R* out);
  // The same for n columns of b, element (p, j) at b[p * rs + j * cs], in panels of tileColumns.
  void (*packB)(int64_t k, int64_t n, const R* b, int64_t rs, int64_t cs, R* out);
  // c (+)= alpha a b for packed a and b; element (i, j) of c at c[i * rs + j * cs]. `overwrite`: c is only written.
  void (*multiply)(int64_t m, int64_t n, int64_t k, R alpha, const R* a, const R* b, bool overwrite, R* c, int64_t rs,
                   int64_t cs);
  // c = alpha a b + beta c without packing, for at most smallWork multiplications and smallB elements of b; rows of c
  // are contiguous.
  void (*small)(int64_t m, int64_t n, int64_t k, R alpha, const R* a, int64_t rsA, int64_t csA, const R* b,
                int64_t rsB, int64_t csB, R beta, R* c, int64_t ldc);
};

// The largest b of a small product, in elements, and the most multiplications.
constexpr int64_t smallB = 1024, smallWork = 32 * 32 * 32;

// The loops of level 1 on contiguous vectors.
template <class R>
struct VectorKernel {
  R (*dot)(int64_t n, const R* x, const R* y);
  void (*axpy)(int64_t n, R alpha, const R* x, R* y);
};

struct Kernels {
  GemmKernel<float> gemmFloat;
  GemmKernel<double> gemmDouble;
  VectorKernel<float> vectorFloat;
  VectorKernel<double> vectorDouble;
};

extern const Kernels kernelsBaseline;
#if defined(__x86_64__)
extern const Kernels kernelsAvx2;
extern const Kernels kernelsAvx512;
#endif

inline const Kernels& kernels() {
#if defined(__x86_64__)
  if (simdLevel() == Simd::avx512) return kernelsAvx512;
  if (simdLevel() == Simd::avx2) return kernelsAvx2;
#endif
  return kernelsBaseline;
}

}  // namespace tsmpi
