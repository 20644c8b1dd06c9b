/*
 * A rank that has slept for long says that it is stranded, and the last one to be so finds that the job can never go on:
 * DeadlockFinder.strand, Waiting.goToSleep, Engine.wake.
 *
 * N ranks wait for anything, go on when something has come, give each other GIFTS messages, and finish when they like. That
 * another has finished may end a wait, too. Who finds a deadlock has its wait failed, and finishes.
 *
 * To be proved: when a deadlock is found, every rank that has not finished waits, has read all, and has heard of all that
 * have finished; and all ranks always finish, so one is found whenever there is one. (With 3 ranks the search is too long.)
 *
 * Faults that must be found: ONE_LOOK (what has been seen is not seen again), ANY_SLEEP (announcements of sleep are not looked
 * at), WAKE_FIRST (a message is published after its reader was woken), UNHEARD (ranks that have slept since before another
 * finished are taken to have heard of it), KEEP (who wakes does not take back that it was stranded), LOOK_FIRST.
 */
#ifndef N
#define N 2
#endif
#ifndef GIFTS
#define GIFTS 2
#endif
#define FINISHED 255

byte news[N];                           /* messages that have come, unread */
bit  finished[N];
bit  sleeping[N], bell[N];
byte stranded[N];
bit  waits[N];                          /* whether a rank is in a wait, asleep or not: a bell may be late */
byte heard[N];                          /* so many finished ranks this one knows of */
byte gifts = GIFTS;
byte deadlocks, told, ended;

inline countFinished(result) {
  d_step {
    result = 0;
    r = 0;
    do
    :: r < N -> result = result + finished[r]; r++
    :: else -> r = 0; break
    od
  }
}

inline wake(who) {
  if
  :: sleeping[who] == 0
  :: else ->
     atomic { was = sleeping[who]; sleeping[who] = 0 };
     if
     :: was -> bell[who] = 1
     :: else
     fi
  fi
}

/* Whether the wait is over. A rank that has finished may be the one that was waited for. */
inline look() {
  over = 0;
  atomic {
    countFinished(count);
    if
    :: news[me] > 0 -> news[me]--; over = 1; waits[me] = 0
    :: else ->
       if
       :: heard[me] < count ->
          heard[me] = count;
          if
          :: over = 1; waits[me] = 0
          :: skip
          fi
       :: else
       fi
    fi
  }
}

inline release() {
#ifndef KEEP
  stranded[me]++;
#else
  skip
#endif
}

/* seen[] becomes what the ranks show; all = 0 when one of them is not stranded, or shows another thing than before. */
inline snapshot(again) {
  at = 0;
  do
  :: at < N && all ->
     if
     :: finished[at] -> value = FINISHED
     :: else ->
        value = stranded[at];
        if
        :: value % 2 == 0 -> all = 0
#ifndef ANY_SLEEP
        :: value % 2 == 1 && sleeping[at] == 0 -> all = 0
        :: value % 2 == 1 && sleeping[at] == 1
#else
        :: else
#endif
        fi
     fi;
     d_step {
       if
       :: again && seen[at] != value -> all = 0
       :: else -> seen[at] = value
       fi;
       at++
     }
  :: else -> break
  od
}

inline requireDeadlock() {
  d_step {
    countFinished(count);
    at = 0;
    do
    :: at < N ->
       assert(finished[at] || (waits[at] && news[at] == 0 && heard[at] == count));
       at++
    :: else -> at = 0; break
    od
  }
}

inline strand() {
  stranded[me]++;
  foundBefore = deadlocks;
  toldBefore = told;
  all = 1;
  snapshot(0);
#ifndef ONE_LOOK
  snapshot(1);
#endif
  if
  :: !all -> verdict = SLEEP
  :: else ->
     stranded[me]++;
     d_step {
       value = 0;
       at = 0;
       do
       :: at < N -> value = value + (seen[at] == FINISHED -> 1 : 0); at++
       :: else -> at = 0; break
       od
     };
     if
#ifndef UNHEARD
     :: value > toldBefore ->
        verdict = AGAIN;
        atomic { was = (told == toldBefore); told = (was -> value : told) };
        if
        :: was ->
           at = 0;
           do
           :: at < N ->
              atomic { was = sleeping[at]; sleeping[at] = 0 };
              if
              :: was && at != me -> bell[at] = 1
              :: else
              fi;
              at++
           :: else -> break
           od
        :: else
        fi
#endif
     :: else ->
        atomic {
          if
          :: deadlocks == foundBefore -> deadlocks++; verdict = DEADLOCK; requireDeadlock()
          :: else -> verdict = AGAIN
          fi
        }
     fi
  fi
}

mtype = { SLEEP, AGAIN, DEADLOCK };

proctype Rank(byte me) {
  byte seen[N];
  byte r, at, value, count, to, foundBefore, toldBefore;
  bit over, was, all, failed;
  mtype verdict;

  do
  :: failed -> break
  :: !failed && gifts > 0 ->                                     /* it gives something */
     atomic {
       if
       :: gifts > 0 -> gifts--; to = (me + 1) % N
       :: gifts > 0 -> gifts--; to = (me + 2) % N
       :: else -> to = N
       fi
     };
     if
     :: to < N && to != me ->
#ifdef WAKE_FIRST
        wake(to);
        news[to]++
#else
        news[to]++;
        wake(to)
#endif
     :: else
     fi
  :: !failed -> break                                            /* it ends */
  :: !failed ->                                                  /* it waits */
     waits[me] = 1;
     do
     :: look();
        if
        :: over -> break
        :: else
        fi;
#ifndef LOOK_FIRST
        sleeping[me] = 1;
        look();
#else
        look();
        sleeping[me] = 1;
#endif
        if
        :: over -> sleeping[me] = 0; break
        :: else
        fi;
        if
        :: bell[me] -> skip
        :: strand();
           if
           :: verdict == SLEEP -> bell[me]; release()
           :: else
           fi
        fi;
        bell[me] = 0;
        sleeping[me] = 0;
        if
        :: verdict == DEADLOCK -> failed = 1; break
        :: else
        fi;
        verdict = SLEEP
     od;
     waits[me] = 0
  od;
  finished[me] = 1;
  to = 0;
  do
  :: to < N ->
     if
     :: to != me -> wake(to)
     :: else
     fi;
     to++
  :: else -> break
  od;
  ended++
}

init {
  byte i = 0;
  atomic {
    do
    :: i < N -> run Rank(i); i++
    :: else -> break
    od
  }
}
