/*
 * A rank leaves in two steps: `leaving` when its program ends (it reads no more, but still delivers what it has
 * sent), `finished` when that is done (nothing more comes from it).
 *
 * Two ranks send each other SENT messages, more than a ring holds; the library keeps the rest, so the programs go
 * on. Each receives 0, 1 or 2 of them and ends: world.ts's exit handler, Waiting.drain, Engine.finish.
 *
 * To be proved: both always end, and a receive is refused only when all that its sender had sent has been read.
 *
 * Faults that must be found: ONE_STEP (others learn only of `finished`: two ranks that both deliver to nobody wait
 * for ever), REFUSE_LEAVING (a receive from a rank that is still delivering is refused), LOOK_FIRST.
 */
#define SENT 2
#define CAP  1

#define JOINED   0
#define LEAVING  1
#define FINISHED 2

byte state[2];
bit  sleeping[2], bell[2];
byte ring[2];                           /* messages in the ring that this rank writes */
byte queue[2];                          /* messages of this rank that do not fit yet */
byte ended;

#ifdef ONE_STEP
#define NOT_READING FINISHED
#else
#define NOT_READING LEAVING
#endif
#ifdef REFUSE_LEAVING
#define NOT_WRITING LEAVING
#else
#define NOT_WRITING FINISHED
#endif

inline wakeOther() {
  if
  :: sleeping[other] == 0
  :: else ->
     atomic { was = sleeping[other]; sleeping[other] = 0 };
     if
     :: was -> bell[other] = 1
     :: else
     fi
  fi
}

inline progress() {
  moved = 0;
  do
  :: queue[me] > 0 && ring[me] < CAP ->                         /* Destination.push */
     d_step { queue[me]--; ring[me]++; moved = 1 };
     wakeOther()
  :: else -> break
  od;
  if
  :: wanted > 0 && ring[other] > 0 ->                           /* Source.poll; the head is reported at once */
     d_step { ring[other]--; wanted--; moved = 1 };
     wakeOther()
  :: else
  fi
}

/* States first, then what those ranks had sent, then judgement. */
inline failDoomed() {
  theirs = state[other];
  progress();
  found = moved;
  if
  :: theirs >= NOT_READING && queue[me] > 0 -> d_step { queue[me] = 0; found = 1 }
  :: else
  fi;
  if
  :: theirs >= NOT_WRITING && wanted > 0 && !moved ->
     d_step { assert(ring[other] == 0 && queue[other] == 0); wanted = 0; found = 1 }
  :: else
  fi
}

inline blockWhile(unfinished) {
  do
  :: !(unfinished) -> break
  :: else ->
     progress();
     if
     :: moved
     :: else ->
#ifndef LOOK_FIRST
        sleeping[me] = 1;
#endif
        failDoomed();
        if
        :: !found -> progress(); found = moved
        :: else
        fi;
#ifdef LOOK_FIRST
        sleeping[me] = 1;
#endif
        if
        :: found -> sleeping[me] = 0
        :: else ->
           bell[me];
           bell[me] = 0;
           sleeping[me] = 0;
           failDoomed()
        fi
     fi
  od
}

proctype Rank(byte me) {
  byte wanted, theirs;
  byte other = 1 - me;
  bit moved, found, was;
  progress();                                                   /* the sends */
  if
  :: wanted = 0
  :: wanted = 1
  :: wanted = 2
  fi;
  blockWhile(wanted > 0);                                       /* the receives */
#ifndef ONE_STEP
  state[me] = LEAVING;
  wakeOther();
#endif
  blockWhile(queue[me] > 0);                                    /* drain */
  state[me] = FINISHED;
  wakeOther();
  ended++
}

init { atomic { queue[0] = SENT; queue[1] = SENT; run Rank(0); run Rank(1) } }

ltl left { <> (ended == 2) }
