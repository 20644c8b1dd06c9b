// Memory that may not be there: the addon is compiled without exceptions, so that `new` would end the process.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <type_traits>

namespace tsmpi {

struct Free {
  void operator()(void* data) const { std::free(data); }
};

template <class T>
using Memory = std::unique_ptr<T[], Free>;

// Room for n numbers, uninitialised; for one at least, because LAPACK may look at the first. Null where there is none.
template <class T>
Memory<T> memory(int64_t n) {
  static_assert(std::is_trivially_destructible_v<T>);
  return Memory<T>(static_cast<T*>(std::malloc(static_cast<size_t>(n < 1 ? 1 : n) * sizeof(T))));
}

}  // namespace tsmpi
