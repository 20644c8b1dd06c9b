// Normals and exponentials by the ziggurat (Marsaglia and Tsang, Journal of Statistical Software 5(8), 2000; layers
// numbered and bits used as NumPy does).
#pragma once
#include "random-source.h"

#include <cmath>
#include <cstring>

namespace tsmpi {

struct Layer {
  uint64_t k;
  double w, f;
};

struct LayerFloat {
  uint32_t k;
  float w, f;
};

#include "random-ziggurat.inc"

constexpr double normalEdge = 3.6541528853610087963519472518;
constexpr double normalEdgeInverse = 0.27366123732975827203338247596;
constexpr double exponentialEdge = 7.6971174701310497140446280481;

// Takes the sign from the highest bit of `word`, without a branch, which would be guessed wrong half the time.
inline double withSign(double size, uint64_t word) {
  uint64_t bits;
  memcpy(&bits, &size, sizeof bits);
  bits |= word & uint64_t(1) << 63;
  memcpy(&size, &bits, sizeof bits);
  return size;
}

inline float withSign(float size, uint32_t word) {
  uint32_t bits;
  memcpy(&bits, &size, sizeof bits);
  bits |= word & uint32_t(1) << 31;
  memcpy(&size, &bits, sizeof bits);
  return size;
}

// The first try of a normal, taken 98.8 % of the time: `x`, unless it lies at the rim of its layer.
struct NormalTry {
  unsigned layer;
  uint64_t magnitude;
  double x;
  explicit NormalTry(uint64_t word) : layer(word & 0xff), magnitude(word >> 9 & 0x000fffffffffffff) {
    x = withSign(double(int64_t(magnitude)) * normalLayers[layer].w, word << 55);
  }
  bool inside() const { return magnitude < normalLayers[layer].k; }
};

template <class Source>
double standardNormal(Source& source);

// What `first` comes to when it lies at the rim.
template <class Source>
__attribute__((noinline)) double normalAtRim(Source& source, NormalTry first) {
  if (first.layer == 0) {
    // The tail, Marsaglia (1964).
    for (;;) {
      double x = -normalEdgeInverse * log1p(-source.nextDouble());
      double y = -log1p(-source.nextDouble());
      if (y + y > x * x) return (first.magnitude >> 8 & 1) != 0 ? -(normalEdge + x) : normalEdge + x;
    }
  }
  double above = normalLayers[first.layer - 1].f, below = normalLayers[first.layer].f;
  if ((above - below) * source.nextDouble() + below < exp(-0.5 * first.x * first.x)) return first.x;
  return standardNormal(source);
}

template <class Source>
inline double standardNormal(Source& source) {
  NormalTry first(source.next64());
  return __builtin_expect(first.inside(), 1) ? first.x : normalAtRim(source, first);
}

struct ExponentialTry {
  unsigned layer;
  uint64_t magnitude;
  double x;
  explicit ExponentialTry(uint64_t word)
      : layer(word >> 3 & 0xff), magnitude(word >> 11), x(double(int64_t(magnitude)) * exponentialLayers[layer].w) {}
  bool inside() const { return magnitude < exponentialLayers[layer].k; }
};

template <class Source>
double standardExponential(Source& source);

template <class Source>
__attribute__((noinline)) double exponentialAtRim(Source& source, ExponentialTry first) {
  if (first.layer == 0) return exponentialEdge - log1p(-source.nextDouble());
  double above = exponentialLayers[first.layer - 1].f, below = exponentialLayers[first.layer].f;
  if ((above - below) * source.nextDouble() + below < exp(-first.x)) return first.x;
  return standardExponential(source);
}

template <class Source>
inline double standardExponential(Source& source) {
  ExponentialTry first(source.next64());
  return __builtin_expect(first.inside(), 1) ? first.x : exponentialAtRim(source, first);
}

// The same in single precision, from 32-bit draws.

inline float standardNormalFloat(HalfSource& source) {
  for (;;) {
    uint32_t draw = source.next32();
    unsigned layer = draw & 0xff;
    uint32_t magnitude = draw >> 9;
    float x = withSign(float(int32_t(magnitude)) * normalLayersFloat[layer].w, draw << 23);
    if (__builtin_expect(magnitude < normalLayersFloat[layer].k, 1)) return x;
    if (layer == 0) {
      for (;;) {
        float tail = -float(normalEdgeInverse) * log1pf(-source.nextFloat());
        float y = -log1pf(-source.nextFloat());
        if (y + y > tail * tail)
          return (magnitude >> 8 & 1) != 0 ? -(float(normalEdge) + tail) : float(normalEdge) + tail;
      }
    }
    float above = normalLayersFloat[layer - 1].f, below = normalLayersFloat[layer].f;
    // NumPy compares with a density in double precision here, though not for the exponentials.
    if ((above - below) * source.nextFloat() + below < exp(-0.5 * x * x)) return x;
  }
}

inline float standardExponentialFloat(HalfSource& source) {
  for (;;) {
    uint32_t draw = source.next32();
    unsigned layer = draw >> 1 & 0xff;
    uint32_t magnitude = draw >> 9;
    float x = float(int32_t(magnitude)) * exponentialLayersFloat[layer].w;
    if (__builtin_expect(magnitude < exponentialLayersFloat[layer].k, 1)) return x;
    if (layer == 0) return float(exponentialEdge) - log1pf(-source.nextFloat());
    float above = exponentialLayersFloat[layer - 1].f, below = exponentialLayersFloat[layer].f;
    if ((above - below) * source.nextFloat() + below < expf(-x)) return x;
  }
}

}  // namespace tsmpi
