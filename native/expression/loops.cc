// The loops of expressions for one instruction set, in a table named by EXPRESSION_LOOPS; see operations.h.
#include "operations.h"

#include "special.h"

namespace tsmpi {
namespace {

template <class T>
inline V<T> condition(M<T> mask) {
  return (V<T>)mask;
}
template <class T>
inline M<T> isSet(V<T> v) {
  return (M<T>)v;
}

// NaN if either is NaN, and -0 is less than 0, as in Math.min and Math.max.
template <bool least, class T>
inline V<T> extreme(V<T> a, V<T> b) {
  V<T> better = (least ? a < b : a > b) ? a : b;
  V<T> equal = (V<T>)(least ? bits<T>(a) | bits<T>(b) : bits<T>(a) & bits<T>(b));
  better = a == b ? equal : better;
  return a != a ? a : better;
}

// Halves go up, as Math.round has it.
template <class T>
inline V<T> roundHalfUp(V<T> a) {
  V<T> down = floor<T>(a);
  V<T> up = a - down >= (T)0.5 ? down + (T)1 : down;
  return a - a == (T)0 ? copySign<T>(up, a) : a;
}

#define OPERATION1(name, expression)                          \
  struct Do_##name {                                          \
    template <class T>                                        \
    static V<T> of(V<T> a, V<T>, V<T>) {                      \
      return expression;                                      \
    }                                                         \
  };
#define OPERATION2(name, expression)                          \
  struct Do_##name {                                          \
    template <class T>                                        \
    static V<T> of(V<T> a, V<T> b, V<T>) {                    \
      return expression;                                      \
    }                                                         \
  };
#define OPERATION3(name, expression)                          \
  struct Do_##name {                                          \
    template <class T>                                        \
    static V<T> of(V<T> a, V<T> b, V<T> c) {                  \
      return expression;                                      \
    }                                                         \
  };

OPERATION1(copy, a)
OPERATION1(toNumber, (V<T>)((W<T>)a & Format<T>::one))
OPERATION1(toCondition, condition<T>(a != (T)0))
OPERATION1(negate, -a)
OPERATION1(abs, magnitude<T>(a))
OPERATION1(sign, (a != a) | (a == (T)0) ? a : copySign<T>(splat<T>(1), a))
OPERATION1(floor, floor<T>(a))
OPERATION1(ceil, ceiling<T>(a))
OPERATION1(trunc, truncate<T>(a))
OPERATION1(round, roundHalfUp<T>(a))
OPERATION1(rint, nearest<T>(a))
OPERATION1(sqrt, squareRoot(a))
OPERATION1(cbrt, cbrt<T>(a))
OPERATION1(exp, exp<T>(a))
OPERATION1(exp2, exp2<T>(a))
OPERATION1(expm1, expm1<T>(a))
OPERATION1(log, log<T>(a))
OPERATION1(log2, log2<T>(a))
OPERATION1(log10, log10<T>(a))
OPERATION1(log1p, log1p<T>(a))
OPERATION1(sin, sin<T>(a))
OPERATION1(cos, cos<T>(a))
OPERATION1(tan, tan<T>(a))
OPERATION1(asin, asin<T>(a))
OPERATION1(acos, acos<T>(a))
OPERATION1(atan, atan<T>(a))
OPERATION1(sinh, sinh<T>(a))
OPERATION1(cosh, cosh<T>(a))
OPERATION1(tanh, tanh<T>(a))
OPERATION1(erf, erf<T>(a))
OPERATION1(erfc, erfc<T>(a))
OPERATION1(lgamma, lgamma(a))
OPERATION1(isnan, condition<T>(a != a))
OPERATION1(isfinite, condition<T>(magnitude<T>(a) < Format<T>::infinity))
OPERATION1(not, condition<T>(~isSet<T>(a)))
OPERATION2(add, a + b)
OPERATION2(subtract, a - b)
OPERATION2(multiply, a* b)
OPERATION2(divide, a / b)
OPERATION2(pow, pow<T>(a, b))
OPERATION2(atan2, atan2<T>(a, b))
OPERATION2(hypot, hypot(a, b))
OPERATION2(minimum, (extreme<true, T>(a, b)))
OPERATION2(maximum, (extreme<false, T>(a, b)))
OPERATION2(less, condition<T>(a < b))
OPERATION2(lessEqual, condition<T>(a <= b))
OPERATION2(equal, condition<T>(a == b))
OPERATION2(notEqual, condition<T>(a != b))
OPERATION2(and, condition<T>(isSet<T>(a) & isSet<T>(b)))
OPERATION2(or, condition<T>(isSet<T>(a) | isSet<T>(b)))
OPERATION3(fma, fma(a, b, c))
// Rounded twice: what a product and a sum give, in one pass.
OPERATION3(multiplyAdd, a* b + c)
OPERATION3(where, isSet<T>(a) ? b : c)
// The same of a function's result, which so need not be stored and read again.
OPERATION3(sqrtMultiplyAdd, squareRoot(a) * b + c)
OPERATION3(expMultiplyAdd, exp<T>(a) * b + c)
OPERATION3(logMultiplyAdd, log<T>(a) * b + c)
OPERATION3(sinMultiplyAdd, sin<T>(a) * b + c)
OPERATION3(cosMultiplyAdd, cos<T>(a) * b + c)
OPERATION3(tanhMultiplyAdd, tanh<T>(a) * b + c)

// Stores past the caches need aligned addresses, and a fence after the last of them.
template <class Register>
inline void storePast(char* to, Register value) {
#if defined(__AVX512F__)
  _mm512_stream_si512((__m512i*)to, (__m512i)value);
#elif defined(__AVX2__)
  _mm256_stream_si256((__m256i*)to, (__m256i)value);
#elif defined(__SSE2__)
  _mm_stream_si128((__m128i*)to, (__m128i)value);
#else
  memcpy(to, &value, sizeof value);
#endif
}

template <class T, class Do, int operands>
void loop(char* to, const Operand* from, size_t registers, bool past, Fetch fetch) {
  const char* a = from[0].data;
  const char* b = operands > 1 ? from[1].data : nullptr;
  const char* c = operands > 2 ? from[2].data : nullptr;
  const size_t strideA = from[0].stride;
  const size_t strideB = operands > 1 ? from[1].stride : 0, strideC = operands > 2 ? from[2].stride : 0;
#pragma GCC unroll 2
  for (size_t i = 0; i < registers; i++) {
    V<T> y = Do::template of<T>(load<T>(a), operands > 1 ? load<T>(b) : V<T>{}, operands > 2 ? load<T>(c) : V<T>{});
    if (past) storePast(to, y);
    else store<T>(to, y);
    __builtin_prefetch(fetch.from);
    fetch.from += fetch.step;
    to += registerBytes;
    a += strideA;
    b += strideB;
    c += strideC;
  }
}

template <class To, class From>
void convert(char* to, const char* from, size_t elements) {
  if constexpr (std::is_same_v<To, From>) {
    memcpy(to, from, elements * sizeof(To));
  } else {
    for (size_t i = 0; i < elements; i++) {
      From element;
      memcpy(&element, from + i * sizeof element, sizeof element);
      To converted = static_cast<To>(element);
      memcpy(to + i * sizeof converted, &converted, sizeof converted);
    }
  }
}

// Halves, a register at a time.
template <class T>
void readHalves(char* to, const char* from, size_t elements) {
  for (size_t i = 0; i < elements; i += lanes<float>) {
    size_t count = elements - i < lanes<float> ? elements - i : lanes<float>;
    char halves[Half::step] = {};
    memcpy(halves, from + i * 2, count * 2);
    F floats = Half::load(halves);
    char numbers[sizeof floats];
    memcpy(numbers, &floats, sizeof floats);
    convert<T, float>(to + i * sizeof(T), numbers, count);
  }
}

void stream(char* to, const char* from, size_t bytes) {
  size_t head = -reinterpret_cast<uintptr_t>(to) % registerBytes;
  if (head > bytes) head = bytes;
  memcpy(to, from, head);
  for (; head + registerBytes <= bytes; head += registerBytes) storePast(to + head, load<float>(from + head));
  memcpy(to + head, from + head, bytes - head);
}
template <class T>
void streamElements(char* to, const char* from, size_t elements) {
  stream(to, from, elements * sizeof(T));
}

constexpr int sums = 16;
// Elements that fill the sums once, as doubles.
template <class T>
inline void widen(const char* from, D (&to)[sums / lanes<double>]) {
  if constexpr (sizeof(T) == 8) {
    memcpy(to, from, sizeof to);
  } else {
    using Part = Vector<float, registerBytes / 2>;
    for (int i = 0; i < sums / lanes<double>; i++) {
      Part part;
      memcpy(&part, from + i * sizeof part, sizeof part);
      to[i] = __builtin_convertvector(part, D);
    }
  }
}

template <class T, bool products>
double sum(const char* a, const char* b, size_t elements) {
  constexpr int parts = sums / lanes<double>;
  constexpr size_t step = sums * sizeof(T);
  D total[parts] = {};
  size_t i = 0;
  for (; i + sums <= elements; i += sums, a += step, b += step) {
    D left[parts];
    widen<T>(a, left);
    if constexpr (products) {
      D right[parts];
      widen<T>(b, right);
      for (int p = 0; p < parts; p++) total[p] = fma(left[p], right[p], total[p]);
    } else {
      for (int p = 0; p < parts; p++) total[p] += left[p];
    }
  }
  double all[sums];
  memcpy(all, total, sizeof all);
  for (int lane = 0; i < elements; i++, lane++) {
    T left, right;
    memcpy(&left, a + lane * sizeof(T), sizeof left);
    memcpy(&right, b + lane * sizeof(T), sizeof right);
    all[lane] = products ? __builtin_fma(left, right, all[lane]) : all[lane] + left;
  }
  for (int width = sums / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; lane++) all[lane] += all[lane + width];
  }
  return all[0];
}

template <class T, bool least>
double extremeOf(const char* from, size_t elements) {
  T start = least ? Format<T>::infinity : -Format<T>::infinity;
  V<T> best = splat(start);
  size_t i = 0;
  for (; i + lanes<T> <= elements; i += lanes<T>) best = extreme<least, T>(best, load<T>(from + i * sizeof(T)));
  V<T> rest = splat(start);
  memcpy(&rest, from + i * sizeof(T), (elements - i) * sizeof(T));
  best = extreme<least, T>(best, rest);
  T result = best[0];
  for (int lane = 1; lane < lanes<T>; lane++) result = extreme<least, T>(splat(result), splat<T>(best[lane]))[0];
  return result;
}

template <class T>
size_t locate(const char* from, size_t elements, double value) {
  T wanted = static_cast<T>(value);
  for (size_t i = 0; i < elements; i++) {
    T element;
    memcpy(&element, from + i * sizeof element, sizeof element);
    if (element == wanted || (element != element && wanted != wanted)) return i;
  }
  return elements;
}

template <class T>
constexpr TypeLoops loopsOf() {
#define TSMPI_LOOP(name, operands) loop<T, Do_##name, operands>,
  return {{TSMPI_OPERATIONS(TSMPI_LOOP)},
          {nullptr, convert<T, int8_t>, convert<T, uint8_t>, convert<T, uint8_t>, convert<T, int16_t>,
           convert<T, uint16_t>, convert<T, int32_t>, convert<T, uint32_t>, convert<T, float>, convert<T, double>,
           convert<T, int64_t>, convert<T, uint64_t>, readHalves<T>},
          // Bytes take the zeros and ones of conditions.
          {nullptr, nullptr, convert<uint8_t, T>, nullptr, nullptr, nullptr, nullptr, nullptr, convert<float, T>,
           convert<double, T>, nullptr, nullptr, nullptr},
          streamElements<T>,
          sum<T, false>,
          sum<T, true>,
          extremeOf<T, true>,
          extremeOf<T, false>,
          locate<T>};
#undef TSMPI_LOOP
}

}  // namespace

extern constexpr ExpressionLoops EXPRESSION_LOOPS = {registerBytes, {loopsOf<float>(), loopsOf<double>()}};

}  // namespace tsmpi
