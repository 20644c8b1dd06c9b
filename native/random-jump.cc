// Jumps of MT19937: 2^128 draws at once. Its step T is linear over GF(2), so that T^(2^128) = p(T) for the polynomial
// p(t) = t^(2^128) mod phi(t), where phi is the characteristic polynomial of T; p(T) is applied by Horner's rule.
// Haramoto, Matsumoto, Nishimura, Panneton and L'Ecuyer, "Efficient jump ahead for F2-linear random number generators",
// INFORMS Journal on Computing 20(3), 385-390 (2008).
#include "random.h"

#include <cstring>
#include <vector>

namespace tsmpi {

constexpr size_t degree = 19937, stateWords = 624, middle = 397;
constexpr uint32_t twistBits = 0x9908b0df;

// Coefficients, 64 to a word, the constant first.
using Polynomial = std::vector<uint64_t>;
constexpr size_t wordsOfSquare = 2 * degree / 64 + 1;

static bool coefficient(const Polynomial& p, size_t power) { return (p[power / 64] >> power % 64 & 1) != 0; }

static void addShifted(Polynomial& sum, uint64_t word, size_t power) {
  sum[power / 64] ^= word << power % 64;
  if (power % 64 != 0) sum[power / 64 + 1] ^= word >> (64 - power % 64);
}

static Polynomial timesBinomial(const Polynomial& p, size_t high, size_t low) {
  Polynomial product(wordsOfSquare + 1);
  for (size_t i = 0; i < p.size(); i++) {
    if (p[i] == 0) continue;
    addShifted(product, p[i], 64 * i + high);
    addShifted(product, p[i], 64 * i + low);
  }
  return product;
}

// The powers that phi has beside t^19937, from the formula of Matsumoto and Nishimura, ACM TOMACS 8(1), 3-30 (1998),
// section 3.1, for w = 32, r = 31.
static std::vector<size_t> characteristicPowers() {
  Polynomial phi(wordsOfSquare + 1);
  phi[0] = 1;
  for (int bit = 0; bit < 31; bit++) {
    phi = timesBinomial(phi, stateWords - 1, middle - 1);
    phi[0] ^= twistBits >> bit & 1;
  }
  phi = timesBinomial(phi, stateWords, middle);
  phi[0] ^= twistBits >> 31;
  std::vector<size_t> powers;
  for (size_t power = 0; power < degree; power++) {
    if (coefficient(phi, power)) powers.push_back(power);
  }
  return powers;
}

static void squareModulo(Polynomial& p, const std::vector<size_t>& powers) {
  Polynomial square(wordsOfSquare + 2);
  for (size_t power = 0; power < degree; power++) {
    if (coefficient(p, power)) square[2 * power / 64] ^= uint64_t(1) << 2 * power % 64;
  }
  // From the top, a word at a time; what it is replaced by lies more than a word below it.
  for (size_t i = wordsOfSquare; i-- > degree / 64;) {
    size_t lowest = i == degree / 64 ? degree % 64 : 0;
    uint64_t word = square[i] >> lowest << lowest;
    square[i] ^= word;
    for (size_t power : powers) {
      // Shifted right by what the word lacks to t^19937, which only its empty end can lose.
      size_t at = 64 * i + lowest - degree + power;
      addShifted(square, word >> lowest, at);
    }
  }
  p = square;
}

static Polynomial jumpPolynomial() {
  std::vector<size_t> powers = characteristicPowers();
  Polynomial p(wordsOfSquare + 2);
  p[0] = 2;
  for (int i = 0; i < 128; i++) squareModulo(p, powers);
  return p;
}

void jumpMt19937(BitGenerator& generator) {
  static const Polynomial p = jumpPolynomial();
  size_t steps = degree - 1;
  while (!coefficient(p, steps)) steps--;
  // NumPy takes the key for a ring that begins at its position, whether or not that has been drawn from, and so do we.
  uint32_t* key = reinterpret_cast<uint32_t*>(generator.core);
  uint64_t& position = generator.core[stateWords / 2];
  size_t first = position % stateWords;
  uint32_t start[stateWords];
  for (size_t i = 0; i < stateWords; i++) start[i] = key[(first + i) % stateWords];
  // The state after each step begins one word further on.
  std::vector<uint32_t> words(degree + stateWords);
  memcpy(words.data(), start, sizeof start);
  for (size_t step = 0; step < steps; step++) {
    uint32_t* state = words.data() + step;
    uint32_t mixed = (state[0] & 0x80000000u) | (state[1] & 0x7fffffffu);
    state[stateWords] = state[middle] ^ mixed >> 1 ^ (-(state[1] & 1u) & twistBits);
    if (!coefficient(p, steps - 1 - step)) continue;
    for (size_t i = 0; i < stateWords; i++) state[1 + i] ^= start[i];
  }
  position = (first + steps) % stateWords;
  for (size_t i = 0; i < stateWords; i++) key[(position + i) % stateWords] = words[steps + i];
}

}  // namespace tsmpi
