// Factorisations of row-major matrices on the BLAS at hand: they need no LAPACK.
#pragma once
#include "blas.h"

namespace tsmpi::factorize {

// a = l lᴴ (lower) or uᴴ u (upper), in the triangle given. Returns 0, or the order of the first leading minor that is
// not positive.
template <class T>
int64_t cholesky(Triangle uplo, int64_t n, T* a, int64_t lda);

// p a = l u by partial pivoting: l below the diagonal with ones on it, u from the diagonal on. Row i was exchanged with
// row pivots[i], for each i in turn. Returns 0, or one more than the place of the first zero on the diagonal of u.
template <class T>
int64_t lu(int64_t m, int64_t n, T* a, int64_t lda, int32_t* pivots);

// Solves op(a) x = b by the factors of an n x n matrix; b is n x nrhs and becomes x.
template <class T>
void luSolve(Transpose trans, int64_t n, int64_t nrhs, const T* a, int64_t lda, const int32_t* pivots, T* b,
             int64_t ldb);

}  // namespace tsmpi::factorize
