/*
 * The board (src/comm/board.ts and board-call.ts): contributions in cells that are used again after K turns, how far
 * each rank says that it has read, memory lent to others, and how ranks sleep meanwhile.
 *
 *   begin, advance  Board.call; BoardCall.advance with write, see, collect
 *   room            Board.isFree
 *   markRead        Board.markRead with report
 *   sleep           Waiting.lastLook, as in doorbell.pml
 *
 * Every rank takes N turns, up to AHEAD of them at once (awaited) and each of these when it pleases, so that ranks are
 * ahead of one another by as much as the cells allow. A turn is of one of four kinds, by turns: all read all, all
 * read rank 0, rank 0 reads all, all read the memory of rank 0, which may change it when its call is done. Turn 1
 * may fail on the last rank, which then counts it as read.
 *
 * A look at several words is one step here: each of them only ever changes to what the look waits for. So is looking
 * whether others sleep and ringing, which doorbell.pml takes apart. A cell holds
 * a turn number, twice: `mark` is published after `load`, the payload. Who is left waiting stands in an invalid end
 * state. The number of turns is finite, and REPORT is K at most: for bulk buffers they are equal.
 *
 * Faults that must be found: NO_ROOM, MARK_FIRST, OUT_OF_ORDER, LAZY, FORGETFUL, TAKE_BACK, UNREAD, QUIET, LOOK_FIRST,
 * and REPORT greater than K.
 */
#ifndef RANKS
#define RANKS  2
#endif
#ifndef K
#define K      3
#endif
#ifndef REPORT
#define REPORT K
#endif
#ifndef N
#define N      6
#endif

#ifndef AHEAD
#define AHEAD  2                        /* calls that a rank may have under way */
#endif
#ifndef STEP
#define STEP   1                        /* 1 or 3: the kinds follow one another one way or the other */
#endif

#define ALL    0
#define CAST   1
#define GATHER 2
#define LENT   3
/* Whether one rank looks at the contribution of another. */
#define LOOKS(reader, writer) (kind[t] == ALL || (kind[t] == GATHER && reader == 0) \
                               || (kind[t] == CAST || kind[t] == LENT) && writer == 0)
#define CELL(rank) ((rank) * K + t % K)

byte kind[N + 1];
byte mark[RANKS * K], load[RANKS * K];
byte memory[2];                         /* of rank 0: two calls under way lend two arrays */
byte said[RANKS];                       /* turns that a rank has said it has read */
bit  sleeping[RANKS], bell[RANKS];
byte ended;

/* Engine.wake for all ranks that look at what this one has written, or for all. */
inline wake(everybody) {
  atomic {
    other = 0;
    do
    :: other < RANKS ->
       if
       :: other != me && (everybody || LOOKS(other, me)) && sleeping[other] -> sleeping[other] = 0; bell[other] = 1
       :: else
       fi;
       other++
    :: else -> break
    od;
    other = 0
  }
}

/* Leaves able = 1 when all ranks have said that they have read turn `upTo`. */
inline readByAll(upTo) {
  able = 1;
  other = 0;
  do
  :: other < RANKS ->
     if
     :: other != me && said[other] < upTo -> able = 0
     :: else
     fi;
     other++
  :: else -> break
  od;
  other = 0
}

inline room() {
  d_step {
    able = 1;
#ifndef NO_ROOM                         /* fault: overwrites what may not have been read */
    if
    :: t > K ->
       readByAll(t - K);
       if
       :: read < t - K -> able = 0
       :: else
       fi
    :: else
    fi
#endif
  }
}

inline see() {
  d_step {
    able = 1;
    other = 0;
    do
    :: other < RANKS ->
       if
       :: other != me && LOOKS(me, other) && mark[CELL(other)] != t -> able = 0
       :: else
       fi;
       other++
    :: else -> break
    od;
    other = 0
  }
}

inline collect() {
  d_step {
    other = 0;
    do
    :: other < RANKS ->
       if
       :: other != me && LOOKS(me, other) ->
          assert(load[CELL(other)] == t);
          assert(kind[t] != LENT || memory[t % 2] == t)
       :: else
       fi;
       other++
    :: else -> break
    od;
    other = 0
  }
}

inline markRead(isUrgent) {
  d_step {
#ifdef OUT_OF_ORDER
    if                                  /* fault: a later turn counts for those before it */
    :: t > read -> read = t
    :: else
    fi;
#else
    if
    :: t == read + 1 ->
       read++;
       if
       :: early[(read + 1) % 2] -> early[(read + 1) % 2] = 0; read++
       :: else
       fi
    :: else -> early[t % 2] = 1
    fi;
#endif
#ifdef FORGETFUL
    urgent = 0;                         /* fault: only the turn just read can be urgent */
#endif
    if
    :: isUrgent && t > urgent -> urgent = t
    :: else
    fi;
    news = read > reported && (read - reported >= REPORT || urgent > reported)
  };
  if
  :: news ->                                                    /* report */
     d_step { news = 0; reported = read; said[me] = read };
#ifndef QUIET                           /* fault: nobody is woken */
     wake(1)
#endif
  :: else
  fi
}

#ifdef LAZY
#define URGENT 0                        /* fault: a lender is not told sooner than anybody */
#else
#define URGENT (kind[t] == LENT && me != 0)
#endif

/* Goes on with turn t as far as it can. */
inline advance() {
  if
  :: phase[t % 2] == 1 ->                                       /* write */
     room();
     if
     :: able ->
#ifdef MARK_FIRST
        mark[CELL(me)] = t;             /* fault */
        load[CELL(me)] = t;
#else
        d_step {
          load[CELL(me)] = t;
          if
          :: me == 0 && kind[t] == LENT -> memory[t % 2] = t
          :: else
          fi
        };
        mark[CELL(me)] = t;                                     /* publish */
#endif
        wake(0);
        d_step { phase[t % 2] = 2; moved = 1 }
     :: else
     fi
  :: else
  fi;
  if
  :: phase[t % 2] == 2 ->
     see();
     if
     :: able ->
        collect();
        markRead(URGENT);
        d_step {
          phase[t % 2] = 0;
          if
          :: me == 0 && kind[t] == LENT -> phase[t % 2] = 3
          :: else
          fi;
          moved = 1
        }
     :: t == 1 && me == RANKS - 1 ->                            /* fails: giveUp */
#ifndef UNREAD                          /* fault: a call that failed is never read */
        markRead(1);
#endif
        d_step { phase[1] = 0; moved = 1 }
     :: else
     fi
  :: else
  fi;
  if
  :: phase[t % 2] == 3 ->                                       /* lent */
     atomic { readByAll(t) };
#ifdef TAKE_BACK
     able = 1;                          /* fault: does not wait */
#endif
     if
     :: able -> d_step { memory[t % 2] = 0; phase[t % 2] = 0; moved = 1 }
     :: else
     fi
  :: else
  fi;
  able = 0
}

/* The calls under way, the newest first. */
inline progress() {
  moved = 0;
  if
  :: phase[begun % 2] != 0 -> t = begun; advance()
  :: else
  fi;
  if
  :: phase[(begun + 1) % 2] != 0 -> t = begun - 1; advance()
  :: else
  fi;
  t = 0
}

proctype Rank(byte me) {
  byte begun, read, reported, urgent, t, other;
  byte phase[2];                        /* of a call under way: 1 begun, 2 written, 3 read and still lent */
  bit early[2], moved, able, news;
  do
  :: begun == N && phase[0] == 0 && phase[1] == 0 -> break

  :: begun < N && phase[(begun + 1) % 2] == 0 && (AHEAD == 2 || phase[begun % 2] == 0) ->                /* the next turn; tried at once */
     d_step { begun++; phase[begun % 2] = 1; t = begun };
     advance();
     d_step { moved = 0; t = 0 }

  :: phase[0] != 0 || phase[1] != 0 ->
     progress();
     if
     :: moved
     :: else ->
#ifndef LOOK_FIRST
        sleeping[me] = 1;
        progress();
#else
        sleeping[me] = 1;               /* fault: the look was before */
#endif
        if
        :: moved -> sleeping[me] = 0
        :: else ->
           bell[me];
           bell[me] = 0;
           sleeping[me] = 0
        fi
     fi;
     moved = 0
  od;
  ended++
}

init {
  byte i, first;
  select(first : 0 .. 3);
  for (i : 1 .. N) { kind[i] = (first + i * STEP) % 4 }
  atomic {
    i = 0; first = 0;
    do
    :: i < RANKS -> run Rank(i); i++
    :: else -> break
    od
  }
}

ltl through { <> (ended == RANKS) }
