/*
 * Transfers: rank 0 sends MESSAGES long arrays to rank 1, by way of the one record that there is here.
 *
 *   offer, withdraw, pushes     Transfers.offer, withdraw, advanceOutgoing and copyPiece
 *   see, refuse, open, pulls    Transfers.see, refuse, open, advanceIncoming and copyPiece
 *   lieDown, sleep              Waiting.blockWhile and lastLook
 *
 * The caller has one array for all messages and writes over it as soon as a send is done or given up. While the
 * record cannot be used the message goes through the ring, of which only the order of its frames is kept here. The
 * receiver takes what it has seen, or refuses it, at any later moment; the sender gives up at any moment.
 *
 * To be proved: what is copied is the message that was sent, into the array that was given for it, each piece once and
 * all of them before either side is done; a message that is given up is lost only as long as nobody has seen it; both
 * always end.
 *
 * Faults that must be found: LOOK_FIRST, SILENT_PIECE (who copies the last piece wakes nobody), DONE_WHEN_TAKEN (a send
 * is done when all pieces have been taken), REUSE_UNSEEN (a record is used again before its sender has seen the end),
 * REUSE_UNRELEASED (before its receiver has), MOVE_OPEN (the array is moved while it is copied), MOVE_REFUSED (the end
 * of a move writes over a refusal), SILENT_MOVE, SILENT_REFUSAL.
 */
#ifndef MESSAGES
#define MESSAGES 3
#endif
#define PIECES 2

#define FREE      0
#define OFFERED   1
#define SEEN      2
#define MOVING    3
#define OPEN      4
#define WITHDRAWN 5

byte state, taken, done;                /* the record */
bit  moved;                             /* the sender's address in it is that of a copy */

chan ring = [MESSAGES] of { byte, bit };        /* number of the message; whether it is offered */
bit  sleeping[2], bell[2];

byte array, copy;                       /* the message that the sender's memory holds; 0: none any more */
byte target;                            /* the message for which the receiver has given an array; 0: none */
byte copied[PIECES];                    /* how often each piece of it */
byte ended;

inline wake(rank) {
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

/* Atomics.compareExchange of the state. */
inline exchange(old, new, did) {
  atomic {
    did = (state == old);
    if
    :: did -> state = new
    :: else
    fi
  }
}

/* What a copy reads and writes must be right when it begins and when it ends. */
inline copyPiece(piece, message) {
  from = moved;
  assert(target == message && (from -> copy : array) == message);
  copied[piece]++;
  assert(target == message && (from -> copy : array) == message);
  atomic { done++; last = (done == PIECES) };
  if
#ifndef SILENT_PIECE
  :: last -> wake(other)
#endif
  :: else
  fi
}

/* With nothing to do: lieDown, a last look, which sets `news`, and then sleep until the bell rings. */
inline lieDown() {
#ifndef LOOK_FIRST
  sleeping[me] = 1
#else
  skip
#endif
}

inline sleep() {
  if
  :: news -> sleeping[me] = 0
  :: else ->
#ifdef LOOK_FIRST
     sleeping[me] = 1;
#endif
     bell[me];
     bell[me] = 0;
     sleeping[me] = 0
  fi
}

inline offer() {
  array = message;
  if
#ifdef REUSE_UNSEEN
  :: state == FREE ->
#else
#ifdef REUSE_UNRELEASED
  :: !used ->
#else
  :: !used && state == FREE ->
#endif
#endif
     if
     :: !used -> used = 1; carried = message; exhausted = 0; mine = 0
     :: else                                                    /* the older one is looked at first */
     fi;
     taken = 0; done = 0; moved = 0;
     state = OFFERED;
     waiting = 1;
     ring!message, 1
  :: else ->
     ring!message, 0
  fi;
  wake(other)
}

inline withdraw() {
  exchange(OFFERED, WITHDRAWN, did);
  if
  :: did -> used = 0; waiting = 0
  :: else ->
#ifdef MOVE_OPEN
     did = (state == SEEN || state == OPEN);
#else
     exchange(SEEN, MOVING, did);
#endif
     if
     :: did ->
        copy = array; moved = 1;
#ifdef MOVE_REFUSED
        state = SEEN;
#else
#ifndef MOVE_OPEN
        exchange(MOVING, SEEN, did);
#endif
#endif
#ifndef SILENT_MOVE
        wake(other);
#endif
        waiting = 0
     :: else                                                    /* too late, it will soon be done */
     fi
  fi
}

inline pushes() {
  news = 0;
  if
  :: used ->
     now = state;
     ends = (now == FREE);
     if
     :: now == OPEN ->
        if
        :: !exhausted ->
           atomic { take = taken; taken++ };
           if
           :: take < PIECES -> copyPiece(PIECES - 1 - mine, carried); mine++; news = 1
           :: else -> exhausted = 1
           fi
        :: else
        fi;
#ifdef DONE_WHEN_TAKEN
        ends = (taken >= PIECES)
#else
        ends = (done == PIECES)
#endif
     :: else
     fi;
     if
     :: ends -> used = 0; waiting = 0; news = 1
     :: else
     fi
  :: else
  fi
}

proctype Sender() {
  byte me = 0, other = 1;
  byte message, carried, take, mine, now;
  bit used, waiting, tried, exhausted, ends, did, was, from, last, news;
  do
  :: message == MESSAGES -> break
  :: else ->
     message++;
     tried = 0;
     offer();
     do
     :: !waiting -> break
     :: waiting && !tried -> tried = 1; withdraw()
     :: waiting ->
        pushes();
        if
        :: news || !waiting
        :: else -> lieDown(); pushes(); sleep()
        fi
     od;
     array = 0
  od;
  do                                                            /* drain */
  :: !used -> break
  :: else ->
     pushes();
     if
     :: news || !used
     :: else -> lieDown(); pushes(); sleep()
     fi
  od;
  ended++
}

inline arrivals() {
  news = nempty(ring)
}

inline pulls() {
  news = 0;
  if
  :: !open -> exchange(SEEN, OPEN, open)
  :: else
  fi;
  if
  :: open ->
     if
     :: !exhausted ->
        atomic { take = taken; taken++ };
        if
        :: take < PIECES -> copyPiece(mine, message); mine++; news = 1
        :: else -> exhausted = 1
        fi
     :: else
     fi;
     if
     :: done == PIECES ->
        assert(copied[0] == 1 && copied[1] == 1);
        target = 0;
        state = FREE;
        news = 1
     :: else
     fi
  :: else
  fi
}

proctype Receiver() {
  byte me = 1, other = 0;
  byte message, take, mine, count;
  bit offered, open, exhausted, did, was, from, last, news;
  do
  :: count == MESSAGES -> break
  :: nempty(ring) ->
     ring?message, offered;
     count++;
     assert(message == count);
     if
     :: !offered
     :: else ->
        exchange(OFFERED, SEEN, did);
        if
        :: !did ->
           assert(state == WITHDRAWN);
           state = FREE
        :: did ->                                               /* refuse */
           state = FREE;
#ifndef SILENT_REFUSAL
           wake(other)
#endif
        :: did ->                                               /* accept */
           d_step { target = message; copied[0] = 0; copied[1] = 0; open = 0; exhausted = 0; mine = 0 };
           do
           :: target == 0 -> break
           :: else ->
              pulls();
              if
              :: news
              :: else -> lieDown(); pulls(); sleep()
              fi
           od
        fi
     fi
  :: empty(ring) && count < MESSAGES -> lieDown(); arrivals(); sleep()
  od;
  ended++
}

init { atomic { run Sender(); run Receiver() } }

ltl served { <> (ended == 2) }
