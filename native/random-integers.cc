// Bounded integers: Lemire, "Fast random integer generation in an interval", ACM TOMACS 29(1), 3 (2019); for
// RandomState by masking and rejection. Ranges below 2^32 are drawn from 32 bits, also for wider types; 8 and 16 bits
// are cut from a draw of 32, whose rest is dropped at the end of a fill. All that is as NumPy does it.
#include "random-fill.h"
#include "random-source.h"

#include <cstring>

namespace tsmpi {

// Draws of one width, made in blocks. No block is longer than the outputs that are still due, so that none is left
// over; 8 and 16 bits are parts of a draw of 32, from its low end.
template <class Draw>
class Draws {
 public:
  explicit Draws(BitGenerator& generator) : generator(generator) {}

  // Makes draws for an output, and as many after it as are due; returns how many it has made.
  size_t make(void* output, size_t due) {
    size_t some = std::min(due, sourceBlock);
    if (sizeof(Draw) == 8) {
      // In the output itself, which is overwritten from the start: a buffer elsewhere costs time when it happens to
      // lie a multiple of 4 KiB from it.
      first = static_cast<char*>(output);
      drawWords(generator, static_cast<uint64_t*>(output), some);
      return some;
    }
    constexpr size_t perHalf = sizeof(Draw) < 4 ? 4 / sizeof(Draw) : 1;
    size_t halves = (some + perHalf - 1) / perHalf;
    first = reinterpret_cast<char*>(buffer);
    drawHalves(generator, buffer, halves);
    return halves * perHalf;
  }

  Draw operator[](size_t index) const {
    Draw draw;
    memcpy(&draw, first + index * sizeof draw, sizeof draw);
    return draw;
  }

 private:
  BitGenerator& generator;
  const char* first = nullptr;
  uint32_t buffer[sizeof(Draw) == 8 ? 1 : sourceBlock];
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

// The least low half of a product that is accepted.
template <class Draw>
static Draw lemireThreshold(Draw range) {
  return Draw(Draw(~range) % Draw(range + 1));
}

template <class Draw>
static Draw maskOf(Draw range) {
  return Draw(UINT64_MAX >> __builtin_clzll(range));
}

// One try: whether it is taken, and what it gives.
template <class Draw>
static inline bool lemire(Draw draw, Draw choices, Draw threshold, Draw& value) {
  auto product = typename Twice<Draw>::type(draw) * choices;
  value = Draw(product >> 8 * sizeof(Draw));
  return Draw(product) >= threshold;
}

template <class Draw, class Element, class Choose>
static void fillChosen(BitGenerator& generator, uint64_t low, Element* target, size_t count, Choose choose) {
  Draws<Draw> draws(generator);
  for (size_t i = 0; i < count;) {
    size_t made = draws.make(target + i, count - i);
    for (size_t k = 0; k < made && i < count; k++) {
      Draw value = draws[k];
      bool taken = choose(value);
      // Through the signed type where the element is a double: `low` may be negative.
      target[i] = Element(int64_t(low + value));
      if (sizeof(Draw) == 8) {
        // Few are refused. A branch, which the empty statement keeps, lets a store begin before that is known.
        if (__builtin_expect(!taken, 0)) {
          asm volatile("");
          continue;
        }
        i++;
      } else {
        // Many may be refused. No branch, which would be guessed wrong: what is not taken is written over.
        i += taken;
      }
    }
  }
}

template <class Draw, class Element>
static void fillFrom(BitGenerator& generator, uint64_t low, Draw range, bool masked, Element* target, size_t count) {
  auto fill = [&](auto choose) { fillChosen<Draw>(generator, low, target, count, choose); };
  if (range == Draw(~Draw(0))) return fill([](Draw&) { return true; });
  if (masked) {
    return fill([range, mask = maskOf(range)](Draw& value) { return (value &= mask) <= range; });
  }
  Draw choices = Draw(range + 1), threshold = lemireThreshold(range);
  fill([choices, threshold](Draw& value) { return lemire(value, choices, threshold, value); });
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

// Draws up to a bound that falls by one from each to the next, of which all fit in `Draw`, and none is 0.
template <class Draw>
static void fillMasked(BitGenerator& generator, uint64_t most, double* target, size_t count) {
  Draws<Draw> draws(generator);
  Draw range = Draw(most);
  for (double* end = target + count; target < end;) {
    size_t made = draws.make(target, size_t(end - target));
    for (size_t k = 0; k < made;) {
      // The mask stays the same for so many draws at least, each of which takes the bound down by one at most.
      Draw mask = maskOf(range), top = range;
      size_t stop = size_t(std::min<uint64_t>(made, k + uint64_t(range - (mask >> 1))));
      for (; k < stop; k++) {
        Draw draw = draws[k] & mask;
        // No branch, which would be guessed wrong: what is not taken is written over.
        target[top - range] = double(draw);
        range -= draw <= range;
      }
      target += top - range;
    }
  }
}

// The same by Lemire's method, up to a bound that changes by `step`.
template <class Draw>
static void fillBounds(BitGenerator& generator, uint64_t most, int step, double* target, size_t count) {
  Draws<Draw> draws(generator);
  for (size_t i = 0; i < count;) {
    size_t made = draws.make(target + i, count - i);
    for (size_t k = 0; k < made; k++) {
      Draw draw = draws[k], range = Draw(most + uint64_t(int64_t(step)) * i);
      if (range == Draw(~Draw(0))) {
        target[i++] = double(draw);
        continue;
      }
      Draw choices = Draw(range + 1), value;
      bool taken = lemire(draw, choices, choices, value);
      // The threshold is below the number of choices, and need not be found most of the time.
      if (!taken) taken = lemire(draw, choices, lemireThreshold(range), value);
      target[i] = double(value);
      i += taken;
    }
  }
}

void fillOrder(BitGenerator& generator, uint64_t most, int step, bool masked, double* target, size_t count) {
  while (count > 0) {
    // As many as are drawn from equally many bits; nothing is drawn where there is no choice.
    bool wide = most > UINT32_MAX;
    uint64_t alike = most == 0 ? 1 : step < 0 ? most - (wide ? UINT32_MAX : 0) : wide ? count : UINT32_MAX - most + 1;
    size_t some = size_t(std::min<uint64_t>(count, alike));
    if (most == 0) {
      *target = 0;
    } else if (masked) {
      (wide ? fillMasked<uint64_t> : fillMasked<uint32_t>)(generator, most, target, some);
    } else {
      (wide ? fillBounds<uint64_t> : fillBounds<uint32_t>)(generator, most, step, target, some);
    }
    most += uint64_t(int64_t(step)) * some;
    target += some;
    count -= some;
  }
}

}  // namespace tsmpi
