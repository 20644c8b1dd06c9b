// The routines that serve without a library, on the kernels of kernels.h: the same functions as blas.h declares, with
// the same arguments. Vectors and matrices are of any size that memory holds.
#pragma once
#include "blas.h"

namespace tsmpi::own {

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
template <class T>
int64_t iamax(int64_t n, const T* x, int64_t incx);

template <class T>
void gemv(Transpose trans, int64_t m, int64_t n, T alpha, const T* a, int64_t lda, const T* x, int64_t incx, T beta,
          T* y, int64_t incy);
template <class T>
void ger(bool conjugated, int64_t m, int64_t n, T alpha, const T* x, int64_t incx, const T* y, int64_t incy, T* a,
         int64_t lda);
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

}  // namespace tsmpi::own
