// The five bit generators: how each makes words from its state.
//   PCG64      O'Neill, "PCG: a family of simple fast space-efficient statistically good algorithms for random number
//              generation", Harvey Mudd College HMC-CS-2014-0905 (2014): XSL-RR 128/64; DXSM is its later output
//   MT19937    Matsumoto and Nishimura, ACM TOMACS 8(1), 3-30 (1998)
//   Philox     Salmon and others, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011): 4x64, 10 rounds
//   SFC64      Doty-Humphrey's small fast chaotic generator, from PractRand
#include "random.h"

#include <algorithm>
#include <cstring>

namespace tsmpi {

using uint128_t = unsigned __int128;

static uint128_t wide(const uint64_t* words) { return uint128_t(words[1]) << 64 | words[0]; }
static void store(uint64_t* words, uint128_t value) {
  words[0] = uint64_t(value);
  words[1] = uint64_t(value >> 64);
}

// --- PCG64: core = state, increment (low word first) ---

constexpr uint64_t cheapMultiplier = 0xda942042e4dd58b5;

struct XslRr {
  static constexpr uint128_t multiplier = uint128_t(0x2360ed051fc65da4) << 64 | 0x4385df649fccf645;
  // Whether a word is made of the state before the step or of the one after it.
  static constexpr bool before = false;
  static uint64_t output(uint128_t state) {
    uint64_t value = uint64_t(state >> 64) ^ uint64_t(state);
    unsigned rotation = unsigned(state >> 122);
    return value >> rotation | value << (-rotation & 63);
  }
};

struct Dxsm {
  static constexpr uint128_t multiplier = cheapMultiplier;
  static constexpr bool before = true;
  static uint64_t output(uint128_t state) {
    uint64_t high = uint64_t(state >> 64);
    high ^= high >> 32;
    high *= cheapMultiplier;
    high ^= high >> 48;
    return high * (uint64_t(state) | 1);
  }
};

// state -> state * multiplier + increment, `delta` times (Brown, "Random number generation with arbitrary strides",
// Transactions of the American Nuclear Society 71 (1994)).
struct Stride {
  uint128_t multiplier = 1, increment = 0;
  Stride(uint128_t stepMultiplier, uint128_t stepIncrement, uint128_t delta) {
    for (; delta != 0; delta >>= 1) {
      if ((delta & 1) != 0) {
        multiplier *= stepMultiplier;
        increment = increment * stepMultiplier + stepIncrement;
      }
      stepIncrement *= stepMultiplier + 1;
      stepMultiplier *= stepMultiplier;
    }
  }
  uint128_t of(uint128_t state) const { return state * multiplier + increment; }
};

// Steps depend on one another, which leaves most of a core idle. Several lanes, one step apart and each striding over
// the others, keep it busy.
template <class Pcg>
static void drawPcg(uint64_t* core, uint64_t* words, size_t count) {
  constexpr size_t lanes = 4;
  uint128_t increment = wide(core + 2);
  Stride one(Pcg::multiplier, increment, 1);
  uint128_t state = wide(core);
  if (count == 0) return;
  if (!Pcg::before) state = one.of(state);
  if (count > 4 * lanes) {
    Stride stride(Pcg::multiplier, increment, lanes);
    uint128_t lane0 = state, lane1 = one.of(lane0), lane2 = one.of(lane1), lane3 = one.of(lane2);
    do {
      words[0] = Pcg::output(lane0);
      words[1] = Pcg::output(lane1);
      words[2] = Pcg::output(lane2);
      words[3] = Pcg::output(lane3);
      lane0 = stride.of(lane0);
      lane1 = stride.of(lane1);
      lane2 = stride.of(lane2);
      lane3 = stride.of(lane3);
      words += lanes;
      count -= lanes;
    } while (count > lanes);
    state = lane0;
  }
  while (--count > 0) {
    *words++ = Pcg::output(state);
    state = one.of(state);
  }
  *words = Pcg::output(state);
  store(core, Pcg::before ? one.of(state) : state);
}

// Both start with the steps of PCG64.
static void seedPcg(uint64_t* core, const uint64_t* seed) {
  // The words of a pair come high one first.
  uint128_t start = uint128_t(seed[0]) << 64 | seed[1];
  uint128_t increment = (uint128_t(seed[2]) << 64 | seed[3]) << 1 | 1;
  store(core, (increment + start) * XslRr::multiplier + increment);
  store(core + 2, increment);
}

template <class Pcg>
static void advancePcg(uint64_t* core, const uint64_t* delta) {
  store(core, Stride(Pcg::multiplier, wide(core + 2), wide(delta)).of(wide(core)));
}

// --- MT19937: core = 624 words of 32 bits, and how many of them are used up ---

constexpr size_t mtWords = 624, mtMiddle = 397;

static inline uint32_t twist(uint32_t upper, uint32_t lower, uint32_t middle) {
  uint32_t mixed = (upper & 0x80000000u) | (lower & 0x7fffffffu);
  return middle ^ mixed >> 1 ^ (-(lower & 1u) & 0x9908b0dfu);
}

static void renewMt19937(uint32_t* key) {
  for (size_t i = 0; i < mtWords - mtMiddle; i++) key[i] = twist(key[i], key[i + 1], key[i + mtMiddle]);
  for (size_t i = mtWords - mtMiddle; i < mtWords - 1; i++)
    key[i] = twist(key[i], key[i + 1], key[i + mtMiddle - mtWords]);
  key[mtWords - 1] = twist(key[mtWords - 1], key[0], key[mtMiddle - 1]);
}

static inline uint32_t temper(uint32_t word) {
  word ^= word >> 11;
  word ^= word << 7 & 0x9d2c5680u;
  word ^= word << 15 & 0xefc60000u;
  return word ^ word >> 18;
}

static void drawMt19937(uint64_t* core, uint32_t* words, size_t count) {
  uint32_t* key = reinterpret_cast<uint32_t*>(core);
  size_t used = core[mtWords / 2];
  while (count > 0) {
    if (used == mtWords) {
      renewMt19937(key);
      used = 0;
    }
    size_t some = std::min(count, mtWords - used);
    for (size_t i = 0; i < some; i++) words[i] = temper(key[used + i]);
    used += some;
    words += some;
    count -= some;
  }
  core[mtWords / 2] = used;
}

static void skipMt19937(uint64_t* core, size_t count) {
  for (uint64_t& used = core[mtWords / 2]; count > 0;) {
    if (used == mtWords) {
      renewMt19937(reinterpret_cast<uint32_t*>(core));
      used = 0;
    }
    size_t some = std::min<size_t>(count, mtWords - used);
    used += some;
    count -= some;
  }
}

static void seedMt19937(uint64_t* core, const uint64_t* seed) {
  memcpy(core, seed, 4 * mtWords);
  // Only the highest bit of the first word counts; set, so that not all are zero.
  *reinterpret_cast<uint32_t*>(core) = 0x80000000u;
  // NumPy's count ends one short here, so that the first draw is the last word.
  core[mtWords / 2] = mtWords - 1;
}

// --- Philox4x64-10: core = counter (4), key (2), buffer (4), how many of the buffer are used up ---

struct Philox {
  static constexpr uint64_t multiplier0 = 0xd2e7470ee14c6c93, multiplier1 = 0xca5a826395121157;
  static constexpr uint64_t weyl0 = 0x9e3779b97f4a7c15, weyl1 = 0xbb67ae8584caa73b;

  static void count(uint64_t* counter) {
    for (int i = 0; i < 4 && ++counter[i] == 0; i++) continue;
  }

  static void generate(const uint64_t* counter, const uint64_t* key, uint64_t* out) {
    uint64_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
      uint128_t product0 = uint128_t(multiplier0) * c0, product1 = uint128_t(multiplier1) * c2;
      c0 = uint64_t(product1 >> 64) ^ c1 ^ k0;
      c1 = uint64_t(product1);
      c2 = uint64_t(product0 >> 64) ^ c3 ^ k1;
      c3 = uint64_t(product0);
      k0 += weyl0;
      k1 += weyl1;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
  }
};

static void drawPhilox(uint64_t* core, uint64_t* words, size_t count) {
  uint64_t *counter = core, *key = core + 4, *buffer = core + 6, &used = core[10];
  while (count > 0) {
    if (used == 4 && count > 4) {
      Philox::count(counter);
      Philox::generate(counter, key, words);
      words += 4;
      count -= 4;
      continue;
    }
    if (used == 4) {
      Philox::count(counter);
      Philox::generate(counter, key, buffer);
      used = 0;
    }
    *words++ = buffer[used++];
    count--;
  }
}

static void seedPhilox(uint64_t* core, const uint64_t* seed) {
  memset(core, 0, 8 * coreWords[kindPhilox]);
  core[4] = seed[0];
  core[5] = seed[1];
  core[10] = 4;
}

// NumPy adds to the counter and throws the rest of the buffer away.
static void advancePhilox(uint64_t* core, const uint64_t* delta) {
  uint64_t carry = 0;
  for (int i = 0; i < 4; i++) {
    uint128_t sum = uint128_t(core[i]) + delta[i] + carry;
    core[i] = uint64_t(sum);
    carry = uint64_t(sum >> 64);
  }
  memset(core + 6, 0, 4 * sizeof *core);
  core[10] = 4;
}

// --- SFC64: core = a, b, c, counter ---

static void drawSfc64(uint64_t* core, uint64_t* words, size_t count) {
  uint64_t a = core[0], b = core[1], c = core[2], counter = core[3];
  for (size_t i = 0; i < count; i++) {
    uint64_t word = a + b + counter++;
    a = b ^ b >> 11;
    b = c + (c << 3);
    c = (c << 24 | c >> 40) + word;
    words[i] = word;
  }
  core[0] = a, core[1] = b, core[2] = c, core[3] = counter;
}

static void seedSfc64(uint64_t* core, const uint64_t* seed) {
  uint64_t mixed[12];
  memcpy(core, seed, 3 * sizeof *core);
  core[3] = 1;
  drawSfc64(core, mixed, 12);
}

// --- whichever it is ---

void drawWords(BitGenerator& generator, uint64_t* words, size_t count) {
  switch (generator.kind) {
    case kindPcg64: return drawPcg<XslRr>(generator.core, words, count);
    case kindPcg64Dxsm: return drawPcg<Dxsm>(generator.core, words, count);
    case kindPhilox: return drawPhilox(generator.core, words, count);
    case kindSfc64: return drawSfc64(generator.core, words, count);
    default:
      drawMt19937(generator.core, reinterpret_cast<uint32_t*>(words), 2 * count);
      // The first of two is the high half.
      for (size_t i = 0; i < count; i++) words[i] = words[i] << 32 | words[i] >> 32;
  }
}

void drawHalves(BitGenerator& generator, uint32_t* halves, size_t count) {
  if (generator.kind == kindMt19937) return drawMt19937(generator.core, halves, count);
  if (count > 0 && generator.hasHalf != 0) {
    generator.hasHalf = 0;
    *halves++ = generator.half;
    count--;
  }
  constexpr size_t some = 256;
  uint64_t words[some];
  while (count > 1) {
    size_t pairs = std::min(count / 2, some);
    drawWords(generator, words, pairs);
    memcpy(halves, words, 8 * pairs);
    halves += 2 * pairs;
    count -= 2 * pairs;
    // Used up, but part of the state that NumPy shows.
    generator.half = halves[-1];
  }
  if (count > 0) {
    drawWords(generator, words, 1);
    *halves = uint32_t(words[0]);
    generator.hasHalf = 1;
    generator.half = uint32_t(words[0] >> 32);
  }
}

void skipUnits(BitGenerator& generator, size_t count) {
  if (generator.kind == kindMt19937) return skipMt19937(generator.core, count);
  uint64_t words[blockWords];
  for (; count > 0; count -= std::min(count, blockWords)) drawWords(generator, words, std::min(count, blockWords));
}

void seedGenerator(BitGenerator& generator, const uint64_t* seed) {
  switch (generator.kind) {
    case kindPcg64:
    case kindPcg64Dxsm: return seedPcg(generator.core, seed);
    case kindMt19937: return seedMt19937(generator.core, seed);
    case kindPhilox: return seedPhilox(generator.core, seed);
    default: return seedSfc64(generator.core, seed);
  }
}

void advanceGenerator(BitGenerator& generator, const uint64_t* delta) {
  generator.hasHalf = generator.half = 0;
  switch (generator.kind) {
    case kindPcg64: return advancePcg<XslRr>(generator.core, delta);
    case kindPcg64Dxsm: return advancePcg<Dxsm>(generator.core, delta);
    default: return advancePhilox(generator.core, delta);
  }
}

}  // namespace tsmpi
