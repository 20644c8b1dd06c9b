/*
 * Ranks 1 and 2 finish, at any moment and in any order, while rank 0 waits for them.
 *
 *   Peer            what a rank still does, then Engine.finish: state, counter, wake
 *   Waiter          Waiting.blockWhile with lastLook and Engine.failDoomed; fallAsleep and rung do the same steps
 *
 * Rank 0 runs one of four programs:
 *   1  recv from 1, then recv from 2
 *   2  recv from any rank, until it has been told that nothing more can come
 *   3  a synchronous send to 1, which waits for its acknowledgement, then recv from 2
 *   4  a barrier with 1, then recv from 2
 * A peer may send its message or not, acknowledge or not, come to the barrier or not, before it finishes.
 *
 * To be proved: a wait ends with what it is for if that is ever sent, and else with the news that it cannot come.
 * A wait that never ends stands in an invalid end state; a false judgement breaks an assertion.
 *
 * Rank 0's request is judged whenever it is about to sleep and again when it wakes. JUDGE_ONCE judges only when the
 * number of finished ranks has changed since; then a request posted later is never judged.
 *
 * Faults that must be found: JUDGE_ONCE, FORGETFUL, FRESH_STATES, READ_FIRST, WAKE_FIRST, LOOK_FIRST.
 */
#define ANY  3
#define ACK  4
#define BARRIER 5

#define WAITING 0
#define GOT     1
#define TOLD    2

bit  finishedState[3];                  /* Rank.state is `finished` */
byte finishedCount;                     /* Header.finished */
bit  sleeping, bell;                    /* of rank 0 */
bit  frame[3];                          /* a message for rank 0 lies in the ring from that rank */
bit  request, acknowledgement;          /* the synchronous message, and the answer to it */
byte arrivals;                          /* of the barrier of 0 and 1 */
bit  arrived1, completed;
byte program;
bit  ended;

bit  sent[3], acknowledged;             /* for the proof: has ever been there */

inline wakeWaiter() {                   /* Engine.wake(0) */
  if
  :: sleeping == 0
  :: else ->
     atomic { was = sleeping; sleeping = 0 };
     if
     :: was -> bell = 1
     :: else
     fi
  fi
}

proctype Peer(byte me) {
  bit was;
  byte before;
  if
  :: me == 1 && program == 3 ->
     if
     :: request -> d_step { acknowledgement = 1; acknowledged = 1 }; wakeWaiter()
     :: true                            /* it never receives the message */
     fi
  :: me == 1 && program == 4 ->
     if
     :: true ->                         /* SharedBarrier.arrive */
        arrived1 = 1;
        atomic { before = arrivals; arrivals++ };
        if
        :: before == 1 -> completed = 1; wakeWaiter()
        :: else -> completed
        fi
     :: true
     fi
  :: else
  fi;
  if
  :: d_step { frame[me] = 1; sent[me] = 1 }; wakeWaiter()
  :: true
  fi;
  /* finish */
#ifdef WAKE_FIRST
  wakeWaiter();
#endif
  finishedState[me] = 1;
  finishedCount++;
#ifndef WAKE_FIRST
  wakeWaiter()
#endif
}

inline progress() {                     /* Engine.progress: each look at a ring or a word is a step */
  if
  :: outcome != WAITING
  :: outcome == WAITING && (want == 1 || want == ANY) && frame[1] -> d_step { frame[1] = 0; outcome = GOT; received++ }
  :: outcome == WAITING && want == ACK && acknowledgement -> d_step { acknowledgement = 0; outcome = GOT }
  :: outcome == WAITING && want == BARRIER && completed -> outcome = GOT
  :: else
  fi;
  if
  :: outcome == WAITING && (want == 2 || want == ANY) && frame[2] -> d_step { frame[2] = 0; outcome = GOT; received++ }
  :: else
  fi
}

inline tell() {
  d_step {
    outcome = TOLD;
    assert(want > 2 || !sent[want]);                                    /* it has been sent, and is lost */
    assert(want != ANY || sent[1] + sent[2] == received);
    assert(want != ACK || !acknowledged);
    assert(want != BARRIER || !arrived1)
  }
}

inline failDoomed() {
  if
#ifdef JUDGE_ONCE
  :: finishedCount == seen                                              /* fault */
#else
  :: finishedCount == 0
#endif
  :: else ->
     atomic { count = finishedCount };
#ifdef READ_FIRST
     progress();                                                        /* fault: sent between this and the next */
#endif
     gone1 = finishedState[1];
     gone2 = finishedState[2];
#ifndef READ_FIRST
     progress();
#endif
     seen = count;
#ifdef FRESH_STATES
     if
     :: want == ACK -> gone1 = finishedState[1]                         /* fault: it may have answered meanwhile */
     :: else
     fi;
#endif
     if
     :: outcome != WAITING
     :: outcome == WAITING && (want == 1 || want == ACK) && gone1 -> tell()
     :: outcome == WAITING && want == 2 && gone2 -> tell()
     :: outcome == WAITING && want == ANY && gone1 && gone2 -> tell()
     :: outcome == WAITING && want == BARRIER ->                        /* BarrierWatch.doomed: state, then arrival */
        if
        :: finishedState[1] ->
           if
           :: !arrived1 -> tell()
           :: else
           fi
        :: else
        fi
     :: else
     fi
  fi
}

inline wait(what) {                     /* post, then blockWhile(() => !request.done) */
  want = what;
  outcome = WAITING;
  do
  :: progress();
     if
     :: outcome != WAITING -> break
     :: else
     fi;
#ifndef LOOK_FIRST
     sleeping = 1;                      /* lastLook */
#endif
     failDoomed();
#ifdef FORGETFUL
     news = 0;                          /* fault: only what the next line finds counts as news */
     if
     :: outcome == WAITING -> progress(); news = outcome
     :: else
     fi;
#else
     progress();
     news = outcome;
#endif
#ifdef LOOK_FIRST
     sleeping = 1;
#endif
     if
     :: news != WAITING -> sleeping = 0
     :: else ->
        bell;                           /* sleepOnDoorbell */
        bell = 0;
        sleeping = 0;
        failDoomed()
     fi
  od
}

proctype Waiter() {
  byte want, outcome, received, news, seen, count;
  bit gone1, gone2;
  if
  :: program == 1 -> wait(1)
  :: program == 2 ->
     do
     :: wait(ANY);
        if
        :: outcome == TOLD -> break
        :: else
        fi
     od
  :: program == 3 -> request = 1; wait(ACK)
  :: program == 4 ->
     atomic { count = arrivals; arrivals++ };
     if
     :: count == 1 -> completed = 1     /* rank 1 does not sleep here */
     :: else -> count = 0; wait(BARRIER)
     fi
  fi;
  if
  :: program != 2 -> wait(2)
  :: else
  fi;
  ended = 1
}

init {
  atomic {
    select(program : 1 .. 4);
    run Waiter(); run Peer(1); run Peer(2)
  }
}

ltl told { <> ended }
