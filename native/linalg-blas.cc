// The BLAS routines as src/linalg/level1.ts, level2.ts and level3.ts call them. Their numbers come in the order of the
// arguments of blas.h.
#include <algorithm>

#include "blas.h"
#include "linalg-call.h"
#include "threads.h"

namespace tsmpi {
namespace {

template <class T>
struct Blas {
  static T* array(const Call& call, int index) { return static_cast<T*>(call.arrays[index]); }

  static void result(const Call& call, T value) {
    if constexpr (isComplex<T>) {
      call.numbers[0] = value.real();
      call.numbers[1] = value.imag();
    } else {
      call.numbers[0] = value;
    }
  }

  static void dot(Call& call) {
    Reader in(call);
    bool conjugated = in.flag() != 0;
    int64_t n = in.integer(), incx = in.integer(), incy = in.integer();
    result(call, blas::dot(conjugated, n, array(call, 0), incx, array(call, 1), incy));
  }

  static void axpy(Call& call) {
    Reader in(call);
    int64_t n = in.integer();
    T alpha = in.scalar<T>();
    int64_t incx = in.integer(), incy = in.integer();
    blas::axpy(n, alpha, array(call, 0), incx, array(call, 1), incy);
  }

  static void nrm2(Call& call) {
    Reader in(call);
    int64_t n = in.integer(), incx = in.integer();
    call.numbers[0] = blas::nrm2(n, array(call, 0), incx);
  }

  static void asum(Call& call) {
    Reader in(call);
    int64_t n = in.integer(), incx = in.integer();
    call.numbers[0] = blas::asum(n, array(call, 0), incx);
  }

  static void iamax(Call& call) {
    Reader in(call);
    int64_t n = in.integer(), incx = in.integer();
    call.numbers[0] = static_cast<double>(blas::iamax(n, array(call, 0), incx));
  }

  static void scal(Call& call) {
    Reader in(call);
    int64_t n = in.integer();
    T alpha = in.scalar<T>();
    blas::scal(n, alpha, array(call, 0), in.integer());
  }

  // Not worth a call of the library: moving memory needs no arithmetic.
  template <class Each>
  static void pairs(Call& call, Reader& in, Each each) {
    int64_t n = in.integer(), incx = in.integer(), incy = in.integer();
    T* x = array(call, 0) - (incx < 0 ? (n - 1) * incx : 0);
    T* y = array(call, 1) - (incy < 0 ? (n - 1) * incy : 0);
    for (int64_t i = 0; i < n; i++) each(x[i * incx], y[i * incy]);
  }

  static void copy(Call& call) {
    Reader in(call);
    pairs(call, in, [](T& x, T& y) { y = x; });
  }

  static void swap(Call& call) {
    Reader in(call);
    pairs(call, in, [](T& x, T& y) { std::swap(x, y); });
  }

  static void rot(Call& call) {
    Reader in(call);
    auto c = in.scalar<Real<T>>();
    auto s = in.scalar<Real<T>>();
    pairs(call, in, [c, s](T& x, T& y) {
      T turned = c * x + s * y;
      y = c * y - s * x;
      x = turned;
    });
  }

  static void gemv(Call& call) {
    Reader in(call);
    auto trans = static_cast<Transpose>(in.flag());
    int64_t m = in.integer(), n = in.integer();
    T alpha = in.scalar<T>();
    int64_t lda = in.integer(), incx = in.integer();
    T beta = in.scalar<T>();
    blas::gemv(trans, m, n, alpha, array(call, 0), lda, array(call, 1), incx, beta, array(call, 2), in.integer());
  }

  static void ger(Call& call) {
    Reader in(call);
    bool conjugated = in.flag() != 0;
    int64_t m = in.integer(), n = in.integer();
    T alpha = in.scalar<T>();
    int64_t incx = in.integer(), incy = in.integer();
    blas::ger(conjugated, m, n, alpha, array(call, 0), incx, array(call, 1), incy, array(call, 2), in.integer());
  }

  static void hemv(Call& call) {
    Reader in(call);
    auto uplo = static_cast<Triangle>(in.flag());
    int64_t n = in.integer();
    T alpha = in.scalar<T>();
    int64_t lda = in.integer(), incx = in.integer();
    T beta = in.scalar<T>();
    blas::hemv(uplo, n, alpha, array(call, 0), lda, array(call, 1), incx, beta, array(call, 2), in.integer());
  }

  template <class F>
  static void triangularVector(Call& call, F f) {
    Reader in(call);
    auto uplo = static_cast<Triangle>(in.flag());
    auto trans = static_cast<Transpose>(in.flag());
    auto diag = static_cast<Diagonal>(in.flag());
    int64_t n = in.integer(), lda = in.integer();
    f(uplo, trans, diag, n, array(call, 0), lda, array(call, 1), in.integer());
  }
  static void trsv(Call& call) { triangularVector(call, blas::trsv<T>); }
  static void trmv(Call& call) { triangularVector(call, blas::trmv<T>); }

  static void gemm(Call& call) {
    Reader in(call);
    auto transA = static_cast<Transpose>(in.flag()), transB = static_cast<Transpose>(in.flag());
    int64_t m = in.integer(), n = in.integer(), k = in.integer();
    T alpha = in.scalar<T>();
    int64_t lda = in.integer(), ldb = in.integer();
    T beta = in.scalar<T>();
    blas::gemm(transA, transB, m, n, k, alpha, array(call, 0), lda, array(call, 1), ldb, beta, array(call, 2),
               in.integer());
  }

  static void gemmBatched(Call& call) {
    Reader in(call);
    auto transA = static_cast<Transpose>(in.flag()), transB = static_cast<Transpose>(in.flag());
    int64_t m = in.integer(), n = in.integer(), k = in.integer();
    T alpha = in.scalar<T>();
    int64_t lda = in.integer(), ldb = in.integer();
    T beta = in.scalar<T>();
    int64_t ldc = in.integer(), batch = in.integer();
    int64_t strideA = in.integer(), strideB = in.integer(), strideC = in.integer();
    // However many products of nothing there are.
    if (m == 0 || n == 0) return;
    auto one = [&](int64_t i) {
      blas::gemm(transA, transB, m, n, k, alpha, array(call, 0) + i * strideA, lda, array(call, 1) + i * strideB, ldb,
                 beta, array(call, 2) + i * strideC, ldc);
    };
    // Small products run side by side, each on one thread; large ones share their threads themselves.
    constexpr double large = 1e6, worthThreads = 3e5;
    double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
    if (work < large && work * static_cast<double>(batch) > worthThreads) {
      // Few to a task, so that a late thread delays little; many enough that taking one costs nothing.
      int64_t task = std::max<int64_t>(1, static_cast<int64_t>(worthThreads / 3 / std::max(work, 1.0)));
      parallelFor((batch + task - 1) / task, [&](int64_t t) {
        for (int64_t i = t * task; i < std::min(batch, (t + 1) * task); i++) one(i);
      });
    } else {
      for (int64_t i = 0; i < batch; i++) one(i);
    }
  }

  static void syrk(Call& call) {
    Reader in(call);
    bool hermitian = in.flag() != 0;
    auto uplo = static_cast<Triangle>(in.flag());
    auto trans = static_cast<Transpose>(in.flag());
    int64_t n = in.integer(), k = in.integer();
    T alpha = in.scalar<T>();
    int64_t lda = in.integer();
    T beta = in.scalar<T>();
    blas::syrk(hermitian, uplo, trans, n, k, alpha, array(call, 0), lda, beta, array(call, 1), in.integer());
  }

  static void symm(Call& call) {
    Reader in(call);
    bool hermitian = in.flag() != 0;
    auto side = static_cast<Side>(in.flag());
    auto uplo = static_cast<Triangle>(in.flag());
    int64_t m = in.integer(), n = in.integer();
    T alpha = in.scalar<T>();
    int64_t lda = in.integer(), ldb = in.integer();
    T beta = in.scalar<T>();
    blas::symm(hermitian, side, uplo, m, n, alpha, array(call, 0), lda, array(call, 1), ldb, beta, array(call, 2),
               in.integer());
  }

  template <class F>
  static void triangularMatrix(Call& call, F f) {
    Reader in(call);
    auto side = static_cast<Side>(in.flag());
    auto uplo = static_cast<Triangle>(in.flag());
    auto trans = static_cast<Transpose>(in.flag());
    auto diag = static_cast<Diagonal>(in.flag());
    int64_t m = in.integer(), n = in.integer();
    T alpha = in.scalar<T>();
    int64_t lda = in.integer();
    f(side, uplo, trans, diag, m, n, alpha, array(call, 0), lda, array(call, 1), in.integer());
  }
  static void trsm(Call& call) { triangularMatrix(call, blas::trsm<T>); }
  static void trmm(Call& call) { triangularMatrix(call, blas::trmm<T>); }
};

}  // namespace

#define ROUTINE(name) \
  {#name, {Blas<float>::name, Blas<double>::name, Blas<std::complex<float>>::name, Blas<std::complex<double>>::name}}

const RoutineEntry blasRoutines[] = {
    ROUTINE(dot),  ROUTINE(axpy), ROUTINE(nrm2), ROUTINE(asum), ROUTINE(iamax), ROUTINE(scal),        ROUTINE(copy),
    ROUTINE(swap), ROUTINE(rot),  ROUTINE(gemv), ROUTINE(ger),  ROUTINE(hemv),  ROUTINE(trsv),        ROUTINE(trmv),
    ROUTINE(gemm), ROUTINE(syrk), ROUTINE(symm), ROUTINE(trsm), ROUTINE(trmm),  ROUTINE(gemmBatched), {},
};

}  // namespace tsmpi
