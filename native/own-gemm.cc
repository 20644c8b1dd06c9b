#include "own-gemm.h"

#include <algorithm>
#include <cstdlib>

#include "blas.h"
#include "memory.h"
#include "own-blas.h"
#include "threads.h"

namespace tsmpi::own {
namespace {

const GemmKernel<float>& kernelFor(float) { return kernels().gemmFloat; }
const GemmKernel<double>& kernelFor(double) { return kernels().gemmDouble; }

// Aligned memory that a thread keeps for its next product; null where there is none.
class Scratch {
 public:
  ~Scratch() { std::free(data_); }
  template <class R>
  R* of(int64_t elements) {
    size_t bytes = (static_cast<size_t>(elements) * sizeof(R) + 63) / 64 * 64;
    if (bytes > size_) {
      std::free(data_);
      data_ = std::aligned_alloc(64, bytes);
      size_ = data_ == nullptr ? 0 : bytes;
    }
    return static_cast<R*>(data_);
  }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

thread_local Scratch scratchA, scratchB;

int64_t roundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }
int64_t parts(int64_t whole, int64_t part) { return (whole + part - 1) / part; }

template <class T>
void scale(int64_t m, int64_t n, T beta, View<T> c) {
  if (beta == T(1)) return;
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) c(i, j) = beta == T(0) ? T(0) : c(i, j) * beta;
  }
}

// c = alpha a b, added to c unless it is to be overwritten: for when there is no memory to pack in.
template <class T>
void multiplyPlain(int64_t m, int64_t n, int64_t k, T alpha, View<const T> a, View<const T> b, bool overwrite,
                   View<T> c) {
  auto element = [](View<const T> view, int64_t i, int64_t j) {
    return view.conjugated ? conjugate(view(i, j)) : view(i, j);
  };
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) {
      T sum = 0;
      for (int64_t p = 0; p < k; p++) sum += element(a, i, p) * element(b, p, j);
      c(i, j) = overwrite ? alpha * sum : c(i, j) + alpha * sum;
    }
  }
}

// Below so many multiplications waking other threads costs more than they save.
constexpr double worthThreads = 300'000;

template <class R>
void multiplyReal(int64_t m, int64_t n, int64_t k, R alpha, View<const R> a, View<const R> b, bool overwrite,
                  View<R> c) {
  // The kernel wants rows of c contiguous.
  if (c.cs != 1 && c.rs == 1) {
    return multiplyReal(n, m, k, alpha, b.transposed(), a.transposed(), overwrite, c.transposed());
  }
  const GemmKernel<R>& kernel = kernelFor(R());
  double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  int64_t threads = work < worthThreads ? 1 : threadCount();
  // As many blocks for each thread, all alike.
  int64_t rows = roundUp(parts(m, threads * parts(m, threads * kernel.rows)), kernel.tileRows);
  // Few rows: the columns are shared out as well.
  int64_t across = std::min(parts(threads, parts(m, rows)), parts(std::min(n, kernel.columns), kernel.tileColumns));
  int64_t depth = std::min(k, kernel.depth), columns = std::min(n, kernel.columns);
  R* packedB = scratchB.of<R>(roundUp(columns, kernel.tileColumns) * depth);
  if (packedB == nullptr) return multiplyPlain(m, n, k, alpha, a, b, overwrite, c);

  auto each = [threads](int64_t tasks, auto&& body) {
    if (threads > 1) return parallelFor(tasks, body);
    for (int64_t task = 0; task < tasks; task++) body(task);
  };
  for (int64_t j = 0; j < n; j += kernel.columns) {
    int64_t wide = std::min(n - j, kernel.columns);
    int64_t part = roundUp(parts(wide, across), kernel.tileColumns);
    for (int64_t p = 0; p < k; p += kernel.depth) {
      int64_t deep = std::min(k - p, kernel.depth);
      int64_t slice = threads > 1 ? 16 * kernel.tileColumns : wide;
      each(parts(wide, slice), [&](int64_t task) {
        int64_t from = task * slice;
        View<const R> panel = b.at(p, j + from);
        kernel.packB(deep, std::min(slice, wide - from), panel.data, panel.rs, panel.cs, packedB + from * deep);
      });
      each(parts(m, rows) * across, [&](int64_t task) {
        int64_t i = task / across * rows, from = task % across * part;
        int64_t high = std::min(m - i, rows);
        if (from >= wide) return;
        R* packedA = scratchA.of<R>(rows * depth);
        View<const R> block = a.at(i, p);
        View<R> target = c.at(i, j + from);
        if (packedA == nullptr) {
          return multiplyPlain(high, std::min(part, wide - from), deep, alpha, block, b.at(p, j + from),
                               overwrite && p == 0, target);
        }
        kernel.packA(high, deep, block.data, block.rs, block.cs, packedA);
        kernel.multiply(high, std::min(part, wide - from), deep, alpha, packedA, packedB + from * deep,
                        overwrite && p == 0, target.data, target.rs, target.cs);
      });
    }
  }
}

// The real or imaginary parts of a complex matrix: packing takes any strides.
template <class R, class T>
View<R> part(View<T> whole, int which) {
  return {reinterpret_cast<R*>(whole.data) + which, 2 * whole.rs, 2 * whole.cs};
}

}  // namespace

template <class T>
void multiply(int64_t m, int64_t n, int64_t k, T alpha, View<const T> a, View<const T> b, T beta, View<T> c) {
  if (m == 0 || n == 0) return;
  bool nothing = k == 0 || alpha == T(0);
  if constexpr (!isComplex<T>) {
    if (c.cs == 1 && !nothing && isSmall(m, n, k)) {
      return kernelFor(T()).small(m, n, k, alpha, a.data, a.rs, a.cs, b.data, b.rs, b.cs, beta, c.data, c.rs);
    }
  }
  bool overwrite = beta == T(0) && !nothing;
  if (!overwrite) scale(m, n, beta, c);
  if (nothing) return;
  if constexpr (!isComplex<T>) {
    multiplyReal(m, n, k, alpha, a, b, overwrite, c);
  } else {
    using R = Real<T>;
    // Four real products take a real factor only.
    Memory<T> scaled;
    if (alpha.imag() != 0) {
      scaled = memory<T>(k * n);
      if (scaled == nullptr) return multiplyPlain(m, n, k, alpha, a, b, overwrite, c);
      for (int64_t p = 0; p < k; p++) {
        for (int64_t j = 0; j < n; j++) scaled[p * n + j] = alpha * (b.conjugated ? std::conj(b(p, j)) : b(p, j));
      }
      b = {scaled.get(), n, 1};
      alpha = 1;
    }
    R signA = a.conjugated ? -1 : 1, signB = b.conjugated ? -1 : 1, factor = alpha.real();
    View<const R> realA = part<const R>(a, 0), imaginaryA = part<const R>(a, 1);
    View<const R> realB = part<const R>(b, 0), imaginaryB = part<const R>(b, 1);
    View<R> real = part<R>(c, 0), imaginary = part<R>(c, 1);
    multiplyReal(m, n, k, factor, realA, realB, overwrite, real);
    multiplyReal(m, n, k, -factor * signA * signB, imaginaryA, imaginaryB, false, real);
    multiplyReal(m, n, k, factor * signB, realA, imaginaryB, overwrite, imaginary);
    multiplyReal(m, n, k, factor * signA, imaginaryA, realB, false, imaginary);
  }
}

template <class T>
void gemm(Transpose transA, Transpose transB, int64_t m, int64_t n, int64_t k, T alpha, const T* a, int64_t lda,
          const T* b, int64_t ldb, T beta, T* c, int64_t ldc) {
  auto view = [](const T* data, int64_t ld, Transpose trans) {
    View<const T> plain{data, ld, 1, trans == conjugateTranspose};
    return trans == noTranspose ? plain : plain.transposed();
  };
  multiply(m, n, k, alpha, view(a, lda, transA), view(b, ldb, transB), beta, View<T>{c, ldc, 1});
}

#define X(T)                                                                                              \
  template void multiply(int64_t, int64_t, int64_t, T, View<const T>, View<const T>, T, View<T>);         \
  template void gemm(Transpose, Transpose, int64_t, int64_t, int64_t, T, const T*, int64_t, const T*, int64_t, T, \
                     T*, int64_t);
TSMPI_ELEMENT_TYPES(X)
#undef X

}  // namespace tsmpi::own
