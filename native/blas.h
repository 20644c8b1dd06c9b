// BLAS on row-major matrices, by the library where there is one with the function, else by the own routines. The
// arguments are those of CBLAS without the order; vectors may have negative increments, as there.
#pragma once
#include <cstdint>

#include "blas-library.h"

namespace tsmpi {

// The values of CBLAS.
enum Order : int { rowMajor = 101 };
enum Transpose : int { noTranspose = 111, transpose = 112, conjugateTranspose = 113 };
enum Triangle : int { upper = 121, lower = 122 };
enum Diagonal : int { nonUnit = 131, unit = 132 };
enum Side : int { left = 141, right = 142 };

template <class T>
struct RealOf {
  using type = T;
};
template <class R>
struct RealOf<std::complex<R>> {
  using type = R;
};
template <class T>
using Real = typename RealOf<T>::type;
template <class T>
constexpr bool isComplex = !std::is_same_v<Real<T>, T>;

template <class T>
T conjugate(T value) {
  if constexpr (isComplex<T>) return std::conj(value);
  else return value;
}

namespace blas {

// Σ x y, or Σ conj(x) y.
template <class T>
T dot(bool conjugated, int64_t n, const T* x, int64_t incx, const T* y, int64_t incy);
template <class T>
void axpy(int64_t n, T alpha, const T* x, int64_t incx, T* y, int64_t incy);
template <class T>
Real<T> nrm2(int64_t n, const T* x, int64_t incx);
template <class T>
Real<T> asum(int64_t n, const T* x, int64_t incx);
template <class T>
void scal(int64_t n, T alpha, T* x, int64_t incx);
// From 0; the absolute value of a complex number is |re| + |im| here, as in BLAS. -1 when n is 0.
template <class T>
int64_t iamax(int64_t n, const T* x, int64_t incx);

template <class T>
void gemv(Transpose trans, int64_t m, int64_t n, T alpha, const T* a, int64_t lda, const T* x, int64_t incx, T beta,
          T* y, int64_t incy);
template <class T>
void ger(bool conjugated, int64_t m, int64_t n, T alpha, const T* x, int64_t incx, const T* y, int64_t incy, T* a,
         int64_t lda);
// symv of real matrices.
template <class T>
void hemv(Triangle uplo, int64_t n, T alpha, const T* a, int64_t lda, const T* x, int64_t incx, T beta, T* y,
          int64_t incy);
template <class T>
void trsv(Triangle uplo, Transpose trans, Diagonal diag, int64_t n, const T* a, int64_t lda, T* x, int64_t incx);
template <class T>
void trmv(Triangle uplo, Transpose trans, Diagonal diag, int64_t n, const T* a, int64_t lda, T* x, int64_t incx);

template <class T>
void gemm(Transpose transA, Transpose transB, int64_t m, int64_t n, int64_t k, T alpha, const T* a, int64_t lda,
          const T* b, int64_t ldb, T beta, T* c, int64_t ldc);
// `hermitian`: herk and hemm, with the real parts of alpha and beta in herk.
template <class T>
void syrk(bool hermitian, Triangle uplo, Transpose trans, int64_t n, int64_t k, T alpha, const T* a, int64_t lda,
          T beta, T* c, int64_t ldc);
template <class T>
void symm(bool hermitian, Side side, Triangle uplo, int64_t m, int64_t n, T alpha, const T* a, int64_t lda,
          const T* b, int64_t ldb, T beta, T* c, int64_t ldc);
template <class T>
void trsm(Side side, Triangle uplo, Transpose trans, Diagonal diag, int64_t m, int64_t n, T alpha, const T* a,
          int64_t lda, T* b, int64_t ldb);
template <class T>
void trmm(Side side, Triangle uplo, Transpose trans, Diagonal diag, int64_t m, int64_t n, T alpha, const T* a,
          int64_t lda, T* b, int64_t ldb);

}  // namespace blas

// The element types that everything is instantiated for.
#define TSMPI_ELEMENT_TYPES(X) X(float) X(double) X(std::complex<float>) X(std::complex<double>)

}  // namespace tsmpi
