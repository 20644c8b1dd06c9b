// Halves as floats, for the fake CUDA libraries of the tests.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

inline float bitsToFloat(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

inline uint32_t floatToBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

inline float fromHalf(uint16_t half) {
  float sign = half & 0x8000 ? -1.f : 1.f;
  int exponent = half >> 10 & 31, mantissa = half & 1023;
  if (exponent == 31) return mantissa ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
  return sign * std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
}

// To nearest, ties to even, as nearbyint does.
inline uint16_t toHalf(float value) {
  uint16_t sign = floatToBits(value) >> 16 & 0x8000;
  float size = std::fabs(value);
  if (std::isnan(value)) return 0x7fff;
  if (size == 0) return sign;
  if (size >= 65520.f) return sign | 0x7c00;
  int exponent = 0;
  std::frexp(size, &exponent);
  exponent = std::max(exponent - 1, -14);
  int steps = static_cast<int>(std::nearbyint(std::ldexp(static_cast<double>(size), 10 - exponent)));
  return sign | static_cast<uint16_t>(steps + (exponent + 14) * 1024);
}

inline float fromBfloat(uint16_t bits) { return bitsToFloat(static_cast<uint32_t>(bits) << 16); }

inline uint16_t toBfloat(float value) {
  if (std::isnan(value)) return 0x7fff;
  uint32_t bits = floatToBits(value);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
