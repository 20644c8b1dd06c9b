// What an instruction of a compiled expression can do. JavaScript asks for this list, so that the numbers of the
// operations stand nowhere else.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tsmpi {

// Name and number of operands. Conditions are masks: all bits of an element set, or none.
#define TSMPI_OPERATIONS(X)                                                                                      \
  X(copy, 1) X(toNumber, 1) X(toCondition, 1)                                                                    \
  X(negate, 1) X(abs, 1) X(sign, 1) X(floor, 1) X(ceil, 1) X(trunc, 1) X(round, 1) X(rint, 1)                    \
  X(sqrt, 1) X(cbrt, 1) X(exp, 1) X(exp2, 1) X(expm1, 1) X(log, 1) X(log2, 1) X(log10, 1) X(log1p, 1)            \
  X(sin, 1) X(cos, 1) X(tan, 1) X(asin, 1) X(acos, 1) X(atan, 1) X(sinh, 1) X(cosh, 1) X(tanh, 1)                \
  X(erf, 1) X(erfc, 1) X(lgamma, 1) X(isnan, 1) X(isfinite, 1) X(not, 1)                                         \
  X(add, 2) X(subtract, 2) X(multiply, 2) X(divide, 2) X(pow, 2) X(atan2, 2) X(hypot, 2)                         \
  X(minimum, 2) X(maximum, 2)                                                                                    \
  X(less, 2) X(lessEqual, 2) X(equal, 2) X(notEqual, 2) X(and, 2) X(or, 2)                                       \
  X(fma, 3) X(multiplyAdd, 3) X(where, 3)                                                                        \
  X(sqrtMultiplyAdd, 3) X(expMultiplyAdd, 3) X(logMultiplyAdd, 3) X(sinMultiplyAdd, 3) X(cosMultiplyAdd, 3)      \
  X(tanhMultiplyAdd, 3)

#define TSMPI_COUNT(name, operands) +1
constexpr int operationCount = 0 TSMPI_OPERATIONS(TSMPI_COUNT);
#undef TSMPI_COUNT

// Where a loop finds an operand: the next register of elements lies `stride` bytes further, 0 for a constant.
struct Operand {
  const char* data;
  size_t stride;
};

// What a loop asks for while it computes: with every register the line at `from`, which moves on by `step` bytes. Asked
// for all at once, memory would have nothing to do for the rest of the loop.
struct Fetch {
  const char* from;
  size_t step;
};

// `past`: results go past the caches, for they will not be read soon; `to` is aligned to a register then.
using Loop = void (*)(char* to, const Operand* from, size_t registers, bool past, Fetch fetch);
// Between the elements of an array and those that are computed with; `to` and `from` need no alignment.
using Convert = void (*)(char* to, const char* from, size_t elements);
// The sum of elements, or of the products of two: in double precision, sixteen sums side by side, which are then
// added in pairs. The second operand may be the first.
using Sum = double (*)(const char* a, const char* b, size_t elements);
using Extreme = double (*)(const char* from, size_t elements);
// The place of the first element with this value, or of the first NaN.
using Locate = size_t (*)(const char* from, size_t elements, double value);

// Codes of element types are those of reductions (reduce.cc): Node-API's plus one, Float16Array last.
constexpr int elementTypes = 13;

// For one type to compute in.
struct TypeLoops {
  Loop operations[operationCount];
  Convert read[elementTypes];
  Convert write[elementTypes];
  // Past the caches.
  Convert stream;
  Sum sum, dot;
  Extreme least, greatest;
  Locate locate;
};

struct ExpressionLoops {
  size_t registerBytes;
  TypeLoops of[2];  // float, double
};

extern const ExpressionLoops expressionLoopsBaseline;
#if defined(__x86_64__)
extern const ExpressionLoops expressionLoopsAvx2;
extern const ExpressionLoops expressionLoopsAvx512;
#endif

}  // namespace tsmpi
