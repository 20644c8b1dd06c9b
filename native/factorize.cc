// Recursive forms, which leave nearly all work to matrix products: Gustavson, "Recursion leads to automatic variable
// blocking for dense linear-algebra algorithms" (1997), and Toledo, "Locality of reference in LU decomposition with
// partial pivoting" (1997). In row-major order the exchanges of rows move contiguous memory.
#include "factorize.h"

#include <algorithm>
#include <cmath>

namespace tsmpi::factorize {
namespace {

constexpr int64_t smallCholesky = 32, smallLu = 8;

int64_t half(int64_t n, int64_t small) { return std::max(small, n / 2 / small * small); }

template <class T>
Real<T> realOf(T value) {
  if constexpr (isComplex<T>) return value.real();
  else return value;
}

// The upper factor is the lower one transposed and conjugated; the same sums serve both.
template <class T>
int64_t choleskySmall(Triangle uplo, int64_t n, T* a, int64_t lda) {
  auto at = [&](int64_t i, int64_t j) -> T& { return uplo == lower ? a[i * lda + j] : a[j * lda + i]; };
  for (int64_t j = 0; j < n; j++) {
    Real<T> pivot = realOf(at(j, j));
    for (int64_t p = 0; p < j; p++) pivot -= std::norm(at(j, p));
    if (!(pivot > 0)) return j + 1;
    Real<T> root = std::sqrt(pivot);
    at(j, j) = root;
    for (int64_t i = j + 1; i < n; i++) {
      T sum = at(i, j);
      for (int64_t p = 0; p < j; p++) sum -= at(i, p) * conjugate(at(j, p));
      at(i, j) = sum / root;
    }
  }
  return 0;
}

// Pivots lie in the caller's memory, which JavaScript may write to while a call runs. Those that lead out of the matrix
// are passed over.
template <class T>
void exchange(T* a, int64_t lda, int64_t rows, int64_t columns, const volatile int32_t* pivots, int64_t from,
              int64_t to) {
  int64_t step = from < to ? 1 : -1;
  for (int64_t i = from; i != to; i += step) {
    int64_t other = pivots[i];
    if (other == i || other < 0 || other >= rows) continue;
    std::swap_ranges(a + i * lda, a + i * lda + columns, a + other * lda);
  }
}

template <class T>
int64_t luSmall(int64_t m, int64_t n, T* a, int64_t lda, int32_t* pivots) {
  int64_t zero = 0;
  for (int64_t j = 0; j < std::min(m, n); j++) {
    int64_t pivot = j + blas::iamax(m - j, a + j * lda + j, lda);
    pivots[j] = static_cast<int32_t>(pivot);
    T* row = a + j * lda;
    if (pivot != j) std::swap_ranges(row, row + n, a + pivot * lda);
    if (row[j] == T(0)) {
      if (zero == 0) zero = j + 1;
      continue;
    }
    for (int64_t i = j + 1; i < m; i++) {
      T* other = a + i * lda;
      T factor = other[j] /= row[j];
      for (int64_t c = j + 1; c < n; c++) other[c] -= factor * row[c];
    }
  }
  return zero;
}

}  // namespace

template <class T>
int64_t cholesky(Triangle uplo, int64_t n, T* a, int64_t lda) {
  if (n <= smallCholesky) return choleskySmall(uplo, n, a, lda);
  int64_t top = half(n, smallCholesky), rest = n - top;
  int64_t info = cholesky(uplo, top, a, lda);
  if (info != 0) return info;
  T* corner = a + top * lda + top;
  if (uplo == lower) {
    T* below = a + top * lda;
    blas::trsm(right, lower, conjugateTranspose, nonUnit, rest, top, T(1), a, lda, below, lda);
    blas::syrk(true, lower, noTranspose, rest, top, T(-1), below, lda, T(1), corner, lda);
  } else {
    T* beside = a + top;
    blas::trsm(left, upper, conjugateTranspose, nonUnit, top, rest, T(1), a, lda, beside, lda);
    blas::syrk(true, upper, conjugateTranspose, rest, top, T(-1), beside, lda, T(1), corner, lda);
  }
  info = cholesky(uplo, rest, corner, lda);
  return info == 0 ? 0 : top + info;
}

template <class T>
int64_t lu(int64_t m, int64_t n, T* a, int64_t lda, int32_t* pivots) {
  int64_t k = std::min(m, n);
  if (k <= smallLu) return luSmall(m, n, a, lda, pivots);
  int64_t done = half(k, smallLu), rest = n - done;
  int64_t zero = lu(m, done, a, lda, pivots);
  T *beside = a + done, *below = a + done * lda, *corner = below + done;
  exchange(beside, lda, m, rest, pivots, 0, done);
  blas::trsm(left, lower, noTranspose, unit, done, rest, T(1), a, lda, beside, lda);
  blas::gemm(noTranspose, noTranspose, m - done, rest, done, T(-1), below, lda, beside, lda, T(1), corner, lda);
  int64_t later = lu(m - done, rest, corner, lda, pivots + done);
  exchange(below, lda, m - done, done, pivots + done, 0, k - done);
  for (int64_t i = done; i < k; i++) pivots[i] += static_cast<int32_t>(done);
  return zero != 0 || later == 0 ? zero : done + later;
}

template <class T>
void luSolve(Transpose trans, int64_t n, int64_t nrhs, const T* a, int64_t lda, const int32_t* pivots, T* b,
             int64_t ldb) {
  if (trans == noTranspose) {
    exchange(b, ldb, n, nrhs, pivots, 0, n);
    blas::trsm(left, lower, noTranspose, unit, n, nrhs, T(1), a, lda, b, ldb);
    blas::trsm(left, upper, noTranspose, nonUnit, n, nrhs, T(1), a, lda, b, ldb);
  } else {
    blas::trsm(left, upper, trans, nonUnit, n, nrhs, T(1), a, lda, b, ldb);
    blas::trsm(left, lower, trans, unit, n, nrhs, T(1), a, lda, b, ldb);
    exchange(b, ldb, n, nrhs, pivots, n - 1, -1);
  }
}

#define X(T)                                                                                                     \
  template int64_t cholesky(Triangle, int64_t, T*, int64_t);                                                     \
  template int64_t lu(int64_t, int64_t, T*, int64_t, int32_t*);                                                  \
  template void luSolve(Transpose, int64_t, int64_t, const T*, int64_t, const int32_t*, T*, int64_t);
TSMPI_ELEMENT_TYPES(X)
#undef X

}  // namespace tsmpi::factorize
