/*
 * The C peer of `tsmpi bench`: does what bench/programs/rank.ts does, with the same loops, data and validation.
 * Every rank reads its commands, one a line, from a fifo of its own, FOLDER/rank-N, and so sleeps without using a
 * core while another contender is measured; rank 0 answers on its standard output:
 *
 *   prepare OPERATION BYTES   ok
 *   run CALLS                 ok ROOT SLOWEST (microseconds that all calls took on rank 0 and on the slowest rank),
 *                             or: wrong, and what
 *   quit, or the end of the fifo
 *
 * `peer --start` only begins and ends MPI, to be timed from outside.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 64   /* messages in flight of bandwidth and bibandwidth */
#define BURST 1024  /* messages in flight of rate */
#define TAG 1

static int rank, size;
static int count; /* elements of one rank's contribution */
static double *source, *target;
static size_t source_length, target_length;
static double reply;
static MPI_Request requests[BURST + WINDOW];

/* Whole numbers whose sums over all ranks are exact, different for every rank and for neighbouring elements. */
static double element(int of, size_t i) { return (of + 1) * 1000.0 + (double)(i % 997); }

/* The sum of element i over ranks 0 to last. */
static double summed(int last, size_t i) {
  double ranks = last + 1;
  return 1000.0 * ranks * (ranks + 1) / 2 + ranks * (double)(i % 997);
}

/* ---- what is timed ---- */

static void latency(long calls) {
  for (long i = 0; i < calls; i++) {
    if (rank == 0) {
      MPI_Send(source, count, MPI_DOUBLE, 1, TAG, MPI_COMM_WORLD);
      MPI_Recv(target, count, MPI_DOUBLE, 1, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else if (rank == 1) {
      MPI_Recv(target, count, MPI_DOUBLE, 0, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      MPI_Send(source, count, MPI_DOUBLE, 0, TAG, MPI_COMM_WORLD);
    }
  }
}

static void one_way(long calls, int window) {
  for (long i = 0; i < calls; i++) {
    if (rank == 0) {
      for (int k = 0; k < window; k++)
        MPI_Isend(source, count, MPI_DOUBLE, 1, TAG, MPI_COMM_WORLD, &requests[k]);
      MPI_Waitall(window, requests, MPI_STATUSES_IGNORE);
      MPI_Recv(&reply, 1, MPI_DOUBLE, 1, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else if (rank == 1) {
      for (int k = 0; k < window; k++)
        MPI_Irecv(target, count, MPI_DOUBLE, 0, TAG, MPI_COMM_WORLD, &requests[k]);
      MPI_Waitall(window, requests, MPI_STATUSES_IGNORE);
      MPI_Send(&reply, 1, MPI_DOUBLE, 0, TAG, MPI_COMM_WORLD);
    }
  }
}

static void bandwidth(long calls) { one_way(calls, WINDOW); }
static void rate(long calls) { one_way(calls, BURST); }

static void bibandwidth(long calls) {
  if (rank > 1) return;
  for (long i = 0; i < calls; i++) {
    for (int k = 0; k < WINDOW; k++)
      MPI_Irecv(target, count, MPI_DOUBLE, 1 - rank, TAG, MPI_COMM_WORLD, &requests[k]);
    for (int k = 0; k < WINDOW; k++)
      MPI_Isend(source, count, MPI_DOUBLE, 1 - rank, TAG, MPI_COMM_WORLD, &requests[WINDOW + k]);
    MPI_Waitall(2 * WINDOW, requests, MPI_STATUSES_IGNORE);
  }
}

#define COLLECTIVE(name, call) \
  static void name(long calls) { for (long i = 0; i < calls; i++) call; }

COLLECTIVE(barrier, MPI_Barrier(MPI_COMM_WORLD))
COLLECTIVE(broadcast, MPI_Bcast(target, count, MPI_DOUBLE, 0, MPI_COMM_WORLD))
COLLECTIVE(scatter, MPI_Scatter(source, count, MPI_DOUBLE, target, count, MPI_DOUBLE, 0, MPI_COMM_WORLD))
COLLECTIVE(gather, MPI_Gather(source, count, MPI_DOUBLE, target, count, MPI_DOUBLE, 0, MPI_COMM_WORLD))
COLLECTIVE(allgather, MPI_Allgather(source, count, MPI_DOUBLE, target, count, MPI_DOUBLE, MPI_COMM_WORLD))
COLLECTIVE(alltoall, MPI_Alltoall(source, count, MPI_DOUBLE, target, count, MPI_DOUBLE, MPI_COMM_WORLD))
COLLECTIVE(reduce, MPI_Reduce(source, target, count, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD))
COLLECTIVE(allreduce, MPI_Allreduce(source, target, count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD))
COLLECTIVE(reduce_scatter, MPI_Reduce_scatter_block(source, target, count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD))
COLLECTIVE(scan, MPI_Scan(source, target, count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD))

/* ---- what the target must hold afterwards ---- */

static size_t whole(size_t i) { return i / (size_t)count; } /* which block element i lies in */
static size_t within(size_t i) { return i % (size_t)count; }

static double from_peer(size_t i) { return element(1 - rank, i); }
static double from_root(size_t i) { return element(0, i); }
static double root_block(size_t i) { return element(0, (size_t)rank * count + i); }
static double block_of_each(size_t i) { return element((int)whole(i), within(i)); }
static double my_block_of_each(size_t i) { return element((int)whole(i), (size_t)rank * count + within(i)); }
static double sum_of_all(size_t i) { return summed(size - 1, i); }
static double my_block_of_sum(size_t i) { return summed(size - 1, (size_t)rank * count + i); }
static double sum_so_far(size_t i) { return summed(rank, i); }

/* ---- the operations: which ranks get a result, and how many blocks a rank gives and gets ---- */

enum { nobody, everybody, root_only, pair, second };

static const struct operation {
  const char *name;
  void (*loop)(long calls);
  double (*expected)(size_t i);
  int receivers;
  int source_blocks, target_blocks; /* 0: one for each rank */
} operations[] = {
    {"latency", latency, from_peer, pair, 1, 1},
    {"bandwidth", bandwidth, from_peer, second, 1, 1},
    {"bibandwidth", bibandwidth, from_peer, pair, 1, 1},
    {"rate", rate, from_peer, second, 1, 1},
    {"barrier", barrier, NULL, nobody, 1, 1},
    {"broadcast", broadcast, from_root, everybody, 1, 1},
    {"scatter", scatter, root_block, everybody, 0, 1},
    {"gather", gather, block_of_each, root_only, 1, 0},
    {"allgather", allgather, block_of_each, everybody, 1, 0},
    {"alltoall", alltoall, my_block_of_each, everybody, 0, 0},
    {"reduce", reduce, sum_of_all, root_only, 1, 1},
    {"allreduce", allreduce, sum_of_all, everybody, 1, 1},
    {"reduce-scatter", reduce_scatter, my_block_of_sum, everybody, 0, 1},
    {"scan", scan, sum_so_far, everybody, 1, 1},
};

static const struct operation *operation;

static int receives(void) {
  switch (operation->receivers) {
    case everybody: return 1;
    case root_only: return rank == 0;
    case pair: return rank < 2;
    case second: return rank == 1;
    default: return 0;
  }
}

static double *allocate(size_t elements) {
  void *memory = NULL;
  if (posix_memalign(&memory, 4096, elements * sizeof(double)) != 0) {
    fprintf(stderr, "peer.c: no memory for %zu elements\n", elements);
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  return memory;
}

static const char *prepare(const char *name, long bytes) {
  operation = NULL;
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
    if (strcmp(operations[i].name, name) == 0) operation = &operations[i];
  if (operation == NULL) return "wrong: peer.c does not know this operation";
  count = (int)(bytes / (long)sizeof(double));
  free(source);
  free(target);
  source_length = (size_t)count * (operation->source_blocks == 0 ? size : 1);
  target_length = (size_t)count * (operation->target_blocks == 0 ? size : 1);
  source = allocate(source_length + 1);
  target = allocate(target_length + 1);
  for (size_t i = 0; i < source_length; i++) source[i] = element(rank, i);
  return "ok";
}

static void clear(void) {
  int is_source = operation->loop == broadcast && rank == 0;
  for (size_t i = 0; i < target_length; i++) target[i] = is_source ? element(0, i) : -1;
}

static int is_wrong(void) {
  if (!receives()) return 0;
  for (size_t i = 0; i < target_length; i++)
    if (target[i] != operation->expected(i)) return 1;
  return 0;
}

static void run(long calls) {
  clear();
  MPI_Barrier(MPI_COMM_WORLD);
  operation->loop(calls / 10 > 0 ? calls / 10 : 1);
  MPI_Barrier(MPI_COMM_WORLD);
  double start = MPI_Wtime();
  operation->loop(calls);
  double mine = (MPI_Wtime() - start) * 1e6, slowest;
  MPI_Barrier(MPI_COMM_WORLD);
  int wrong = is_wrong(), wrongs;
  MPI_Reduce(&mine, &slowest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
  MPI_Reduce(&wrong, &wrongs, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
  if (rank != 0) return;
  if (wrongs > 0) printf("wrong: the result on %d of %d ranks\n", wrongs, size);
  else printf("ok %.3f %.3f\n", mine, slowest);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (argc != 2) {
    fprintf(stderr, "usage: peer FOLDER | peer --start\n");
    MPI_Abort(MPI_COMM_WORLD, 2);
  }
  if (strcmp(argv[1], "--start") == 0) return MPI_Finalize();

  char line[256], name[64];
  snprintf(line, sizeof line, "%s/rank-%d", argv[1], rank);
  FILE *commands = fopen(line, "r");
  if (commands == NULL) {
    perror(line);
    MPI_Abort(MPI_COMM_WORLD, 2);
  }
  if (rank == 0) printf("ready\n");
  fflush(stdout);
  while (fgets(line, sizeof line, commands) != NULL && strncmp(line, "quit", 4) != 0) {
    long number;
    if (sscanf(line, "prepare %63s %ld", name, &number) == 2) {
      const char *answer = prepare(name, number);
      if (rank == 0) printf("%s\n", answer);
    } else if (operation != NULL && sscanf(line, "run %ld", &number) == 1) {
      run(number);
    } else if (rank == 0) {
      printf("wrong: the command %s", line);
    }
    fflush(stdout);
  }
  return MPI_Finalize();
}
