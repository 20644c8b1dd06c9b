// Random numbers, bit for bit NumPy's. What the parts share: the state of a bit generator, which lies in memory that
// JavaScript owns (src/random/bit-generator.ts), and drawing words from it.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tsmpi {

enum RandomKind : uint32_t { kindPcg64, kindPcg64Dxsm, kindMt19937, kindPhilox, kindSfc64, randomKinds };

// Words that a scalar draw in JavaScript takes from, drawn ahead.
constexpr size_t blockWords = 64;

// Sizes of `core` in words, by kind: state and increment; the same; key and position; counter, key, buffer and
// position; three words of state and a counter.
constexpr size_t coreWords[randomKinds] = {4, 4, 313, 11, 4};

// Start of the memory. `core` is followed by a copy of it, from before the block was drawn, and by the block.
struct BitGenerator {
  uint32_t kind;
  // A 32-bit draw takes the low half of a word and leaves the high one for the next. MT19937 has no use for it.
  uint32_t hasHalf;
  uint32_t half;
  uint32_t reserved;
  uint64_t core[1];

  uint64_t* saved() { return core + coreWords[kind]; }
  uint64_t* block() { return core + 2 * coreWords[kind]; }
  static constexpr size_t bytes(uint32_t kind) { return 16 + 8 * (2 * coreWords[kind] + blockWords); }
};

// The next `count` 64-bit words.
void drawWords(BitGenerator& generator, uint64_t* words, size_t count);
// The next `count` 32-bit draws: halves of words, or what MT19937 makes.
void drawHalves(BitGenerator& generator, uint32_t* halves, size_t count);
// Goes on by so many of what the generator makes: 64-bit words, or 32-bit ones of MT19937.
void skipUnits(BitGenerator& generator, size_t count);

// From `seed` (SeedSequence.generateState), as each of NumPy's constructors has it.
void seedGenerator(BitGenerator& generator, const uint64_t* seed);
// The number of 64-bit words (for MT19937: 32-bit ones) that `seedGenerator` takes.
constexpr size_t seedWords[randomKinds] = {4, 4, 624, 2, 3};

// PCG64 and PCG64DXSM: by `delta` steps of the period 2^128; Philox: its 256-bit counter.
void advanceGenerator(BitGenerator& generator, const uint64_t* delta);
// MT19937: by 2^128 draws.
void jumpMt19937(BitGenerator& generator);

}  // namespace tsmpi
