// Bounded integers: Lemire, "Fast random integer generation in an interval", ACM TOMACS 29(1), 3 (2019); for
// RandomState by masking and rejection. Ranges below 2^32 are drawn from 32 bits, also for wider types; 8 and 16 bits
// are cut from a draw of 32, whose rest is dropped at the end of a fill. All that is as NumPy does it.
#include "random-fill.h"
#include "random-source.h"

namespace tsmpi {

// Draws as wide as `Draw`, cut from 32 bits from the low end.
template <class Draw>
class Slices {
 public:
  static constexpr size_t perHalf = 4 / sizeof(Draw);
  explicit Slices(BitGenerator& generator) : source(generator) {}

  void expect(size_t outputs) { source.due = (outputs + perHalf - 1) / perHalf; }

  Draw next() {
    if (perHalf == 1) return Draw(source.next32());
    if (left == 0) {
      half = source.next32();
      left = perHalf;
    } else {
      half = uint32_t(uint64_t(half) >> 8 * sizeof(Draw));
    }
    left--;
    return Draw(half);
  }

 private:
  HalfSource source;
  uint32_t half = 0;
  size_t left = 0;
};

template <>
class Slices<uint64_t> {
 public:
  explicit Slices(BitGenerator& generator) : source(generator) {}
  void expect(size_t outputs) { source.due = outputs; }
  uint64_t next() { return source.next64(); }

 private:
  // Of whichever generator: only numbers in [0, 1) depend on that.
  Source<false> source;
};

template <class Draw>
struct Twice;
template <>
struct Twice<uint8_t> {
  using type = uint32_t;
};
template <>
struct Twice<uint16_t> {
  using type = uint32_t;
};
template <>
struct Twice<uint32_t> {
  using type = uint64_t;
};
template <>
struct Twice<uint64_t> {
  using type = unsigned __int128;
};

template <class Draw>
static Draw lemire(Slices<Draw>& slices, Draw range) {
  using Product = typename Twice<Draw>::type;
  Draw choices = Draw(range + 1);
  Product product = Product(slices.next()) * choices;
  if (Draw(product) < choices) {
    Draw threshold = Draw(Draw(~range) % choices);
    while (Draw(product) < threshold) product = Product(slices.next()) * choices;
  }
  return Draw(product >> 8 * sizeof(Draw));
}

template <class Draw>
static Draw maskedDraw(Slices<Draw>& slices, Draw range, Draw mask) {
  Draw draw;
  do draw = slices.next() & mask;
  while (draw > range);
  return draw;
}

template <class Draw, class Element, class Choose>
static void fillChosen(BitGenerator& generator, uint64_t low, Element* target, size_t count, Choose choose) {
  Slices<Draw> slices(generator);
  for (size_t i = 0; i < count; i++) {
    slices.expect(count - i);
    // Through the signed type where the element is a double: `low` may be negative.
    target[i] = Element(int64_t(low + choose(slices)));
  }
}

template <class Draw, class Element>
static void fillFrom(BitGenerator& generator, uint64_t low, Draw range, bool masked, Element* target, size_t count) {
  auto fill = [&](auto choose) { fillChosen<Draw>(generator, low, target, count, choose); };
  if (range == Draw(~Draw(0))) return fill([](Slices<Draw>& slices) { return slices.next(); });
  if (!masked) return fill([range](Slices<Draw>& slices) { return lemire(slices, range); });
  Draw mask = range;
  for (unsigned shift = 1; shift < 8 * sizeof(Draw); shift *= 2) mask = Draw(mask | mask >> shift);
  fill([range, mask](Slices<Draw>& slices) { return maskedDraw(slices, range, mask); });
}

template <class Draw, class Element>
static void fillType(BitGenerator& generator, uint64_t low, uint64_t range, bool masked, void* target, size_t count) {
  Element* elements = static_cast<Element*>(target);
  if (range == 0) {
    std::fill_n(elements, count, Element(int64_t(low)));
  } else if (sizeof(Draw) == 8 && range <= UINT32_MAX) {
    fillFrom(generator, low, uint32_t(range), masked, elements, count);
  } else {
    fillFrom(generator, low, Draw(range), masked, elements, count);
  }
}

void fillIntegers(BitGenerator& generator, IntegerType type, uint64_t low, uint64_t range, bool masked, void* target,
                  size_t count) {
  auto fill = [&](auto typed) { typed(generator, low, range, masked, target, count); };
  switch (type) {
    case IntegerType::int8: return fill(fillType<uint8_t, int8_t>);
    case IntegerType::uint8: return fill(fillType<uint8_t, uint8_t>);
    case IntegerType::int16: return fill(fillType<uint16_t, int16_t>);
    case IntegerType::uint16: return fill(fillType<uint16_t, uint16_t>);
    case IntegerType::int32: return fill(fillType<uint32_t, int32_t>);
    case IntegerType::uint32: return fill(fillType<uint32_t, uint32_t>);
    case IntegerType::int64: return fill(fillType<uint64_t, int64_t>);
    case IntegerType::uint64: return fill(fillType<uint64_t, uint64_t>);
    case IntegerType::float64: return fill(fillType<uint64_t, double>);
  }
}

}  // namespace tsmpi
