// The loops for one instruction set, in a table named by REDUCE_LOOPS; see reduce.h. They give the same bits as the
// loops in src/collectives/kernels.ts, but for the payload of a NaN, which JavaScript leaves open.
#include "reduce.h"

#include "reduce-lanes.h"

namespace tsmpi {
namespace {

struct Sum {
  template <class E, class V>
  static V of(V l, V r) {
    V sum = l + r;
    if constexpr (std::is_same_v<E, Clamped>) sum |= (V)(sum < l);
    return sum;
  }
};

struct Product {
  template <class E, class V>
  static V of(V l, V r) {
    if constexpr (std::is_same_v<E, Clamped>) {
      // Products of bytes need 16 bits: those of every other byte at a time.
      using Wide = Vector<uint16_t>;
      Wide full = Wide{} + 255;
      Wide low = ((Wide)l & full) * ((Wide)r & full);
      Wide high = ((Wide)l >> 8) * ((Wide)r >> 8);
      low = low > full ? full : low;
      high = high > full ? full : high;
      return (V)(low | high << 8);
    } else {
      return l * r;
    }
  }
};

// NaN if either is NaN, and -0 is less than 0, as in Math.min and Math.max.
template <bool least>
struct Extreme {
  template <class E, class V>
  static V of(V l, V r) {
    using Mask = decltype(l < r);
    // The right one when it is NaN.
    V better = (least ? l < r : l > r) ? l : r;
    if constexpr (std::is_floating_point_v<typename E::Number>) {
      // Equal numbers differ in nothing but the sign of zero.
      V equal = (V)(least ? (Mask)l | (Mask)r : (Mask)l & (Mask)r);
      better = l == r ? equal : better;
      better = l != l ? l : better;
    }
    return better;
  }
};

struct And {
  template <class T>
  static T of(T l, T r) {
    return l & r;
  }
};
struct Or {
  template <class T>
  static T of(T l, T r) {
    return l | r;
  }
};
struct Xor {
  template <class T>
  static T of(T l, T r) {
    return l ^ r;
  }
};

template <class Bits>
struct Bitwise {
  template <class E, class V>
  static V of(V l, V r) {
    return Bits::of(l, r);
  }
};

template <class Bits>
struct Logical {
  template <class E, class V>
  static V of(V l, V r) {
    using Mask = decltype(l != r);
    V zero = {};
    V one = zero + 1;
    return (V)(Bits::of((Mask)(l != zero), (Mask)(r != zero)) & (Mask)one);
  }
};

// Value and index by turns. NaN wins over every number, the lower index over an equal value.
template <bool least>
struct Located {
  template <class E, class V>
  static V of(V l, V r) {
    auto wins = least ? l < r : l > r;
    auto lowerIndex = shuffle<Swapped>(l <= r);
    auto leftNaN = l != l;
    auto rightNaN = r != r;
    // This holds in the lanes of values; no comparison with a NaN does.
    auto keep = wins | (leftNaN & ~rightNaN) | (lowerIndex & ((l == r) | (leftNaN & rightNaN)));
    return shuffle<EvenTwice>(keep) ? l : r;
  }
};

template <class E, class Op>
void loop(char* target, const char* left, const char* right, size_t bytes) {
  size_t at = 0;
  for (; at + E::step <= bytes; at += E::step) {
    E::store(target + at, Op::template of<E>(E::load(left + at), E::load(right + at)));
  }
  if (size_t rest = bytes - at) {
    char l[E::step] = {}, r[E::step] = {};
    memcpy(l, left + at, rest);
    memcpy(r, right + at, rest);
    E::store(l, Op::template of<E>(E::load(l), E::load(r)));
    memcpy(target + at, l, rest);
  }
}

template <class E, unsigned op>
constexpr ReduceLoop loopOn() {
  if constexpr (op == 1) return loop<E, Sum>;
  if constexpr (op == 2) return loop<E, Product>;
  if constexpr (op == 3) return loop<E, Extreme<true>>;
  if constexpr (op == 4) return loop<E, Extreme<false>>;
  if constexpr (op == 5) return loop<E, Logical<And>>;
  if constexpr (op == 6) return loop<E, Logical<Or>>;
  if constexpr (op == 7) return loop<E, Logical<Xor>>;
  if constexpr (op >= 8 && op <= 10 && std::is_floating_point_v<typename E::Number>) return nullptr;
  else if constexpr (op == 8) return loop<E, Bitwise<And>>;
  else if constexpr (op == 9) return loop<E, Bitwise<Or>>;
  else if constexpr (op == 10) return loop<E, Bitwise<Xor>>;
  if constexpr (op == 11) return loop<E, Located<true>>;
  if constexpr (op == 12) return loop<E, Located<false>>;
}

// Where the order of numbers does not matter the signed types take the loops of the unsigned ones: signed overflow
// is undefined in C++, and the bits are the same.
template <class Signed, class Unsigned, unsigned op>
constexpr ReduceLoop ofInteger() {
  constexpr bool ordered = op == 3 || op == 4 || op >= 11;
  return loopOn<Plain<std::conditional_t<ordered, Signed, Unsigned>>, op>();
}

template <unsigned op, unsigned dtype>
constexpr ReduceLoop pick() {
  if constexpr (dtype == 1) return ofInteger<int8_t, uint8_t, op>();
  if constexpr (dtype == 2) return loopOn<Plain<uint8_t>, op>();
  if constexpr (dtype == 3) return loopOn<std::conditional_t<op <= 2, Clamped, Plain<uint8_t>>, op>();
  if constexpr (dtype == 4) return ofInteger<int16_t, uint16_t, op>();
  if constexpr (dtype == 5) return loopOn<Plain<uint16_t>, op>();
  if constexpr (dtype == 6) return ofInteger<int32_t, uint32_t, op>();
  if constexpr (dtype == 7) return loopOn<Plain<uint32_t>, op>();
  if constexpr (dtype == 8) return loopOn<Plain<float>, op>();
  if constexpr (dtype == 9) return loopOn<Plain<double>, op>();
  if constexpr (dtype == 10) return ofInteger<int64_t, uint64_t, op>();
  if constexpr (dtype == 11) return loopOn<Plain<uint64_t>, op>();
  if constexpr (dtype == 12) return loopOn<Half, op>();
}

template <unsigned... index>
constexpr ReduceLoops all(std::integer_sequence<unsigned, index...>) {
  return {{pick<index / reduceDtypes + 1, index % reduceDtypes + 1>()...}};
}

}  // namespace

extern constexpr ReduceLoops REDUCE_LOOPS =
    all(std::make_integer_sequence<unsigned, reduceOperators * reduceDtypes>());

}  // namespace tsmpi
