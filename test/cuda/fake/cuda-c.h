// What CUDA C has and C++ has not, so that a kernel's text runs on the host: a block is as many threads of the host.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <pthread.h>
#include <thread>
#include <vector>

#define __device__
#define __global__
#define __forceinline__ inline
#define __shared__ static

struct Place {
  unsigned x;
};
inline thread_local Place threadIdx;
inline Place blockIdx, blockDim, gridDim;
inline pthread_barrier_t barrier;
inline void __syncthreads() { pthread_barrier_wait(&barrier); }

template <typename To, typename From> To sameBits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}
inline float __uint_as_float(unsigned bits) { return sameBits<float>(bits); }
inline float __int_as_float(int bits) { return sameBits<float>(bits); }
inline unsigned __float_as_uint(float x) { return sameBits<unsigned>(x); }
inline double __longlong_as_double(long long bits) { return sameBits<double>(bits); }
inline int __float2int_rz(float x) { return static_cast<int>(x); }
inline unsigned __float2uint_rz(float x) { return static_cast<unsigned>(x); }
inline long long __float2ll_rz(float x) { return static_cast<long long>(x); }
inline unsigned long long __float2ull_rz(float x) { return static_cast<unsigned long long>(x); }
inline int __double2int_rz(double x) { return static_cast<int>(x); }
inline unsigned __double2uint_rz(double x) { return static_cast<unsigned>(x); }
inline long long __double2ll_rz(double x) { return static_cast<long long>(x); }
inline unsigned long long __double2ull_rz(double x) { return static_cast<unsigned long long>(x); }
using std::max;
using std::min;

// Runs a kernel as a launch of so many blocks would, one block after the other.
template <typename Kernel> void launch(unsigned blocks, unsigned threads, Kernel kernel) {
  blockDim = {threads};
  gridDim = {blocks};
  pthread_barrier_init(&barrier, nullptr, threads);
  for (unsigned block = 0; block < blocks; block++) {
    blockIdx = {block};
    std::vector<std::thread> running;
    for (unsigned thread = 0; thread < threads; thread++)
      running.emplace_back([thread, &kernel] {
        threadIdx = {thread};
        kernel();
      });
    for (std::thread& one : running) one.join();
  }
  pthread_barrier_destroy(&barrier);
}
