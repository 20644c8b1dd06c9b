// Calls of LAPACK's Fortran functions, which take every argument by its address.
#pragma once
#include <tuple>

#include "blas-library.h"

namespace tsmpi {
namespace detail {

template <class Int, class A>
struct Argument {
  std::conditional_t<std::is_same_v<A, int64_t>, Int, A> value;
  auto* address() { return &value; }
};
template <class Int, class A>
struct Argument<Int, A*> {
  A* value;
  A* address() { return value; }
};

template <class Int, class... A>
int64_t callLapack(void* function, A... arguments) {
  Int info = 0;
  std::tuple<Argument<Int, A>...> all{{static_cast<decltype(Argument<Int, A>::value)>(arguments)}...};
  std::apply(
      [&](auto&... argument) {
        // Last come the hidden lengths of up to two strings; without them a compiled LAPACK may overwrite its
        // caller's stack. A function with fewer strings ignores them.
        auto f = reinterpret_cast<void (*)(decltype(argument.address())..., Int*, size_t, size_t)>(function);
        f(argument.address()..., &info, 1, 1);
      },
      all);
  return info;
}

}  // namespace detail

// Whether LAPACK can be told these sizes: most libraries count in 32 bits.
template <class... A>
bool lapackSizes(A... sizes) {
  return blasLibrary().wideLapack || (detail::fits(sizes) && ...);
}

// Integers are int64_t, in the library's own width on the way; arrays of integers must have room for that of int64_t.
// Returns info.
template <class... A>
int64_t callLapack(void* function, A... arguments) {
  if (blasLibrary().wideLapack) return detail::callLapack<int64_t>(function, arguments...);
  return detail::callLapack<int32_t>(function, arguments...);
}

}  // namespace tsmpi
