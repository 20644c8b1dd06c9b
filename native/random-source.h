// Draws of 64 and of 32 bits, taken from a block that a generator makes at once.
#pragma once
#include "random.h"

#include <algorithm>

namespace tsmpi {

// A fill takes at least one draw for each of its outputs. A block is therefore never longer than the outputs that are
// still `due`, and nothing drawn is left over at the end: the generator is where NumPy's would be.
constexpr size_t sourceBlock = 512;

// 64-bit words. `Twister`: MT19937, which makes numbers in [0, 1) another way.
template <bool Twister>
class Source {
 public:
  explicit Source(BitGenerator& generator) : generator(generator) {}
  size_t due = 1;

  uint64_t next64() {
    if (at == end) refill();
    return words[at++];
  }

  double nextDouble() { return asDouble(next64()); }

  // The words at hand, at least one and no more than are due, for a loop that has no time to ask for each.
  size_t ahead(const uint64_t*& first) {
    if (at == end) refill();
    first = words + at;
    return end - at;
  }
  void skip(size_t count) { at += count; }

  static double asDouble(uint64_t word) {
    // Signed, which converts faster.
    constexpr double unit = 1.0 / 9007199254740992.0;
    if (!Twister) return double(int64_t(word >> 11)) * unit;
    return (double(int64_t(word >> 37)) * 67108864.0 + double(int64_t(word >> 6 & 0x3ffffff))) * unit;
  }

 private:
  BitGenerator& generator;
  size_t at = 0, end = 0;
  uint64_t words[sourceBlock];

  __attribute__((noinline)) void refill() {
    at = 0;
    end = std::min(due, sourceBlock);
    drawWords(generator, words, end);
  }
};

// 32-bit draws.
class HalfSource {
 public:
  explicit HalfSource(BitGenerator& generator) : generator(generator) {}
  size_t due = 1;

  uint32_t next32() {
    if (at == end) refill();
    return halves[at++];
  }

  float nextFloat() { return asFloat(next32()); }

  static float asFloat(uint32_t half) { return float(int32_t(half >> 8)) * (1.0f / 16777216.0f); }

 private:
  BitGenerator& generator;
  size_t at = 0, end = 0;
  uint32_t halves[2 * sourceBlock];

  __attribute__((noinline)) void refill() {
    at = 0;
    end = std::min(due, 2 * sourceBlock);
    drawHalves(generator, halves, end);
  }
};

}  // namespace tsmpi
