// The BLAS and LAPACK library of this process: found and loaded at run time, so that the addon links with none.
#pragma once
#include <complex>
#include <cstdint>
#include <string>
#include <type_traits>

namespace tsmpi {

// The functions that are called, with their names for float, double and their complex forms; "" where there is none.
// CBLAS names stand without "cblas_", Fortran names without the underscore.
#define TSMPI_CBLAS_FUNCTIONS(X)                              \
  X(dot, "sdot", "ddot", "cdotu_sub", "zdotu_sub")            \
  X(dotc, "sdot", "ddot", "cdotc_sub", "zdotc_sub")           \
  X(axpy, "saxpy", "daxpy", "caxpy", "zaxpy")                 \
  X(nrm2, "snrm2", "dnrm2", "scnrm2", "dznrm2")               \
  X(asum, "sasum", "dasum", "scasum", "dzasum")               \
  X(scal, "sscal", "dscal", "cscal", "zscal")                 \
  X(iamax, "isamax", "idamax", "icamax", "izamax")            \
  X(gemv, "sgemv", "dgemv", "cgemv", "zgemv")                 \
  X(geru, "sger", "dger", "cgeru", "zgeru")                   \
  X(gerc, "sger", "dger", "cgerc", "zgerc")                   \
  X(hemv, "ssymv", "dsymv", "chemv", "zhemv")                 \
  X(trsv, "strsv", "dtrsv", "ctrsv", "ztrsv")                 \
  X(trmv, "strmv", "dtrmv", "ctrmv", "ztrmv")                 \
  X(gemm, "sgemm", "dgemm", "cgemm", "zgemm")                 \
  X(syrk, "ssyrk", "dsyrk", "csyrk", "zsyrk")                 \
  X(herk, "ssyrk", "dsyrk", "cherk", "zherk")                 \
  X(symm, "ssymm", "dsymm", "csymm", "zsymm")                 \
  X(hemm, "ssymm", "dsymm", "chemm", "zhemm")                 \
  X(trsm, "strsm", "dtrsm", "ctrsm", "ztrsm")                 \
  X(trmm, "strmm", "dtrmm", "ctrmm", "ztrmm")

#define TSMPI_LAPACK_FUNCTIONS(X)                             \
  X(potrf, "spotrf", "dpotrf", "cpotrf", "zpotrf")            \
  X(geqrf, "sgeqrf", "dgeqrf", "cgeqrf", "zgeqrf")            \
  X(orgqr, "sorgqr", "dorgqr", "cungqr", "zungqr")            \
  X(gelqf, "sgelqf", "dgelqf", "cgelqf", "zgelqf")            \
  X(orglq, "sorglq", "dorglq", "cunglq", "zunglq")            \
  X(gesdd, "sgesdd", "dgesdd", "cgesdd", "zgesdd")            \
  X(syevd, "ssyevd", "dsyevd", "cheevd", "zheevd")            \
  X(gels, "sgels", "dgels", "cgels", "zgels")                 \
  X(gelsd, "sgelsd", "dgelsd", "cgelsd", "zgelsd")

enum class Function {
#define X(name, s, d, c, z) name,
  TSMPI_CBLAS_FUNCTIONS(X) TSMPI_LAPACK_FUNCTIONS(X)
#undef X
  count
};

struct BlasLibrary {
  // "OpenBLAS", "MKL", "BLIS", "Accelerate", "reference", or "own" when there is none.
  std::string name = "own", path, version, core;
  // Whose kernels compute products of real matrices: its own, or "own".
  std::string products = "own";
  // Where LAPACK comes from: the path of a library, "" when there is none.
  std::string lapack;
  // LAPACK is part of the library and as good as it.
  bool ownLapack = false;
  // Integers are of 64 bits.
  bool wide = false, wideLapack = false;
  void* functions[static_cast<int>(Function::count)][4] = {};
  // Why nothing can be called: what TSMPI_BLAS names does not load.
  std::string failure;

  void setThreads(int count) const;
  int threads() const;

  // Of BLAS, and of LAPACK where that is another library; null where there is none.
  void* handle = nullptr;
  void* lapackHandle = nullptr;
};

// Loaded at the first call, by the thread that makes it.
const BlasLibrary& blasLibrary();

template <class T>
constexpr int typeIndex = std::is_same_v<T, float>                 ? 0
                          : std::is_same_v<T, double>              ? 1
                          : std::is_same_v<T, std::complex<float>> ? 2
                                                                   : 3;

// Null when the library has no such function.
template <class T>
void* libraryFunction(Function function) {
  return blasLibrary().functions[static_cast<int>(function)][typeIndex<T>];
}

namespace detail {

template <class A>
using Narrow = std::conditional_t<std::is_same_v<A, int64_t>, int32_t, A>;

template <class A>
bool fits(A value) {
  if constexpr (std::is_same_v<A, int64_t>) return value >= INT32_MIN && value <= INT32_MAX;
  return true;
}

}  // namespace detail

// Whether the library can be told these sizes: most count in 32 bits.
template <class... A>
bool librarySizes(A... sizes) {
  return blasLibrary().wide || (detail::fits(sizes) && ...);
}

// Calls a C function whose arguments of type int64_t are the library's integers.
template <class R, class... A>
R callLibrary(void* function, A... arguments) {
  if (blasLibrary().wide) return reinterpret_cast<R (*)(A...)>(function)(arguments...);
  return reinterpret_cast<R (*)(detail::Narrow<A>...)>(function)(static_cast<detail::Narrow<A>>(arguments)...);
}

}  // namespace tsmpi
