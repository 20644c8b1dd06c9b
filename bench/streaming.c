/*
 * What streaming stores bring where two processes pass an array through shared memory (src/transport/shared-writer.ts):
 *
 *     gcc -O2 bench/streaming.c -o streaming
 *     GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=1073741824 ./streaming 65536
 *
 * Ping-pong of so many bytes between cores 0 and 1, by memcpy and by streaming stores in turn: medians of half a round trip, and
 * of the writer's copy alone, microseconds. How far the cores are from each other tells bench/peers/lineprobe.c.
 */
#define _GNU_SOURCE
#include <emmintrin.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BUFFERS 8
#define TURNS 3000

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec * 1e-3;
}

static int compare(const void* a, const void* b) {
  double x = *(const double*)a, y = *(const double*)b;
  return x < y ? -1 : x > y;
}

static void stream(char* to, const char* from, size_t count) {
  for (size_t i = 0; i < count; i += 16)
    _mm_stream_si128((__m128i*)(to + i), _mm_loadu_si128((const __m128i*)(from + i)));
  _mm_sfence();
}

static void measure(size_t bytes, int streams) {
  size_t ring = bytes * BUFFERS;
  char* shared = mmap(NULL, 2 * ring + 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  memset(shared, 1, 2 * ring + 8192);
  char* source = aligned_alloc(4096, bytes);
  char* target = aligned_alloc(4096, bytes);
  memset(source, 2, bytes);
  memset(target, 3, bytes);
  int me = fork() == 0;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(me, &set);
  sched_setaffinity(0, sizeof set, &set);
  char* rings[2] = {shared, shared + ring};
  /* Pages of their own: a line that both write would be measured, too. */
  atomic_int* flags[2] = {(atomic_int*)(shared + 2 * ring), (atomic_int*)(shared + 2 * ring + 4096)};
  atomic_store(flags[me], 0);
  static double turns[TURNS], writes[TURNS];
  for (int i = 1; i <= TURNS; i++) {
    double began = now();
    size_t at = (i % BUFFERS) * bytes;
    for (int half = 0; half < 2; half++) {
      if (half == me) {
        source[i % bytes] = (char)i;
        double start = now();
        if (streams) stream(rings[me] + at, source, bytes);
        else memcpy(rings[me] + at, source, bytes);
        writes[i - 1] = now() - start;
        atomic_store(flags[me], i);
      } else {
        while (atomic_load(flags[half]) != i) _mm_pause();
        memcpy(target, rings[half] + at, bytes);
      }
    }
    turns[i - 1] = (now() - began) / 2;
  }
  if (me) _exit(0);
  wait(NULL);
  qsort(turns, TURNS, sizeof *turns, compare);
  qsort(writes, TURNS, sizeof *writes, compare);
  printf("%zu bytes, %s: half a round trip %.2f, the copy %.2f\n", bytes, streams ? "streamed" : "memcpy  ",
         turns[TURNS / 2], writes[TURNS / 2]);
  fflush(stdout);
  munmap(shared, 2 * ring + 8192);
}

int main(int count, char** words) {
  long bytes = count > 1 ? atol(words[1]) : 65536;
  if (bytes < 16 || bytes % 16 != 0) {
    fprintf(stderr, "expected a multiple of 16 bytes\n");
    return 2;
  }
  for (int i = 0; i < 6; i++) measure((size_t)bytes, i % 2);
  return 0;
}
