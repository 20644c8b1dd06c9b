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
#include "blas-functions.inc"
}  // namespace blas

// The element types that everything is instantiated for.
#define TSMPI_ELEMENT_TYPES(X) X(float) X(double) X(std::complex<float>) X(std::complex<double>)

}  // namespace tsmpi
