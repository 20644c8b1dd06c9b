/*
 * Tells how far apart the first two cores are at this moment: for every line on its standard input it bounces a
 * cache line between two processes bound to them for some 100 us and prints the nanoseconds that one hand-over
 * takes. On a virtual machine the host moves the cores about, and everything that goes through shared memory
 * changes speed with it. Between probes both processes sleep.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define CHUNKS 12
#define ROUND_TRIPS 60

#if defined(__x86_64__) || defined(__i386__)
#define PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("yield")
#else
#define PAUSE() ((void)0)
#endif

static double nanoseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

/* Binds this process to the n-th core that it may use. */
static void bind_to(int n) {
  cpu_set_t allowed, one;
  sched_getaffinity(0, sizeof allowed, &allowed);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &allowed) && n-- == 0) CPU_SET(cpu, &one);
  if (CPU_COUNT(&one) == 0) {
    fprintf(stderr, "lineprobe needs two cores\n");
    exit(1);
  }
  sched_setaffinity(0, sizeof one, &one);
}

static void await(_Atomic unsigned *word, unsigned value) {
  while (atomic_load_explicit(word, memory_order_acquire) != value) PAUSE();
}

int main(void) {
  _Atomic unsigned *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int wake[2];
  char line[64];
  if (word == MAP_FAILED || pipe(wake) != 0) return 1;
  unsigned turn = 0;
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bind_to(1);
    close(wake[1]);
    while (read(wake[0], line, 1) == 1)
      for (int i = 0; i < CHUNKS * ROUND_TRIPS; i++, turn += 2) {
        await(word, turn + 1);
        atomic_store_explicit(word, turn + 2, memory_order_release);
      }
    return 0;
  }
  close(wake[0]);
  bind_to(0);
  while (fgets(line, sizeof line, stdin) != NULL) {
    double least = 1e9;
    if (write(wake[1], "x", 1) != 1) return 1;
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
      double start = nanoseconds();
      for (int i = 0; i < ROUND_TRIPS; i++, turn += 2) {
        atomic_store_explicit(word, turn + 1, memory_order_release);
        await(word, turn + 2);
      }
      double taken = (nanoseconds() - start) / ROUND_TRIPS / 2;
      if (taken < least) least = taken;
    }
    printf("%.1f\n", least);
    fflush(stdout);
  }
  return 0;
}
