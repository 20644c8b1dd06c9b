/*
 * The barrier in shared memory (src/comm/barrier.ts): SharedBarrier.arrive and run, with BarrierWatch, and how its ranks sleep.
 *
 * Three ranks call ROUNDS barriers in a row. Then they free the communicator, and ranks 0 and 1 make a new one on
 * the same slot (Core.free, SharedBarrier's constructor) and call AGAIN barriers there, while rank 2 may still be
 * asleep in the last old one. Slots keep their numbers, so the new communicator counts on from the old one.
 *
 * The words of a slot are accessed with Atomics only, hence in sequence. `entered` is for the proof: whoever leaves
 * barrier k finds that every rank of the communicator has entered it. Who is left behind stands in an invalid end
 * state, for the number of barriers is finite.
 *
 * Faults that must be found: RESET_LATE, LOOK_FIRST, WAKE_ONE, EQUAL, OVERLAP.
 */
#ifndef ROUNDS
#define ROUNDS 3
#endif
#define AGAIN  2
#define RANKS  3

bit  sleeping[RANKS], bell[RANKS];
byte arrivals, completed;               /* the slot */
byte entered[RANKS];                    /* number of the barrier that a rank has entered last */
byte ended;

#ifdef EQUAL
#define READY (completed == count)      /* fault: a later barrier may have been completed by others */
#else
#define READY (completed >= count)
#endif

inline wake(rank) {                     /* Engine.wake */
  if
  :: sleeping[rank] == 0
  :: else ->
     atomic { was = sleeping[rank]; sleeping[rank] = 0 };
     if
     :: was -> bell[rank] = 1
     :: else
     fi
  fi
}

/* Rank 0 itself leaves early under the fault OVERLAP, on purpose; what counts is whether others then do. */
#ifdef OVERLAP
#define OVERLAPPING (me == 0)
#else
#define OVERLAPPING 0
#endif

inline barrier(size) {
  d_step { count++; entered[me] = count };
  atomic { arrived = arrivals; arrivals++ };                    /* Atomics.add */
  if
  :: arrived == size - 1 ->                                     /* the last one */
#ifdef RESET_LATE
     completed = count;                                         /* fault: others may arrive at the next one already */
     arrivals = 0;
#else
     arrivals = 0;
     completed = count;
#endif
     other = 0;
     do
     :: other < size ->
        if
        :: other != me -> wake(other)
        :: else
        fi;
        other++;
#ifdef WAKE_ONE
        if
        :: other > me + 1 || (me > 0 && other == 1) -> break    /* fault: one is enough */
        :: else
        fi
#endif
     :: else -> break
     od;
     other = 0
#ifdef OVERLAP
  :: arrived != size - 1 && me == 0 && count < ROUNDS           /* fault: a second barrier before the first is over */
#endif
  :: else ->
     do
     :: READY -> break                                          /* look; then Waiting.lastLook, and sleep */
     :: else ->
#ifdef LOOK_FIRST
        sleeping[me] = 1;
#else
        sleeping[me] = 1;
        if
        :: READY -> sleeping[me] = 0; break
        :: else
        fi;
#endif
        bell[me];
        bell[me] = 0;
        sleeping[me] = 0
     od;
  fi;
  atomic {
    arrived = 0;
    other = 0;
    do
    :: other < size -> assert(entered[other] >= count || OVERLAPPING); other++
    :: else -> break
    od;
    other = 0
  }
}
proctype Rank(byte me) {
  byte count, round, arrived, other;
  bit was;
  for (round : 1 .. ROUNDS) { barrier(RANKS) }
  if
  :: me < 2 ->
     count = completed;                                         /* new SharedBarrier */
     for (round : 1 .. AGAIN) { barrier(2) }
  :: else
  fi;
  ended++
}

init { atomic { run Rank(0); run Rank(1); run Rank(2) } }

ltl passed { <> (ended == 3) }
