/*
 * Publishing without a fence (src/transport/publish.ts, native/fence.cc), on the store buffers of x86.
 *
 * Ranks 1 and 2 publish N messages each for rank 0: a payload, then a marker, by plain stores; then they look whether
 * rank 0 sleeps. Stores reach memory later, in the order made, and may stay in the buffer while the load of the flag
 * goes ahead. So rank 0, about to sleep, first stores its flag and then makes the others pass a fence (membarrier),
 * which empties their buffers, before it looks once more: Waiting.lastLook.
 *
 * A buffer is a count of messages stored and not yet in memory. Locked instructions (Atomics.store, exchange) empty the
 * buffer of the processor that runs them. membarrier reaches one processor after the other. Who is left sleeping
 * stands in an invalid end state.
 *
 * Faults that must be found: NO_FENCE, FENCE_FIRST, DEAF, LOOK_FIRST, REORDER.
 */
#ifndef N
#define N 3
#endif

byte stored[3];                         /* messages of ranks 1 and 2 */
byte payloads[3], markers[3];           /* how many of them have reached memory */
bit  sleeping, bell;
byte ended;

inline drain(rank) { d_step { payloads[rank] = stored[rank]; markers[rank] = stored[rank] } }

proctype Publisher(byte me) {
  byte sent;
  bit was;
  do
  :: sent == N -> break
  :: else ->
     d_step { sent++; stored[me] = sent };                      /* words[index] = value */
     if
     :: sleeping == 0                                           /* Atomics.load: no fence on x86 */
     :: else ->
        atomic { drain(me); was = sleeping; sleeping = 0 };     /* Atomics.exchange */
        if
        :: was -> bell = 1
        :: else
        fi
     fi
  od;
  ended++
}

/* A processor's buffer empties when it pleases. */
proctype Buffer(byte who) {
end:
  do
#ifdef REORDER
  :: atomic { markers[who] < stored[who] -> markers[who]++ }       /* fault: another order of stores, as on ARM */
#else
  :: atomic { markers[who] < payloads[who] -> markers[who]++ }
#endif
  :: atomic { payloads[who] < stored[who] -> payloads[who]++ }
  od
}

inline look() {
  if
  :: got[1] < markers[1] -> assert(got[1] < payloads[1]); got[1]++; moved = 1
  :: else
  fi;
  if
  :: got[2] < markers[2] -> assert(got[2] < payloads[2]); got[2]++; moved = 1
  :: else
  fi
}

inline fenceAll() {
  drain(1);
#ifndef DEAF                            /* fault: rank 2 has not said that it accepts fences */
  drain(2)
#endif
}

proctype Sleeper() {
  byte got[3];
  bit moved;
  do
  :: got[1] == N && got[2] == N -> break
  :: else ->
     moved = 0;
     look();
     if
     :: moved
     :: else ->
#ifdef FENCE_FIRST
        fenceAll();                     /* fault: what is stored between the fence and the flag is missed */
#endif
        sleeping = 1;                                           /* Atomics.store */
#if !defined(NO_FENCE) && !defined(FENCE_FIRST)
        fenceAll();
#endif
#ifndef LOOK_FIRST                      /* fault: the look was before */
        look();
#endif
        if
        :: moved -> sleeping = 0
        :: else ->
           bell;                                                /* sleepOnDoorbell, or the event loop */
           bell = 0;
           sleeping = 0
        fi
     fi
  od;
  ended++
}

init { atomic { run Sleeper(); run Publisher(1); run Publisher(2); run Buffer(1); run Buffer(2) } }

ltl served { <> (ended == 3) }
