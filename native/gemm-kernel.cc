// The kernels for one instruction set, in a table named by KERNELS; see gemm-kernel.h. Vectors of the compiler (GCC and
// clang alike) keep the loops free of intrinsics.
#include "gemm-kernel.h"

#include <cstring>

namespace tsmpi {
namespace {

// Tiles as large as the registers hold, with room for one row of b and one element of a: 16 registers, or 32 with
// AVX-512 and on arm64.
#if defined(__AVX512F__)
constexpr int vectorBytes = 64, tileRows = 8, tileVectors = 3;
#elif defined(__AVX2__)
constexpr int vectorBytes = 32, tileRows = 6, tileVectors = 2;
#elif defined(__aarch64__)
constexpr int vectorBytes = 16, tileRows = 6, tileVectors = 4;
#else
constexpr int vectorBytes = 16, tileRows = 6, tileVectors = 2;
#endif

template <class R>
struct VectorOf {
  typedef R type __attribute__((vector_size(vectorBytes)));
  // Anywhere in memory.
  typedef R loose __attribute__((vector_size(vectorBytes), aligned(sizeof(R)), may_alias));
};
template <class R>
using Vector = typename VectorOf<R>::type;

template <class R>
Vector<R> load(const R* from) {
  return *reinterpret_cast<const typename VectorOf<R>::loose*>(from);
}
template <class R>
void store(R* to, Vector<R> lanes) {
  *reinterpret_cast<typename VectorOf<R>::loose*>(to) = lanes;
}

template <class R>
constexpr int lanes = vectorBytes / sizeof(R);
template <class R>
constexpr int tileColumns = tileVectors * lanes<R>;

// One tile: c (+)= alpha a b, with rows of c contiguous.
template <class R, bool overwrite>
void tile(int64_t k, R alpha, const R* __restrict a, const R* __restrict b, R* __restrict c, int64_t ldc) {
  Vector<R> sums[tileRows][tileVectors] = {};
#pragma GCC unroll 8
  for (int i = 0; i < tileRows; i++) __builtin_prefetch(c + i * ldc, 1);
#pragma GCC unroll 4
  for (int64_t p = 0; p < k; p++) {
    Vector<R> row[tileVectors];
#pragma GCC unroll 8
    for (int j = 0; j < tileVectors; j++) row[j] = load(b + j * lanes<R>);
#pragma GCC unroll 8
    for (int i = 0; i < tileRows; i++) {
      Vector<R> element = a[i] - Vector<R>{};
#pragma GCC unroll 8
      for (int j = 0; j < tileVectors; j++) sums[i][j] += element * row[j];
    }
    a += tileRows;
    b += tileColumns<R>;
  }
#pragma GCC unroll 8
  for (int i = 0; i < tileRows; i++) {
#pragma GCC unroll 8
    for (int j = 0; j < tileVectors; j++) {
      R* to = c + i * ldc + j * lanes<R>;
      Vector<R> value = sums[i][j] * alpha;
      if (!overwrite) value += load(to);
      store(to, value);
    }
  }
}

template <class R>
void multiply(int64_t m, int64_t n, int64_t k, R alpha, const R* a, const R* b, bool overwrite, R* c, int64_t rs,
              int64_t cs) {
  constexpr int width = tileColumns<R>;
  alignas(64) R edge[tileRows * width];
  for (int64_t j = 0; j < n; j += width) {
    for (int64_t i = 0; i < m; i += tileRows) {
      const R* panelA = a + i * k;
      const R* panelB = b + j * k;
      R* to = c + i * rs + j * cs;
      if (cs == 1 && m - i >= tileRows && n - j >= width) {
        if (overwrite) tile<R, true>(k, alpha, panelA, panelB, to, rs);
        else tile<R, false>(k, alpha, panelA, panelB, to, rs);
        continue;
      }
      tile<R, true>(k, alpha, panelA, panelB, edge, width);
      int64_t rows = m - i < tileRows ? m - i : tileRows;
      int64_t columns = n - j < width ? n - j : width;
      for (int64_t r = 0; r < rows; r++) {
        for (int64_t s = 0; s < columns; s++) {
          R* element = to + r * rs + s * cs;
          *element = overwrite ? edge[r * width + s] : *element + edge[r * width + s];
        }
      }
    }
  }
}

// Rows and vectors of c that lie in registers while k is run through; a is read element by element, b row by row.
template <class R, int rows, int vectors>
void smallTile(int64_t k, R alpha, const R* a, int64_t rsA, int64_t csA, const R* b, int64_t ldb, R beta, R* c,
               int64_t ldc) {
  Vector<R> sums[rows][vectors] = {};
  for (int64_t p = 0; p < k; p++) {
    Vector<R> row[vectors];
#pragma GCC unroll 8
    for (int j = 0; j < vectors; j++) row[j] = load(b + p * ldb + j * lanes<R>);
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
      Vector<R> element = a[i * rsA + p * csA] - Vector<R>{};
#pragma GCC unroll 8
      for (int j = 0; j < vectors; j++) sums[i][j] += element * row[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++) {
#pragma GCC unroll 8
    for (int j = 0; j < vectors; j++) {
      R* to = c + i * ldc + j * lanes<R>;
      Vector<R> value = sums[i][j] * alpha;
      if (beta != 0) value += beta * load(to);
      store(to, value);
    }
  }
}

template <class R, int rows>
void smallRows(int64_t n, int64_t k, R alpha, const R* a, int64_t rsA, int64_t csA, const R* b, int64_t ldb, R beta,
               R* c, int64_t ldc) {
  int64_t j = 0;
  for (; j + 2 * lanes<R> <= n; j += 2 * lanes<R>) {
    smallTile<R, rows, 2>(k, alpha, a, rsA, csA, b + j, ldb, beta, c + j, ldc);
  }
  for (; j + lanes<R> <= n; j += lanes<R>) {
    smallTile<R, rows, 1>(k, alpha, a, rsA, csA, b + j, ldb, beta, c + j, ldc);
  }
  for (; j < n; j++) {
    for (int i = 0; i < rows; i++) {
      R sum = 0;
      for (int64_t p = 0; p < k; p++) sum += a[i * rsA + p * csA] * b[p * ldb + j];
      c[i * ldc + j] = beta == 0 ? alpha * sum : alpha * sum + beta * c[i * ldc + j];
    }
  }
}

template <class R>
void small(int64_t m, int64_t n, int64_t k, R alpha, const R* a, int64_t rsA, int64_t csA, const R* b, int64_t rsB,
           int64_t csB, R beta, R* c, int64_t ldc) {
  R turned[smallB];
  if (csB != 1) {
    for (int64_t j = 0; j < n; j++) {
      for (int64_t p = 0; p < k; p++) turned[p * n + j] = b[p * rsB + j * csB];
    }
    b = turned;
    rsB = n;
  }
  int64_t i = 0;
  for (; i + 6 <= m; i += 6) smallRows<R, 6>(n, k, alpha, a + i * rsA, rsA, csA, b, rsB, beta, c + i * ldc, ldc);
  for (; i + 4 <= m; i += 4) smallRows<R, 4>(n, k, alpha, a + i * rsA, rsA, csA, b, rsB, beta, c + i * ldc, ldc);
  for (; i + 2 <= m; i += 2) smallRows<R, 2>(n, k, alpha, a + i * rsA, rsA, csA, b, rsB, beta, c + i * ldc, ldc);
  for (; i < m; i++) smallRows<R, 1>(n, k, alpha, a + i * rsA, rsA, csA, b, rsB, beta, c + i * ldc, ldc);
}

// Lines of k elements into panels of `width` lines, with the elements of one position side by side.
template <class R, int width>
void pack(int64_t lines, int64_t k, const R* from, int64_t lineStride, int64_t stride, R* __restrict out) {
  for (int64_t i = 0; i < lines; i += width) {
    const R* panel = from + i * lineStride;
    int64_t here = lines - i < width ? lines - i : width;
    if (here < width) {
      for (int64_t p = 0; p < k; p++) {
        for (int64_t line = 0; line < width; line++) {
          *out++ = line < here ? panel[line * lineStride + p * stride] : 0;
        }
      }
    } else if (lineStride == 1) {
      for (int64_t p = 0; p < k; p++, out += width) std::memcpy(out, panel + p * stride, width * sizeof(R));
    } else if (stride == 1) {
      // A few positions at a time, so that every line of cache that is read is used whole.
      constexpr int step = 8;
      int64_t p = 0;
      for (; p + step <= k; p += step, out += step * width) {
#pragma GCC unroll 32
        for (int line = 0; line < width; line++) {
#pragma GCC unroll 8
          for (int s = 0; s < step; s++) out[s * width + line] = panel[line * lineStride + p + s];
        }
      }
      for (; p < k; p++, out += width) {
        for (int line = 0; line < width; line++) out[line] = panel[line * lineStride + p];
      }
    } else {
      for (int64_t p = 0; p < k; p++, out += width) {
        for (int line = 0; line < width; line++) out[line] = panel[line * lineStride + p * stride];
      }
    }
  }
}

template <class R>
void packA(int64_t m, int64_t k, const R* a, int64_t rs, int64_t cs, R* out) {
  pack<R, tileRows>(m, k, a, rs, cs, out);
}
template <class R>
void packB(int64_t k, int64_t n, const R* b, int64_t rs, int64_t cs, R* out) {
  pack<R, tileColumns<R>>(n, k, b, cs, rs, out);
}

// Several sums at a time: an addition waits for the one before it for some cycles.
template <class R>
R dot(int64_t n, const R* x, const R* y) {
  constexpr int chains = 4;
  Vector<R> sums[chains] = {};
  int64_t i = 0;
  for (; i + chains * lanes<R> <= n; i += chains * lanes<R>) {
#pragma GCC unroll 8
    for (int s = 0; s < chains; s++) sums[s] += load(x + i + s * lanes<R>) * load(y + i + s * lanes<R>);
  }
  Vector<R> all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  R sum = 0;
  for (int lane = 0; lane < lanes<R>; lane++) sum += all[lane];
  for (; i < n; i++) sum += x[i] * y[i];
  return sum;
}

template <class R>
void axpy(int64_t n, R alpha, const R* x, R* y) {
  Vector<R> factor = alpha - Vector<R>{};
  int64_t i = 0;
  for (; i + lanes<R> <= n; i += lanes<R>) store(y + i, load(y + i) + factor * load(x + i));
  for (; i < n; i++) y[i] += alpha * x[i];
}

// Depth and rows so that the blocks named in gemm-kernel.h take about half of the cache they lie in: 32 KiB, 512 KiB.
template <class R>
constexpr GemmKernel<R> gemmKernel(int64_t rows, int64_t depth) {
  return {tileRows, tileColumns<R>, rows / tileRows * tileRows, depth, 4096 / tileColumns<R> * tileColumns<R>,
          packA<R>, packB<R>, multiply<R>, small<R>};
}

}  // namespace

extern constexpr Kernels KERNELS = {
    gemmKernel<float>(192, 384), gemmKernel<double>(192, 256), {dot<float>, axpy<float>}, {dot<double>, axpy<double>}};

}  // namespace tsmpi
