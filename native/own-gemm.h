// The own matrix product on matrices of any strides.
#pragma once
#include <cstdint>

#include "gemm-kernel.h"

namespace tsmpi::own {

// Element (i, j) is at data[i * rs + j * cs]; its conjugate is meant where `conjugated`.
template <class T>
struct View {
  T* data;
  int64_t rs, cs;
  bool conjugated = false;

  View transposed() const { return {data, cs, rs, conjugated}; }
  View at(int64_t row, int64_t column) const { return {data + row * rs + column * cs, rs, cs, conjugated}; }
  T& operator()(int64_t row, int64_t column) const { return data[row * rs + column * cs]; }
};

// Whether a product is so small that packing would take longer than multiplying; also where a library would pack.
inline bool isSmall(int64_t m, int64_t n, int64_t k) {
  // Bounded one by one first, so that the products cannot overflow.
  return m <= smallWork && n <= smallB && k <= smallB && n * k <= smallB && m * n * k <= smallWork;
}

// c = alpha a b + beta c, for c of m x n, a of m x k. c is not read when beta is 0.
template <class T>
void multiply(int64_t m, int64_t n, int64_t k, T alpha, View<const T> a, View<const T> b, T beta, View<T> c);

}  // namespace tsmpi::own
