// Each function asks the library first. Scalars of complex functions go by pointer in CBLAS.
#include "blas.h"

#include <cmath>

#include "own-blas.h"
#include "own-gemm.h"

namespace tsmpi::blas {
namespace {

inline float scalar(const float& value) { return value; }
inline double scalar(const double& value) { return value; }
template <class R>
const void* scalar(const std::complex<R>& value) {
  return &value;
}

template <class T, class... Sizes>
void* with(Function function, Sizes... sizes) {
  void* found = libraryFunction<T>(function);
  return found != nullptr && librarySizes(sizes...) ? found : nullptr;
}

// In sums and factors the order counts for nothing; libraries take a negative increment as nothing to do.
int64_t forwards(int64_t increment) { return increment < 0 ? -increment : increment; }

}  // namespace

template <class T>
T dot(bool conjugated, int64_t n, const T* x, int64_t incx, const T* y, int64_t incy) {
  void* f = with<T>(conjugated ? Function::dotc : Function::dot, n, incx, incy);
  if (f == nullptr) return own::dot(conjugated, n, x, incx, y, incy);
  if constexpr (isComplex<T>) {
    T result;
    callLibrary<void>(f, n, x, incx, y, incy, static_cast<void*>(&result));
    return result;
  } else {
    return callLibrary<T>(f, n, x, incx, y, incy);
  }
}

template <class T>
void axpy(int64_t n, T alpha, const T* x, int64_t incx, T* y, int64_t incy) {
  void* f = with<T>(Function::axpy, n, incx, incy);
  if (f == nullptr) own::axpy(n, alpha, x, incx, y, incy);
  else callLibrary<void>(f, n, scalar(alpha), x, incx, y, incy);
}

template <class T>
Real<T> nrm2(int64_t n, const T* x, int64_t incx) {
  void* f = with<T>(Function::nrm2, n, incx);
  if (f == nullptr) return own::nrm2(n, x, incx);
  auto norm = callLibrary<Real<T>>(f, n, x, forwards(incx));
  // BLIS makes NaN of two infinities.
  return std::isnan(norm) ? own::nrm2(n, x, incx) : norm;
}

template <class T>
Real<T> asum(int64_t n, const T* x, int64_t incx) {
  // OpenBLAS before 0.3.26 sums wrong with AVX-512, when n is no multiple of 8 (its pull request 4326).
  if (std::is_same_v<T, std::complex<float>>) return own::asum(n, x, incx);
  void* f = with<T>(Function::asum, n, incx);
  return f == nullptr ? own::asum(n, x, incx) : callLibrary<Real<T>>(f, n, x, forwards(incx));
}

template <class T>
void scal(int64_t n, T alpha, T* x, int64_t incx) {
  void* f = with<T>(Function::scal, n, incx);
  if (f == nullptr) own::scal(n, alpha, x, incx);
  else callLibrary<void>(f, n, scalar(alpha), x, forwards(incx));
}

template <class T>
int64_t iamax(int64_t n, const T* x, int64_t incx) {
  // Libraries return an unsigned integer of their own width, and differ on NaN.
  return own::iamax(n, x, incx);
}

template <class T>
void gemv(Transpose trans, int64_t m, int64_t n, T alpha, const T* a, int64_t lda, const T* x, int64_t incx, T beta,
          T* y, int64_t incy) {
  // Where a has no elements libraries leave y as it is, though gemm writes beta c there, or never end (BLIS, conjugated).
  void* f = m == 0 || n == 0 ? nullptr : with<T>(Function::gemv, m, n, lda, incx, incy);
  if (f == nullptr) return own::gemv(trans, m, n, alpha, a, lda, x, incx, beta, y, incy);
  callLibrary<void>(f, rowMajor, trans, m, n, scalar(alpha), a, lda, x, incx, scalar(beta), y, incy);
}

template <class T>
void ger(bool conjugated, int64_t m, int64_t n, T alpha, const T* x, int64_t incx, const T* y, int64_t incy, T* a,
         int64_t lda) {
  void* f = with<T>(conjugated ? Function::gerc : Function::geru, m, n, lda, incx, incy);
  if (f == nullptr) return own::ger(conjugated, m, n, alpha, x, incx, y, incy, a, lda);
  callLibrary<void>(f, rowMajor, m, n, scalar(alpha), x, incx, y, incy, a, lda);
}

template <class T>
void hemv(Triangle uplo, int64_t n, T alpha, const T* a, int64_t lda, const T* x, int64_t incx, T beta, T* y,
          int64_t incy) {
  void* f = with<T>(Function::hemv, n, lda, incx, incy);
  if (f == nullptr) return own::hemv(uplo, n, alpha, a, lda, x, incx, beta, y, incy);
  callLibrary<void>(f, rowMajor, uplo, n, scalar(alpha), a, lda, x, incx, scalar(beta), y, incy);
}

template <class T>
void trsv(Triangle uplo, Transpose trans, Diagonal diag, int64_t n, const T* a, int64_t lda, T* x, int64_t incx) {
  void* f = with<T>(Function::trsv, n, lda, incx);
  if (f == nullptr) return own::trsv(uplo, trans, diag, n, a, lda, x, incx);
  callLibrary<void>(f, rowMajor, uplo, trans, diag, n, a, lda, x, incx);
}

template <class T>
void trmv(Triangle uplo, Transpose trans, Diagonal diag, int64_t n, const T* a, int64_t lda, T* x, int64_t incx) {
  void* f = with<T>(Function::trmv, n, lda, incx);
  if (f == nullptr) return own::trmv(uplo, trans, diag, n, a, lda, x, incx);
  callLibrary<void>(f, rowMajor, uplo, trans, diag, n, a, lda, x, incx);
}

template <class T>
void gemm(Transpose transA, Transpose transB, int64_t m, int64_t n, int64_t k, T alpha, const T* a, int64_t lda,
          const T* b, int64_t ldb, T beta, T* c, int64_t ldc) {
  void* f = with<T>(Function::gemm, lda, ldb, ldc, m | n | k);
  if (f == nullptr || (!isComplex<T> && own::isSmall(m, n, k))) return own::gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  callLibrary<void>(f, rowMajor, transA, transB, m, n, k, scalar(alpha), a, lda, b, ldb, scalar(beta), c, ldc);
}

template <class T>
void syrk(bool hermitian, Triangle uplo, Transpose trans, int64_t n, int64_t k, T alpha, const T* a, int64_t lda,
          T beta, T* c, int64_t ldc) {
  void* f = with<T>(hermitian ? Function::herk : Function::syrk, n, k, lda, ldc);
  if (f == nullptr) return own::syrk(hermitian, uplo, trans, n, k, alpha, a, lda, beta, c, ldc);
  if constexpr (isComplex<T>) {
    if (hermitian) {
      return callLibrary<void>(f, rowMajor, uplo, trans, n, k, alpha.real(), a, lda, beta.real(), c, ldc);
    }
  }
  callLibrary<void>(f, rowMajor, uplo, trans, n, k, scalar(alpha), a, lda, scalar(beta), c, ldc);
}

template <class T>
void symm(bool hermitian, Side side, Triangle uplo, int64_t m, int64_t n, T alpha, const T* a, int64_t lda,
          const T* b, int64_t ldb, T beta, T* c, int64_t ldc) {
  void* f = with<T>(hermitian ? Function::hemm : Function::symm, m | n, lda, ldb, ldc);
  if (f == nullptr) return own::symm(hermitian, side, uplo, m, n, alpha, a, lda, b, ldb, beta, c, ldc);
  callLibrary<void>(f, rowMajor, side, uplo, m, n, scalar(alpha), a, lda, b, ldb, scalar(beta), c, ldc);
}

template <class T>
void trsm(Side side, Triangle uplo, Transpose trans, Diagonal diag, int64_t m, int64_t n, T alpha, const T* a,
          int64_t lda, T* b, int64_t ldb) {
  void* f = with<T>(Function::trsm, m, n, lda, ldb);
  if (f == nullptr) return own::trsm(side, uplo, trans, diag, m, n, alpha, a, lda, b, ldb);
  callLibrary<void>(f, rowMajor, side, uplo, trans, diag, m, n, scalar(alpha), a, lda, b, ldb);
}

template <class T>
void trmm(Side side, Triangle uplo, Transpose trans, Diagonal diag, int64_t m, int64_t n, T alpha, const T* a,
          int64_t lda, T* b, int64_t ldb) {
  void* f = with<T>(Function::trmm, m, n, lda, ldb);
  if (f == nullptr) return own::trmm(side, uplo, trans, diag, m, n, alpha, a, lda, b, ldb);
  callLibrary<void>(f, rowMajor, side, uplo, trans, diag, m, n, scalar(alpha), a, lda, b, ldb);
}

#define X(T)                                                                                                         \
  template T dot(bool, int64_t, const T*, int64_t, const T*, int64_t);                                               \
  template void axpy(int64_t, T, const T*, int64_t, T*, int64_t);                                                    \
  template Real<T> nrm2(int64_t, const T*, int64_t);                                                                 \
  template Real<T> asum(int64_t, const T*, int64_t);                                                                 \
  template void scal(int64_t, T, T*, int64_t);                                                                       \
  template int64_t iamax(int64_t, const T*, int64_t);                                                                \
  template void gemv(Transpose, int64_t, int64_t, T, const T*, int64_t, const T*, int64_t, T, T*, int64_t);          \
  template void ger(bool, int64_t, int64_t, T, const T*, int64_t, const T*, int64_t, T*, int64_t);                   \
  template void hemv(Triangle, int64_t, T, const T*, int64_t, const T*, int64_t, T, T*, int64_t);                    \
  template void trsv(Triangle, Transpose, Diagonal, int64_t, const T*, int64_t, T*, int64_t);                        \
  template void trmv(Triangle, Transpose, Diagonal, int64_t, const T*, int64_t, T*, int64_t);                        \
  template void gemm(Transpose, Transpose, int64_t, int64_t, int64_t, T, const T*, int64_t, const T*, int64_t, T,    \
                     T*, int64_t);                                                                                   \
  template void syrk(bool, Triangle, Transpose, int64_t, int64_t, T, const T*, int64_t, T, T*, int64_t);             \
  template void symm(bool, Side, Triangle, int64_t, int64_t, T, const T*, int64_t, const T*, int64_t, T, T*,         \
                     int64_t);                                                                                       \
  template void trsm(Side, Triangle, Transpose, Diagonal, int64_t, int64_t, T, const T*, int64_t, T*, int64_t);      \
  template void trmm(Side, Triangle, Transpose, Diagonal, int64_t, int64_t, T, const T*, int64_t, T*, int64_t);
TSMPI_ELEMENT_TYPES(X)
#undef X

}  // namespace tsmpi::blas
