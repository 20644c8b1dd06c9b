// Random orders and choices, as NumPy makes them.
//   shuffle    Durstenfeld, "Algorithm 235", CACM 7(7), 420 (1964)
//   distinct   Floyd's sampling: Bentley, "Programming pearls", CACM 30(9), 754-757 (1987)
#include "random-fill.h"

#include <algorithm>
#include <memory>
#include <new>
#include <numeric>
#include <utility>

namespace tsmpi {

// Draws at once: few of these bits are wasted, and they stay in the nearest cache.
constexpr size_t chunk = 1024;

template <class Element>
static void shuffleTyped(BitGenerator& generator, void* memory, size_t count, size_t first, bool masked) {
  Element* elements = static_cast<Element*>(memory);
  double draws[chunk];
  while (count > first) {
    size_t some = std::min(chunk, count - first);
    fillOrder(generator, count - 1, -1, masked, draws, some);
    for (size_t i = 0; i < some; i++) std::swap(elements[--count], elements[size_t(int64_t(draws[i]))]);
  }
}

void shuffleElements(BitGenerator& generator, void* elements, size_t bytes, size_t count, size_t first, bool masked) {
  switch (bytes) {
    case 1: return shuffleTyped<uint8_t>(generator, elements, count, first, masked);
    case 2: return shuffleTyped<uint16_t>(generator, elements, count, first, masked);
    case 4: return shuffleTyped<uint32_t>(generator, elements, count, first, masked);
    default: return shuffleTyped<uint64_t>(generator, elements, count, first, masked);
  }
}

// Memory that is written before it is read, and may be short.
template <class Number>
static std::unique_ptr<Number[]> numbers(size_t count) {
  return std::unique_ptr<Number[]>(new (std::nothrow) Number[count]);
}

template <class Number>
static bool fillShuffled(BitGenerator& generator, uint64_t most, double* target, size_t count) {
  size_t all = size_t(most) + 1, first = all - count;
  auto list = numbers<Number>(all);
  if (list == nullptr) return false;
  std::iota(list.get(), list.get() + all, Number(0));
  shuffleTyped<Number>(generator, list.get(), all, std::max<size_t>(first, 1), false);
  std::copy(list.get() + first, list.get() + all, target);
  return true;
}

// Numbers seen are kept in a table by open addressing, plus one; 0 is a free place.
template <class Number>
static bool fillByFloyd(BitGenerator& generator, uint64_t most, double* target, size_t count) {
  uint64_t bound = most + 1 - count;
  fillOrder(generator, bound, 1, false, target, count);
  size_t size = 2;
  while (size < 2 * count) size *= 2;
  auto table = numbers<Number>(size);
  if (table == nullptr) return false;
  std::fill_n(table.get(), size, Number(0));
  auto isNew = [&](uint64_t value) {
    Number kept = Number(value + 1);
    for (size_t place = size_t(value) & (size - 1);; place = (place + 1) & (size - 1)) {
      if (table[place] == kept) return false;
      if (table[place] != 0) continue;
      table[place] = kept;
      return true;
    }
  };
  for (size_t i = 0; i < count; i++, bound++) {
    // The greatest that might have been drawn cannot have been before.
    if (!isNew(uint64_t(target[i]))) isNew(uint64_t(target[i] = double(bound)));
  }
  return true;
}

bool fillDistinct(BitGenerator& generator, uint64_t most, bool shuffled, double* target, size_t count) {
  bool narrow = most < UINT32_MAX;
  if (shuffled) return (narrow ? fillShuffled<uint32_t> : fillShuffled<uint64_t>)(generator, most, target, count);
  return (narrow ? fillByFloyd<uint32_t> : fillByFloyd<uint64_t>)(generator, most, target, count);
}

}  // namespace tsmpi
