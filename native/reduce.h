// The element loops of the built-in reduction operators. reduce-loops.cc is compiled once for each instruction set
// that is worth it; reduce.cc takes the best one that the machine has.
#pragma once
#include <cstddef>

namespace tsmpi {

constexpr int reduceOperators = 12;
constexpr int reduceDtypes = 12;

// target[i] = left[i] · right[i] for `bytes` bytes; `target` may be `left` or `right`. No alignment is needed.
using ReduceLoop = void (*)(char* target, const char* left, const char* right, size_t bytes);

// Operator codes (src/collectives/operators.ts) and dtype codes (src/codec/dtype.ts) count from 1; null where the
// operator does not work on the type.
struct ReduceLoops {
  ReduceLoop loops[reduceOperators * reduceDtypes];
  ReduceLoop of(unsigned op, unsigned dtype) const { return loops[(op - 1) * reduceDtypes + dtype - 1]; }
};

extern const ReduceLoops reduceLoopsBaseline;
#if defined(__x86_64__)
extern const ReduceLoops reduceLoopsAvx2;
extern const ReduceLoops reduceLoopsAvx512;
#endif

}  // namespace tsmpi
