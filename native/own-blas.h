// The routines that serve without a library, on the kernels of gemm-kernel.h: the functions of blas.h. Vectors and
// matrices are of any size that memory holds.
#pragma once
#include "blas.h"

namespace tsmpi::own {
#include "blas-functions.inc"
}  // namespace tsmpi::own
