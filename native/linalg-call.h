// A call of tsmpi/linalg: one routine on one element type, with its numbers and arrays. The sync and the async face
// run the same call, on the JavaScript thread or on the worker.
#pragma once
#include <complex>
#include <cstdint>

namespace tsmpi {

constexpr int callNumbers = 32;
constexpr int callArrays = 8;

// src/linalg/call.ts fills the numbers: 0 routine, 1 element type (0 float32, 1 float64, 2 complex64, 3 complex128),
// then what the routine takes, integers and scalars alike. A routine writes its results from number 0 on.
struct Call {
  double* numbers;
  void* arrays[callArrays];
};

// Takes the numbers of a call in turn.
class Reader {
 public:
  explicit Reader(const Call& call) : next_(call.numbers + 2) {}
  int64_t integer() { return static_cast<int64_t>(*next_++); }
  int flag() { return static_cast<int>(*next_++); }
  // Always two numbers, the second of which only a complex scalar has.
  template <class T>
  T scalar() {
    double real = *next_++, imaginary = *next_++;
    return make(real, imaginary, static_cast<T*>(nullptr));
  }

 private:
  template <class R>
  static R make(double real, double, R*) {
    return static_cast<R>(real);
  }
  template <class R>
  static std::complex<R> make(double real, double imaginary, std::complex<R>*) {
    return {static_cast<R>(real), static_cast<R>(imaginary)};
  }
  const double* next_;
};

using Routine = void (*)(Call&);

// One routine for the four element types; null where it does not exist on a type.
struct RoutineEntry {
  const char* name;
  Routine of[4];
};

// Tables end with an entry without a name.
extern const RoutineEntry blasRoutines[];
extern const RoutineEntry lapackRoutines[];

}  // namespace tsmpi
