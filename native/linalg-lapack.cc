// LAPACK's drivers as src/linalg/lapack.ts calls them, for row-major matrices. Column-major LAPACK sees the transpose
// of such a matrix. Instead of copying, each driver asks for the factorisation of the transpose that gives the wanted
// one: LQ for QR, the singular vectors exchanged, the other triangle.
//
// A routine leaves a status in number 0: 0, LAPACK's info, or one of the failures below.
#include "lapack.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "factorize.h"
#include "linalg-call.h"
#include "memory.h"

namespace tsmpi {
namespace {

// What LAPACK's info never is; src/linalg/status.ts has the same numbers.
enum Failure : int {
  // Numbers 1 and 2 hold row and column.
  notFinite = -1001,
  // There is no library with the function.
  noLapack = -1002,
  // LAPACK's integers do not hold a size.
  tooLarge = -1003,
  // Number 1 holds the bytes that there is no memory for.
  noMemory = -1004,
  // Numbers 1 to 3 hold the place of the pivot, its value and the number of rows.
  badPivot = -1005,
};

template <class T>
bool finite(T value) {
  if constexpr (isComplex<T>) return std::isfinite(value.real()) && std::isfinite(value.imag());
  else return std::isfinite(value);
}

enum class Part { whole, lower, upper };

Part partOf(Triangle uplo) { return uplo == lower ? Part::lower : Part::upper; }
char letterOf(Triangle uplo) { return uplo == lower ? 'L' : 'U'; }
Triangle other(Triangle uplo) { return uplo == lower ? upper : lower; }

// NaN and infinities make some drivers loop for ever and others return rubbish.
template <class T>
bool allFinite(Call& call, Part part, int64_t rows, int64_t columns, const T* a, int64_t lda) {
  // However many rows of nothing there are.
  if (columns == 0) return true;
  for (int64_t i = 0; i < rows; i++) {
    int64_t from = part == Part::upper ? i : 0, to = part == Part::lower ? i + 1 : columns;
    for (int64_t j = from; j < to; j++) {
      if (finite(a[i * lda + j])) continue;
      call.numbers[0] = notFinite;
      call.numbers[1] = static_cast<double>(i);
      call.numbers[2] = static_cast<double>(j);
      return false;
    }
  }
  return true;
}

// The same of a column-major matrix.
template <class T>
bool allFiniteTransposed(Call& call, int64_t rows, int64_t columns, const T* a, int64_t lda) {
  if (allFinite(call, Part::whole, columns, rows, a, lda)) return true;
  std::swap(call.numbers[1], call.numbers[2]);
  return false;
}

// out(j, i) = in(i, j), conjugated if said.
template <class T>
void copyTransposed(bool conjugated, int64_t rows, int64_t columns, const T* in, int64_t ldIn, T* out, int64_t ldOut) {
  constexpr int64_t block = 16;
  for (int64_t i0 = 0; i0 < rows; i0 += block) {
    for (int64_t j0 = 0; j0 < columns; j0 += block) {
      for (int64_t i = i0; i < std::min(rows, i0 + block); i++) {
        for (int64_t j = j0; j < std::min(columns, j0 + block); j++) {
          out[j * ldOut + i] = conjugated ? conjugate(in[i * ldIn + j]) : in[i * ldIn + j];
        }
      }
    }
  }
}

template <class T>
void transposeInPlace(bool conjugated, int64_t n, T* a, int64_t lda) {
  constexpr int64_t block = 16;
  auto turn = [conjugated](T value) { return conjugated ? conjugate(value) : value; };
  for (int64_t i0 = 0; i0 < n; i0 += block) {
    for (int64_t j0 = 0; j0 <= i0; j0 += block) {
      for (int64_t i = i0; i < std::min(n, i0 + block); i++) {
        for (int64_t j = j0; j < std::min(i + 1, j0 + block); j++) {
          T below = a[i * lda + j];
          a[i * lda + j] = turn(a[j * lda + i]);
          a[j * lda + i] = turn(below);
        }
      }
    }
  }
}

// Memory for n elements; null, with the status, where there is none.
template <class T>
Memory<T> workspace(Call& call, int64_t n) {
  Memory<T> found = memory<T>(n);
  if (found == nullptr) {
    call.numbers[0] = noMemory;
    call.numbers[1] = static_cast<double>(n) * sizeof(T);
  }
  return found;
}

// The size of a workspace, of at least one element. LAPACK gives it as a floating-point number, and when a float has not
// enough digits it may be rounded down: one step more is always enough.
template <class T>
int64_t asked(T size) {
  if constexpr (isComplex<T>) return asked(size.real());
  else {
    constexpr T exact = static_cast<T>(int64_t{1} << std::numeric_limits<T>::digits);
    if (size >= exact) size = std::nextafter(size, std::numeric_limits<T>::infinity());
    return std::max<int64_t>(1, static_cast<int64_t>(size));
  }
}

template <class T>
struct Lapack {
  using R = Real<T>;

  static T* array(const Call& call, int index) { return static_cast<T*>(call.arrays[index]); }
  static R* reals(const Call& call, int index) { return static_cast<R*>(call.arrays[index]); }
  static int32_t* integers(const Call& call, int index) { return static_cast<int32_t*>(call.arrays[index]); }

  // Asks a function how much workspace it wants, then calls it with that: run(work, lwork) returns its info.
  template <class Run>
  static void withWork(Call& call, Run run) {
    T size{};
    int64_t info = run(&size, static_cast<int64_t>(-1));
    if (info == 0) {
      int64_t lwork = asked(size);
      auto work = workspace<T>(call, lwork);
      if (work == nullptr) return;
      info = run(work.get(), lwork);
    }
    call.numbers[0] = static_cast<double>(info);
  }

  // A function that is to be given these sizes; null, with the status, when it cannot be.
  template <class... Sizes>
  static void* lapack(Call& call, Function function, Sizes... sizes) {
    void* found = libraryFunction<T>(function);
    if (found != nullptr && lapackSizes(sizes...)) return found;
    call.numbers[0] = found == nullptr ? noLapack : tooLarge;
    return nullptr;
  }

  // A matrix of any strides into one with contiguous rows; of a part of it, with zeros elsewhere.
  static void copyMatrix(Call& call) {
    Reader in(call);
    int part = in.flag();
    int64_t m = in.integer(), n = in.integer(), rs = in.integer(), cs = in.integer(), ld = in.integer();
    const T* from = array(call, 0);
    T* to = array(call, 1);
    if (n == 0) return;
    if (part != 0) {
      for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
          to[i * ld + j] = (part == lower ? j <= i : j >= i) ? from[i * rs + j * cs] : T(0);
        }
      }
    } else if (cs == 1) {
      for (int64_t i = 0; i < m; i++) std::copy(from + i * rs, from + i * rs + n, to + i * ld);
    } else if (rs == 1) {
      copyTransposed(false, n, m, from, cs, to, ld);
    } else {
      for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) to[i * ld + j] = from[i * rs + j * cs];
      }
    }
  }

  static void potrf(Call& call) {
    Reader in(call);
    auto uplo = static_cast<Triangle>(in.flag());
    int64_t n = in.integer(), lda = in.integer();
    T* a = array(call, 0);
    if (!allFinite(call, partOf(uplo), n, n, a, lda)) return;
    void* f = blasLibrary().ownLapack ? libraryFunction<T>(Function::potrf) : nullptr;
    int64_t info = f == nullptr || !lapackSizes(n, lda) ? factorize::cholesky(uplo, n, a, lda)
                                                         : callLapack(f, letterOf(other(uplo)), n, a, lda);
    call.numbers[0] = static_cast<double>(info);
  }

  static void potrs(Call& call) {
    Reader in(call);
    auto uplo = static_cast<Triangle>(in.flag());
    int64_t n = in.integer(), nrhs = in.integer(), lda = in.integer(), ldb = in.integer();
    const T* a = array(call, 0);
    T* b = array(call, 1);
    blas::trsm(left, uplo, uplo == lower ? noTranspose : conjugateTranspose, nonUnit, n, nrhs, T(1), a, lda, b, ldb);
    blas::trsm(left, uplo, uplo == lower ? conjugateTranspose : noTranspose, nonUnit, n, nrhs, T(1), a, lda, b, ldb);
    call.numbers[0] = 0;
  }

  static void getrf(Call& call) {
    Reader in(call);
    int64_t m = in.integer(), n = in.integer(), lda = in.integer();
    if (!allFinite(call, Part::whole, m, n, array(call, 0), lda)) return;
    call.numbers[0] = static_cast<double>(factorize::lu(m, n, array(call, 0), lda, integers(call, 1)));
  }

  static void getrs(Call& call) {
    Reader in(call);
    auto trans = static_cast<Transpose>(in.flag());
    int64_t n = in.integer(), nrhs = in.integer(), lda = in.integer(), ldb = in.integer();
    const int32_t* pivots = integers(call, 1);
    // Here, not when the call is made: an awaited getrf before this one may yet have to write them.
    for (int64_t i = 0; i < n; i++) {
      if (pivots[i] >= 0 && pivots[i] < n) continue;
      call.numbers[0] = badPivot;
      call.numbers[1] = static_cast<double>(i);
      call.numbers[2] = pivots[i];
      call.numbers[3] = static_cast<double>(n);
      return;
    }
    factorize::luSolve(trans, n, nrhs, array(call, 0), lda, pivots, array(call, 2), ldb);
    call.numbers[0] = 0;
  }

  static void gesv(Call& call) {
    Reader in(call);
    int64_t n = in.integer(), nrhs = in.integer(), lda = in.integer(), ldb = in.integer();
    T *a = array(call, 0), *b = array(call, 2);
    if (!allFinite(call, Part::whole, n, n, a, lda)) return;
    int64_t info = factorize::lu(n, n, a, lda, integers(call, 1));
    if (info == 0) factorize::luSolve(noTranspose, n, nrhs, a, lda, integers(call, 1), b, ldb);
    call.numbers[0] = static_cast<double>(info);
  }

  // The determinant of the n x n matrix in array 0, which is overwritten, in numbers 1 and 2.
  static void det(Call& call) {
    Reader in(call);
    int64_t n = in.integer(), lda = in.integer();
    T* a = array(call, 0);
    if (!allFinite(call, Part::whole, n, n, a, lda)) return;
    auto pivots = workspace<int32_t>(call, n);
    if (pivots == nullptr) return;
    factorize::lu(n, n, a, lda, pivots.get());
    T product = 1;
    for (int64_t i = 0; i < n; i++) product *= pivots[i] == i ? a[i * lda + i] : -a[i * lda + i];
    call.numbers[0] = 0;
    call.numbers[1] = std::real(product);
    call.numbers[2] = std::imag(product);
  }

  // In column-major order by the function itself, in row-major order as LQ of the transpose; that is slower by a fifth,
  // for it works along rows.
  static void geqrf(Call& call) {
    Reader in(call);
    bool columnMajor = in.flag() != 0;
    int64_t m = in.integer(), n = in.integer(), lda = in.integer();
    T *a = array(call, 0), *tau = array(call, 1);
    if (columnMajor ? !allFiniteTransposed(call, m, n, a, lda) : !allFinite(call, Part::whole, m, n, a, lda)) return;
    void* f = lapack(call, columnMajor ? Function::geqrf : Function::gelqf, m, n, lda);
    if (f == nullptr) return;
    if (!columnMajor) std::swap(m, n);
    withWork(call, [&](T* work, int64_t lwork) { return callLapack(f, m, n, a, lda, tau, work, lwork); });
  }

  static void orgqr(Call& call) {
    Reader in(call);
    bool columnMajor = in.flag() != 0;
    int64_t m = in.integer(), n = in.integer(), k = in.integer(), lda = in.integer();
    T *a = array(call, 0), *tau = array(call, 1);
    void* f = lapack(call, columnMajor ? Function::orgqr : Function::orglq, m, n, lda);
    if (f == nullptr) return;
    if (!columnMajor) std::swap(m, n);
    withWork(call, [&](T* work, int64_t lwork) { return callLapack(f, m, n, k, a, lda, tau, work, lwork); });
  }

  // a (m x n, overwritten) = u diag(s) vt, with u of m x k and vt of k x n for k = min(m, n), or only s.
  static void gesdd(Call& call) {
    Reader in(call);
    bool vectors = in.flag() != 0;
    int64_t m = in.integer(), n = in.integer(), lda = in.integer(), ldu = in.integer(), ldvt = in.integer();
    T *a = array(call, 0), *u = array(call, 2), *vt = array(call, 3);
    R* s = reals(call, 1);
    if (!allFinite(call, Part::whole, m, n, a, lda)) return;
    void* f = lapack(call, Function::gesdd, m, n, lda, ldu, ldvt);
    if (f == nullptr) return;
    int64_t k = std::min(m, n), longer = std::max(m, n);
    char job = vectors ? 'S' : 'N';
    auto iwork = workspace<int64_t>(call, 8 * k);
    if (iwork == nullptr) return;
    auto rwork = workspace<R>(
        call, isComplex<T> ? (vectors ? k * std::max(5 * k + 7, 2 * longer + 2 * k + 1) : 7 * k) : 0);
    if (rwork == nullptr) return;
    withWork(call, [&](T* work, int64_t lwork) {
      if constexpr (isComplex<T>) {
        return callLapack(f, job, n, m, a, lda, s, vt, ldvt, u, ldu, work, lwork, rwork.get(), iwork.get());
      } else {
        return callLapack(f, job, n, m, a, lda, s, vt, ldvt, u, ldu, work, lwork, iwork.get());
      }
    });
  }

  // Eigenvalues in ascending order, and eigenvectors as columns in place of a.
  static void syevd(Call& call) {
    Reader in(call);
    bool vectors = in.flag() != 0;
    auto uplo = static_cast<Triangle>(in.flag());
    int64_t n = in.integer(), lda = in.integer();
    T* a = array(call, 0);
    R* w = reals(call, 1);
    if (!allFinite(call, partOf(uplo), n, n, a, lda)) return;
    void* f = lapack(call, Function::syevd, n, lda);
    if (f == nullptr) return;
    char job = vectors ? 'V' : 'N', triangle = letterOf(other(uplo));
    auto run = [&](T* work, int64_t lwork, R* rwork, int64_t lrwork, int64_t* iwork, int64_t liwork) {
      if constexpr (isComplex<T>) {
        return callLapack(f, job, triangle, n, a, lda, w, work, lwork, rwork, lrwork, iwork, liwork);
      } else {
        return callLapack(f, job, triangle, n, a, lda, w, work, lwork, iwork, liwork);
      }
    };
    T size{};
    R realSize = 0;
    int64_t integerSize = 0;
    run(&size, -1, &realSize, -1, &integerSize, -1);
    int64_t lwork = asked(size), lrwork = asked(realSize), liwork = std::max<int64_t>(1, integerSize);
    auto work = workspace<T>(call, lwork);
    if (work == nullptr) return;
    auto rwork = workspace<R>(call, lrwork);
    if (rwork == nullptr) return;
    auto iwork = workspace<int64_t>(call, liwork);
    if (iwork == nullptr) return;
    call.numbers[0] =
        static_cast<double>(run(work.get(), lwork, rwork.get(), lrwork, iwork.get(), liwork));
    // LAPACK has worked on the conjugate, and left its eigenvectors as rows.
    if (vectors) transposeInPlace(true, n, a, lda);
  }

  // Right-hand sides are a matrix of another shape than LAPACK's, and small beside a: they are copied there and, after
  // a success, back.
  template <class Solve>
  static void withColumns(Call& call, T* b, int64_t rows, int64_t solutions, int64_t nrhs, int64_t ldb,
                          bool conjugated, Solve solve) {
    // A column of zeros where there are no right-hand sides: gelsd wants one.
    int64_t longer = std::max<int64_t>(1, std::max(rows, solutions)), elements = longer * std::max<int64_t>(1, nrhs);
    auto columns = workspace<T>(call, elements);
    if (columns == nullptr) return;
    // Zeros below the right-hand sides: where there are no rows at all, nothing else writes the solutions.
    std::fill(columns.get(), columns.get() + elements, T(0));
    copyTransposed(conjugated, rows, nrhs, b, ldb, columns.get(), longer);
    solve(columns.get(), longer);
    if (call.numbers[0] == 0) copyTransposed(conjugated, nrhs, solutions, columns.get(), longer, b, ldb);
  }

  // Least squares for a (m x n, overwritten) of full rank; b has max(m, n) rows, of which the first n hold x.
  static void gels(Call& call) {
    Reader in(call);
    int64_t m = in.integer(), n = in.integer(), nrhs = in.integer(), lda = in.integer(), ldb = in.integer();
    T *a = array(call, 0), *b = array(call, 1);
    if (!allFinite(call, Part::whole, m, n, a, lda) || !allFinite(call, Part::whole, m, nrhs, b, ldb)) return;
    void* f = lapack(call, Function::gels, m, n, nrhs, lda);
    if (f == nullptr) return;
    // The transpose of the transpose; of complex matrices LAPACK knows the conjugate transpose only, so that both
    // sides are conjugated.
    char trans = isComplex<T> ? 'C' : 'T';
    withColumns(call, b, m, n, nrhs, ldb, isComplex<T>, [&](T* columns, int64_t longer) {
      withWork(call, [&](T* work, int64_t lwork) {
        return callLapack(f, trans, n, m, nrhs, a, lda, columns, longer, work, lwork);
      });
    });
  }

  // The same for any rank, by singular values, which go to array 2; the rank goes to number 1.
  static void gelsd(Call& call) {
    Reader in(call);
    int64_t m = in.integer(), n = in.integer(), nrhs = in.integer(), lda = in.integer(), ldb = in.integer();
    R rcond = in.scalar<R>();
    T *a = array(call, 0), *b = array(call, 1);
    R* s = reals(call, 2);
    if (!allFinite(call, Part::whole, m, n, a, lda) || !allFinite(call, Part::whole, m, nrhs, b, ldb)) return;
    void* f = lapack(call, Function::gelsd, m, n, nrhs);
    if (f == nullptr) return;
    int64_t ldc = std::max<int64_t>(1, m), sides = std::max<int64_t>(1, nrhs), rank = 0;
    auto turned = workspace<T>(call, ldc * n);
    if (turned == nullptr) return;
    copyTransposed(false, m, n, a, lda, turned.get(), ldc);
    withColumns(call, b, m, n, nrhs, ldb, false, [&](T* columns, int64_t longer) {
      auto run = [&](T* work, int64_t lwork, R* rwork, int64_t* iwork) {
        auto* found = &rank;
        if constexpr (isComplex<T>) {
          return callLapack(f, m, n, sides, turned.get(), ldc, columns, longer, s, rcond, found, work, lwork, rwork,
                            iwork);
        } else {
          return callLapack(f, m, n, sides, turned.get(), ldc, columns, longer, s, rcond, found, work, lwork, iwork);
        }
      };
      T size{};
      R realSize = 0;
      // Written as one of the library's integers.
      int64_t integerSize = 0;
      run(&size, -1, &realSize, &integerSize);
      int64_t lwork = asked(size);
      auto work = workspace<T>(call, lwork);
      if (work == nullptr) return;
      auto rwork = workspace<R>(call, asked(realSize));
      if (rwork == nullptr) return;
      auto iwork = workspace<int64_t>(call, integerSize);
      if (iwork == nullptr) return;
      call.numbers[0] = static_cast<double>(run(work.get(), lwork, rwork.get(), iwork.get()));
    });
    if (call.numbers[0] == 0) call.numbers[1] = static_cast<double>(rank);
  }
};

}  // namespace

#define ROUTINE(name)                                                                                       \
  {#name,                                                                                                   \
   {Lapack<float>::name, Lapack<double>::name, Lapack<std::complex<float>>::name, \
    Lapack<std::complex<double>>::name}}

const RoutineEntry lapackRoutines[] = {
    ROUTINE(copyMatrix), ROUTINE(potrf), ROUTINE(potrs), ROUTINE(getrf), ROUTINE(getrs), ROUTINE(gesv),  ROUTINE(det), ROUTINE(geqrf),
    ROUTINE(orgqr), ROUTINE(gesdd), ROUTINE(syevd), ROUTINE(gels),  ROUTINE(gelsd), {},
};

}  // namespace tsmpi
