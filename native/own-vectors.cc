// Levels 1 and 2: what is limited by memory, on the vector kernels where vectors are contiguous.
#include <cmath>
#include <limits>

#include "gemm-kernel.h"
#include "own-blas.h"

namespace tsmpi::own {
namespace {

const VectorKernel<float>& kernelFor(float) { return kernels().vectorFloat; }
const VectorKernel<double>& kernelFor(double) { return kernels().vectorDouble; }

// A vector with a negative increment begins at its end in memory.
template <class P>
P first(P x, int64_t n, int64_t increment) {
  return increment < 0 ? x - (n - 1) * increment : x;
}

template <class T>
Real<T> size1(T value) {
  if constexpr (isComplex<T>) return std::abs(value.real()) + std::abs(value.imag());
  else return std::abs(value);
}

// Of floats, too, in doubles.
template <class T>
double squared(T value) {
  if constexpr (isComplex<T>) return std::norm(std::complex<double>(value));
  else return static_cast<double>(value) * static_cast<double>(value);
}

template <class T>
void scaleVector(int64_t n, T beta, T* y, int64_t incy) {
  if (beta == T(1)) return;
  y = first(y, n, incy);
  for (int64_t i = 0; i < n; i++) y[i * incy] = beta == T(0) ? T(0) : y[i * incy] * beta;
}

// y += alpha conj(x)
template <class T>
void axpyConjugate(int64_t n, T alpha, const T* x, T* y, int64_t incy) {
  y = first(y, n, incy);
  for (int64_t i = 0; i < n; i++) y[i * incy] += alpha * conjugate(x[i]);
}

}  // namespace

template <class T>
T dot(bool conjugated, int64_t n, const T* x, int64_t incx, const T* y, int64_t incy) {
  if (n <= 0) return 0;
  if constexpr (!isComplex<T>) {
    if (incx == 1 && incy == 1) return kernelFor(T()).dot(n, x, y);
  }
  x = first(x, n, incx);
  y = first(y, n, incy);
  T sum = 0;
  for (int64_t i = 0; i < n; i++) sum += (conjugated ? conjugate(x[i * incx]) : x[i * incx]) * y[i * incy];
  return sum;
}

template <class T>
void axpy(int64_t n, T alpha, const T* x, int64_t incx, T* y, int64_t incy) {
  if (n <= 0 || alpha == T(0)) return;
  if constexpr (!isComplex<T>) {
    if (incx == 1 && incy == 1) return kernelFor(T()).axpy(n, alpha, x, y);
  }
  x = first(x, n, incx);
  y = first(y, n, incy);
  for (int64_t i = 0; i < n; i++) y[i * incy] += alpha * x[i * incx];
}

template <class T>
Real<T> nrm2(int64_t n, const T* x, int64_t incx) {
  using R = Real<T>;
  // Squares of floats fit into a double. Those of doubles may not: then once more, divided by the largest element.
  double sum = 0, largest = 0;
  x = first(x, n, incx);
  for (int64_t i = 0; i < n; i++) sum += squared(x[i * incx]);
  constexpr double tiny = std::numeric_limits<double>::min() / std::numeric_limits<double>::epsilon();
  if (std::isnan(sum) || (sum > tiny && std::isfinite(sum))) return static_cast<R>(std::sqrt(sum));
  for (int64_t i = 0; i < n; i++) largest = std::max<double>(largest, size1(x[i * incx]));
  if (largest == 0 || !std::isfinite(largest)) return static_cast<R>(largest);
  sum = 0;
  for (int64_t i = 0; i < n; i++) sum += std::norm(std::complex<double>(x[i * incx]) / largest);
  return static_cast<R>(std::sqrt(sum) * largest);
}

template <class T>
Real<T> asum(int64_t n, const T* x, int64_t incx) {
  Real<T> sum = 0;
  x = first(x, n, incx);
  for (int64_t i = 0; i < n; i++) sum += size1(x[i * incx]);
  return sum;
}

template <class T>
void scal(int64_t n, T alpha, T* x, int64_t incx) {
  x = first(x, n, incx);
  for (int64_t i = 0; i < n; i++) x[i * incx] *= alpha;
}

// The first NaN counts as the largest, as in NumPy.
template <class T>
int64_t iamax(int64_t n, const T* x, int64_t incx) {
  x = first(x, n, incx);
  int64_t best = n > 0 ? 0 : -1;
  Real<T> largest = n > 0 ? size1(x[0]) : 0;
  for (int64_t i = 1; i < n && !std::isnan(largest); i++) {
    Real<T> size = size1(x[i * incx]);
    if (size > largest || std::isnan(size)) {
      largest = size;
      best = i;
    }
  }
  return best;
}

template <class T>
void gemv(Transpose trans, int64_t m, int64_t n, T alpha, const T* a, int64_t lda, const T* x, int64_t incx, T beta,
          T* y, int64_t incy) {
  int64_t xs = trans == noTranspose ? n : m, ys = trans == noTranspose ? m : n;
  scaleVector(ys, beta, y, incy);
  if (alpha == T(0)) return;
  const T* x0 = first(x, xs, incx);
  T* y0 = first(y, ys, incy);
  for (int64_t i = 0; i < m; i++) {
    if (trans == noTranspose) y0[i * incy] += alpha * dot(false, n, a + i * lda, 1, x, incx);
    else if (trans == transpose) axpy(n, alpha * x0[i * incx], a + i * lda, 1, y, incy);
    else axpyConjugate(n, alpha * x0[i * incx], a + i * lda, y, incy);
  }
}

template <class T>
void ger(bool conjugated, int64_t m, int64_t n, T alpha, const T* x, int64_t incx, const T* y, int64_t incy, T* a,
         int64_t lda) {
  const T* x0 = first(x, m, incx);
  const T* y0 = first(y, n, incy);
  for (int64_t i = 0; i < m; i++) {
    T factor = alpha * x0[i * incx];
    if (!conjugated) axpy(n, factor, y, incy, a + i * lda, 1);
    else {
      for (int64_t j = 0; j < n; j++) a[i * lda + j] += factor * conjugate(y0[j * incy]);
    }
  }
}

template <class T>
void hemv(Triangle uplo, int64_t n, T alpha, const T* a, int64_t lda, const T* x, int64_t incx, T beta, T* y,
          int64_t incy) {
  scaleVector(n, beta, y, incy);
  const T* x0 = first(x, n, incx);
  T* y0 = first(y, n, incy);
  for (int64_t i = 0; i < n; i++) {
    // The part of row i beside the diagonal is, conjugated, the part of column i above or below it.
    int64_t from = uplo == lower ? 0 : i + 1, to = uplo == lower ? i : n;
    T factor = alpha * x0[i * incx], sum = 0;
    for (int64_t j = from; j < to; j++) {
      T element = a[i * lda + j];
      sum += element * x0[j * incx];
      y0[j * incy] += factor * conjugate(element);
    }
    T diagonal = a[i * lda + i];
    if constexpr (isComplex<T>) diagonal = diagonal.real();
    y0[i * incy] += alpha * sum + factor * diagonal;
  }
}

template <class T>
void trsv(Triangle uplo, Transpose trans, Diagonal diag, int64_t n, const T* a, int64_t lda, T* x, int64_t incx) {
  T* x0 = first(x, n, incx);
  auto element = [&](int64_t i, int64_t j) { return trans == conjugateTranspose ? conjugate(a[i * lda + j]) : a[i * lda + j]; };
  // Forwards when the matrix solved with is lower triangular. Rows of a are read along in either case.
  bool forwards = (uplo == lower) == (trans == noTranspose);
  for (int64_t step = 0; step < n; step++) {
    int64_t i = forwards ? step : n - 1 - step;
    int64_t from = uplo == lower ? 0 : i + 1, to = uplo == lower ? i : n;
    if (trans == noTranspose) {
      T sum = 0;
      for (int64_t j = from; j < to; j++) sum += a[i * lda + j] * x0[j * incx];
      x0[i * incx] -= sum;
    }
    if (diag == nonUnit) x0[i * incx] /= element(i, i);
    if (trans != noTranspose) {
      for (int64_t j = from; j < to; j++) x0[j * incx] -= element(i, j) * x0[i * incx];
    }
  }
}

template <class T>
void trmv(Triangle uplo, Transpose trans, Diagonal diag, int64_t n, const T* a, int64_t lda, T* x, int64_t incx) {
  T* x0 = first(x, n, incx);
  auto element = [&](int64_t i, int64_t j) { return trans == conjugateTranspose ? conjugate(a[i * lda + j]) : a[i * lda + j]; };
  bool forwards = (uplo == lower) == (trans == noTranspose);
  for (int64_t step = 0; step < n; step++) {
    // An element is replaced when no other needs it any more.
    int64_t i = forwards ? n - 1 - step : step;
    int64_t from = uplo == lower ? 0 : i + 1, to = uplo == lower ? i : n;
    T own = diag == unit ? x0[i * incx] : element(i, i) * x0[i * incx];
    if (trans == noTranspose) {
      for (int64_t j = from; j < to; j++) own += a[i * lda + j] * x0[j * incx];
    } else {
      for (int64_t j = from; j < to; j++) x0[j * incx] += element(i, j) * x0[i * incx];
    }
    x0[i * incx] = own;
  }
}

#define X(T)                                                                                                \
  template T dot(bool, int64_t, const T*, int64_t, const T*, int64_t);                                      \
  template void axpy(int64_t, T, const T*, int64_t, T*, int64_t);                                           \
  template Real<T> nrm2(int64_t, const T*, int64_t);                                                        \
  template Real<T> asum(int64_t, const T*, int64_t);                                                        \
  template void scal(int64_t, T, T*, int64_t);                                                              \
  template int64_t iamax(int64_t, const T*, int64_t);                                                       \
  template void gemv(Transpose, int64_t, int64_t, T, const T*, int64_t, const T*, int64_t, T, T*, int64_t); \
  template void ger(bool, int64_t, int64_t, T, const T*, int64_t, const T*, int64_t, T*, int64_t);          \
  template void hemv(Triangle, int64_t, T, const T*, int64_t, const T*, int64_t, T, T*, int64_t);           \
  template void trsv(Triangle, Transpose, Diagonal, int64_t, const T*, int64_t, T*, int64_t);               \
  template void trmv(Triangle, Transpose, Diagonal, int64_t, const T*, int64_t, T*, int64_t);
TSMPI_ELEMENT_TYPES(X)
#undef X

}  // namespace tsmpi::own
