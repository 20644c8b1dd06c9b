// Level 3 beside the product itself: each matrix is halved until only small blocks are left, and what lies off the
// diagonal is a product (Elmroth, Gustavson, Jonsson and Kågström, "Recursive blocked algorithms and hybrid data
// structures for dense matrix library software", 2004). Views reduce the sides and transposes to one case each.
#include <vector>

#include "own-blas.h"
#include "own-gemm.h"

namespace tsmpi::own {
namespace {

// Blocks of so many rows are done element by element, or as if they were full.
constexpr int64_t smallTriangle = 16;
constexpr int64_t smallSquare = 96;

int64_t half(int64_t n, int64_t small) { return (n / 2 + small - 1) / small * small; }

template <class T>
T element(View<const T> a, int64_t i, int64_t j) {
  return a.conjugated ? conjugate(a(i, j)) : a(i, j);
}

template <class T>
View<const T> constant(View<T> view) {
  return {view.data, view.rs, view.cs, view.conjugated};
}

template <class T>
View<const T> viewOf(const T* a, int64_t lda, Transpose trans) {
  View<const T> plain{a, lda, 1, trans == conjugateTranspose};
  return trans == noTranspose ? plain : plain.transposed();
}

// A triangular matrix that is m x m and stands left of b, whatever side and transpose were asked for.
template <class T>
struct Triangular {
  View<const T> a;
  bool isLower;
  bool isUnit;
  View<T> b;
  int64_t m, n;

  Triangular(Side side, Triangle uplo, Transpose trans, Diagonal diag, int64_t rows, int64_t columns, const T* data,
             int64_t lda, T* target, int64_t ldb)
      : a(viewOf(data, lda, trans)),
        isLower((uplo == lower) == (trans == noTranspose)),
        isUnit(diag == unit),
        b{target, ldb, 1},
        m(rows),
        n(columns) {
    if (side == left) return;
    // b a is the transpose of aᵀ bᵀ.
    a = a.transposed();
    b = b.transposed();
    isLower = !isLower;
    std::swap(m, n);
  }

  Triangular(const Triangular& whole, int64_t from, int64_t rows)
      : a(whole.a.at(from, from)),
        isLower(whole.isLower),
        isUnit(whole.isUnit),
        b(whole.b.at(from, 0)),
        m(rows),
        n(whole.n) {}
};

template <class T>
void scaleAll(const Triangular<T>& t, T alpha) {
  if (alpha == T(1)) return;
  for (int64_t i = 0; i < t.m; i++) {
    for (int64_t j = 0; j < t.n; j++) t.b(i, j) = alpha == T(0) ? T(0) : t.b(i, j) * alpha;
  }
}

// Row i of b += factor times row j; or the same down the columns, whichever lie side by side in memory.
template <class T>
void solveSmall(const Triangular<T>& t) {
  auto eliminate = [&](int64_t from, int64_t to) {
    for (int64_t step = 0; step < t.m; step++) {
      int64_t i = t.isLower ? step : t.m - 1 - step;
      for (int64_t before = 0; before < step; before++) {
        int64_t j = t.isLower ? before : t.m - 1 - before;
        T factor = element(t.a, i, j);
        for (int64_t c = from; c < to; c++) t.b(i, c) -= factor * t.b(j, c);
      }
      if (t.isUnit) continue;
      T pivot = element(t.a, i, i);
      for (int64_t c = from; c < to; c++) t.b(i, c) /= pivot;
    }
  };
  if (t.b.cs == 1) return eliminate(0, t.n);
  for (int64_t c = 0; c < t.n; c++) eliminate(c, c + 1);
}

template <class T>
void solve(const Triangular<T>& t) {
  if (t.m <= smallTriangle) return solveSmall(t);
  int64_t top = half(t.m, smallTriangle), rest = t.m - top;
  Triangular<T> first(t, 0, top), second(t, top, rest);
  if (t.isLower) {
    solve(first);
    multiply(rest, t.n, top, T(-1), t.a.at(top, 0), constant(first.b), T(1), second.b);
    solve(second);
  } else {
    solve(second);
    multiply(top, t.n, rest, T(-1), t.a.at(0, top), constant(second.b), T(1), first.b);
    solve(first);
  }
}

template <class T>
void multiplySmall(const Triangular<T>& t) {
  for (int64_t step = 0; step < t.m; step++) {
    // A row is replaced when no other needs it any more.
    int64_t i = t.isLower ? t.m - 1 - step : step;
    if (!t.isUnit) {
      T pivot = element(t.a, i, i);
      for (int64_t c = 0; c < t.n; c++) t.b(i, c) *= pivot;
    }
    for (int64_t j = t.isLower ? 0 : i + 1; j < (t.isLower ? i : t.m); j++) {
      T factor = element(t.a, i, j);
      for (int64_t c = 0; c < t.n; c++) t.b(i, c) += factor * t.b(j, c);
    }
  }
}

template <class T>
void multiplyTriangular(const Triangular<T>& t) {
  if (t.m <= smallTriangle) return multiplySmall(t);
  int64_t top = half(t.m, smallTriangle), rest = t.m - top;
  Triangular<T> first(t, 0, top), second(t, top, rest);
  if (t.isLower) {
    multiplyTriangular(second);
    multiply(rest, t.n, top, T(1), t.a.at(top, 0), constant(first.b), T(1), second.b);
    multiplyTriangular(first);
  } else {
    multiplyTriangular(first);
    multiply(top, t.n, rest, T(1), t.a.at(0, top), constant(second.b), T(1), first.b);
    multiplyTriangular(second);
  }
}

// The lower triangle of c = alpha a b + beta c, of which only that is computed.
template <class T>
void multiplyLower(int64_t n, int64_t k, T alpha, View<const T> a, View<const T> b, T beta, View<T> c) {
  if (n > smallSquare) {
    int64_t top = half(n, smallSquare), rest = n - top;
    multiplyLower(top, k, alpha, a, b, beta, c);
    multiply(rest, top, k, alpha, a.at(top, 0), b, beta, c.at(top, 0));
    return multiplyLower(rest, k, alpha, a.at(top, 0), b.at(0, top), beta, c.at(top, top));
  }
  std::vector<T> full(static_cast<size_t>(n * n));
  multiply(n, n, k, alpha, a, b, T(0), View<T>{full.data(), n, 1});
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j <= i; j++) c(i, j) = beta == T(0) ? full[i * n + j] : full[i * n + j] + beta * c(i, j);
  }
}

// c += alpha a b, where the lower triangle of the symmetric or Hermitian a is given.
template <class T>
void multiplySymmetric(bool hermitian, int64_t m, int64_t n, T alpha, View<const T> a, View<const T> b, View<T> c) {
  if (m > smallSquare) {
    int64_t top = half(m, smallSquare), rest = m - top;
    View<const T> below = a.at(top, 0), above = below.transposed();
    if (hermitian) above.conjugated = !above.conjugated;
    multiplySymmetric(hermitian, top, n, alpha, a, b, c);
    multiply(top, n, rest, alpha, above, b.at(top, 0), T(1), c);
    multiply(rest, n, top, alpha, below, b, T(1), c.at(top, 0));
    return multiplySymmetric(hermitian, rest, n, alpha, a.at(top, top), b.at(top, 0), c.at(top, 0));
  }
  std::vector<T> full(static_cast<size_t>(m * m));
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j <= i; j++) {
      T value = element(a, i, j);
      if constexpr (isComplex<T>) {
        if (hermitian && i == j) value = value.real();
      }
      full[i * m + j] = value;
      full[j * m + i] = hermitian && i != j ? conjugate(value) : value;
    }
  }
  multiply(m, n, m, alpha, View<const T>{full.data(), m, 1}, b, T(1), c);
}

}  // namespace

template <class T>
void trsm(Side side, Triangle uplo, Transpose trans, Diagonal diag, int64_t m, int64_t n, T alpha, const T* a,
          int64_t lda, T* b, int64_t ldb) {
  Triangular<T> t(side, uplo, trans, diag, m, n, a, lda, b, ldb);
  scaleAll(t, alpha);
  solve(t);
}

template <class T>
void trmm(Side side, Triangle uplo, Transpose trans, Diagonal diag, int64_t m, int64_t n, T alpha, const T* a,
          int64_t lda, T* b, int64_t ldb) {
  Triangular<T> t(side, uplo, trans, diag, m, n, a, lda, b, ldb);
  scaleAll(t, alpha);
  multiplyTriangular(t);
}

template <class T>
void syrk(bool hermitian, Triangle uplo, Transpose trans, int64_t n, int64_t k, T alpha, const T* a, int64_t lda,
          T beta, T* c, int64_t ldc) {
  if constexpr (isComplex<T>) {
    if (hermitian) {
      alpha = alpha.real();
      beta = beta.real();
    }
  }
  View<const T> rows = viewOf(a, lda, trans), columns = rows.transposed();
  if (hermitian) columns.conjugated = !columns.conjugated;
  View<T> target{c, ldc, 1};
  if (uplo == lower) {
    multiplyLower(n, k, alpha, rows, columns, beta, target);
  } else {
    // The upper triangle of a bᵀ is the lower one of its transpose.
    multiplyLower(n, k, alpha, columns.transposed(), rows.transposed(), beta, target.transposed());
  }
  if constexpr (isComplex<T>) {
    for (int64_t i = 0; hermitian && i < n; i++) target(i, i) = target(i, i).real();
  }
}

template <class T>
void symm(bool hermitian, Side side, Triangle uplo, int64_t m, int64_t n, T alpha, const T* a, int64_t lda,
          const T* b, int64_t ldb, T beta, T* c, int64_t ldc) {
  View<const T> symmetric{a, lda, 1}, other{b, ldb, 1};
  View<T> target{c, ldc, 1};
  multiply(m, n, 0, T(0), other, other, beta, target);
  if (uplo == upper) {
    symmetric = symmetric.transposed();
    symmetric.conjugated = hermitian;
  }
  if (side == right) {
    // b a is the transpose of aᵀ bᵀ; the transpose of a Hermitian matrix is its conjugate.
    symmetric.conjugated = symmetric.conjugated != hermitian;
    other = other.transposed();
    target = target.transposed();
    std::swap(m, n);
  }
  multiplySymmetric(hermitian, m, n, alpha, symmetric, other, target);
}

#define X(T)                                                                                                        \
  template void trsm(Side, Triangle, Transpose, Diagonal, int64_t, int64_t, T, const T*, int64_t, T*, int64_t);     \
  template void trmm(Side, Triangle, Transpose, Diagonal, int64_t, int64_t, T, const T*, int64_t, T*, int64_t);     \
  template void syrk(bool, Triangle, Transpose, int64_t, int64_t, T, const T*, int64_t, T, T*, int64_t);            \
  template void symm(bool, Side, Triangle, int64_t, int64_t, T, const T*, int64_t, const T*, int64_t, T, T*, int64_t);
TSMPI_ELEMENT_TYPES(X)
#undef X

}  // namespace tsmpi::own
