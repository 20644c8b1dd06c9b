/*
 * Doorbells: ranks 1 and 2 send N messages each to rank 0, and everybody sleeps whenever nothing can be done.
 *
 *   wake            Engine.wake
 *   Producer        Destination.push in Waiting.blockWhile: publish, wake; without room lastLook and sleep
 *   Receiver        Waiting.look, fallAsleep, rung (event loop); blockWhile (blocking); kick, awake, lastLook
 *   progress        Engine.progress with Source.poll and InRing.release, whose report wakes the producer
 *
 * A ring is two counters here (ring.pml is about what is inside): CAP frames fit, the head is reported after REPORT.
 * Every word is read and written with Atomics, which are sequentially consistent, and a bell is an eventfd: `bell` is
 * 1 while its counter is above 0, poll(2) waits for that, clear() makes it 0. Spinning before sleep is left out: a
 * look without news changes nothing.
 *
 * The number of messages is finite, so whoever sleeps for ever while there is something for it stands in an invalid
 * end state. `ltl served` says the same of every fair run: it ends.
 *
 * WAY: 1 everything awaited (event loop), 2 everything blocking, 3 rank 1's messages awaited while those of rank 2
 * are received by blocking calls at any moment.
 *
 * Faults that must be found: LOOK_FIRST, FLAG_EARLY, WAKE_ONE, SILENT_REPORT, NO_KICK.
 */
#ifndef WAY
#define WAY 3
#endif
#ifndef N
#define N 3
#endif
#define CAP    2
#define REPORT 2                        /* at most CAP: what is not reported must leave room for a frame */

bit  sleeping[3];
bit  bell[3];
byte tail[3], head[3];                  /* of the rings from 1 and 2 to 0: frames published, frames reported read */
byte ended;

/* Rings a rank's doorbell if it sleeps. */
inline wake(rank) {
  if
  :: sleeping[rank] == 0                                        /* Atomics.load */
  :: else ->
     atomic { was = sleeping[rank]; sleeping[rank] = 0 };       /* Atomics.exchange */
     if
     :: was -> bell[rank] = 1                                   /* write(eventfd) */
     :: else
     fi
  fi
}

proctype Producer(byte me) {
  byte sent;
  bit was;
#ifdef FLAG_EARLY
  bit early;
#endif
  do
  :: sent == N -> break
  :: else ->
     if
     :: sent - head[me] < CAP ->                                /* reserve */
publish: skip;
#ifdef FLAG_EARLY
        early = sleeping[0];                                    /* fault: looks at the flag, then publishes */
        d_step { sent++; tail[me] = sent };
        if
        :: early -> wake(0)
        :: else
        fi
#else
        d_step { sent++; tail[me] = sent };                     /* publish */
        wake(0)
#endif
     :: else ->
#ifndef LOOK_FIRST
        sleeping[me] = 1;                                       /* lastLook: first the announcement, then the look */
        if
        :: sent - head[me] < CAP -> sleeping[me] = 0; goto publish
        :: else
        fi;
#else
        sleeping[me] = 1;                                       /* fault: the look was before */
#endif
        bell[me];                                               /* poll(2) */
        bell[me] = 0;                                           /* clear */
        sleeping[me] = 0                                        /* awake */
     fi
  od;
  ended++
}

#define IDLE    0
#define LOOKING 1
#define ASLEEP  2

/* Reads what is there for requests that wait, reports the head now and then. */
inline progress() {
  moved = 0;
  source = 1;
  do
  :: source <= 2 ->
     do
     :: wanted[source] > 0 && got[source] < tail[source] ->     /* marker, readFrame */
        d_step { got[source]++; wanted[source]--; moved = 1 };
        if
        :: got[source] - head[source] >= REPORT ->              /* release */
           head[source] = got[source];
#if defined(SILENT_REPORT)
           skip                                                 /* fault: the producer is not woken */
#elif defined(WAKE_ONE)
           if                                                   /* fault: only one of the two is */
           :: source == 1 -> wake(source)
           :: else
           fi
#else
           wake(source)
#endif
        :: else
        fi
     :: else -> break
     od;
     source++
  :: else -> break
  od
}

/* Leaves news = 1, with the announcement taken back, when there was something. */
inline lastLook() {
#ifdef LOOK_FIRST
  progress();
  sleeping[0] = 1;
#else
  sleeping[0] = 1;
  progress();
#endif
  news = moved;
  if
  :: news -> sleeping[0] = 0
  :: else
  fi
}

proctype Receiver() {
  byte got[3], wanted[3];
  byte calls[3];                        /* messages that blocking calls are yet to receive, by source */
  byte source, from;
  byte state = LOOKING;                 /* an awaited receive has just been posted, so kick() has been called */
  bit moved, news, was;

  d_step {
#if WAY == 1
    wanted[1] = N; wanted[2] = N
#elif WAY == 2
    calls[1] = N; calls[2] = N; state = IDLE
#else
    wanted[1] = N; calls[2] = N
#endif
  };

  do
  :: got[1] == N && got[2] == N -> break

  :: state == LOOKING ->                                        /* look */
     progress();
     if
     :: moved
     :: !moved && wanted[1] == 0 && wanted[2] == 0 -> state = IDLE
     :: else ->                                                 /* patience is over: fallAsleep */
        lastLook();
        if
        :: !news -> state = ASLEEP
        :: else
        fi
     fi

  :: bell[0] ->                                                 /* the event loop: onRing, rung */
     bell[0] = 0;
     if
     :: state == ASLEEP -> sleeping[0] = 0; state = LOOKING
     :: else
     fi

  :: calls[1] + calls[2] > 0 ->                                 /* the program calls sync.recv */
     if
     :: calls[1] > 0 -> from = 1
     :: calls[2] > 0 -> from = 2
     fi;
     calls[from]--; wanted[from]++;
     if                                                         /* blockWhile */
     :: state == ASLEEP -> sleeping[0] = 0; state = IDLE
     :: else
     fi;
     do
     :: got[from] + calls[from] == N && wanted[from] == 0 -> break
     :: else ->
        progress();
        if
        :: moved
        :: else ->
           lastLook();
           if
           :: news
           :: else ->
              bell[0];                                          /* sleepOnDoorbell */
              bell[0] = 0;
              sleeping[0] = 0
           fi
        fi
     od;
     from = 0;
#ifndef NO_KICK
     if                                                         /* kick, when something else is under way */
     :: wanted[1] + wanted[2] > 0 && state == IDLE -> state = LOOKING
     :: else
     fi
#endif
  od;
  ended++
}

init { atomic { run Receiver(); run Producer(1); run Producer(2) } }

ltl served { <> (ended == 3) }
