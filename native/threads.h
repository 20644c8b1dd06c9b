// The threads that share the work of one long call: own kernels of linear algebra, loops over arrays.
#pragma once
#include <cstdint>
#include <type_traits>

namespace tsmpi {

// Threads that parallelFor uses, the calling one included. At first the value of OMP_NUM_THREADS, which tsmpirun sets
// for each rank, or else the number of CPUs that this process may use.
int threadCount();
void setThreadCount(int count);

// What an environment variable says, 0 where it says nothing.
int threadsSaid(const char* variable);

namespace detail {
void parallelFor(int64_t tasks, void (*run)(void* body, int64_t task), void* body);
}

// Runs body(0) to body(tasks - 1) on up to threadCount() threads, the caller among them, and returns when all have
// run. Tasks are taken in order, one by one. A call from inside a body, or while another thread's call is running,
// runs on the calling thread alone, so that the threads at work never exceed threadCount() by more than the callers.
// A body must not throw.
template <class Body>
void parallelFor(int64_t tasks, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  detail::parallelFor(tasks, [](void* b, int64_t task) { (*static_cast<Plain*>(b))(task); }, &body);
}

}  // namespace tsmpi
