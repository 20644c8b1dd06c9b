/*
 * The ring (src/transport/ring.ts): one producer, one consumer, for ever.
 *
 * The model goes round and round: counters run modulo WRAP and frames are numbered modulo SEQS, so a finished search
 * covers runs of any length, with every mix of frame lengths. What it stands for:
 *
 *   Producer        OutRing.reserve, Destination.push / send (the filling), OutRing.publish
 *   Consumer        InRing.marker, Source.readFrame (the reading), InRing.release
 *   StoreBuffer     plain stores (words[i] = x) on their way to memory. They arrive late and in any order, which is
 *                   weaker than x86 (total store order) and than what JavaScript promises. Atomics.store drains them
 *                   first: all that JavaScript says is that whoever loads its value atomically sees them.
 *
 * A line has two words here: `first`, where the consumer polls for the marker, and `rest`. In a frame's first line
 * `first` is the marker and `rest` the header, which holds the length; in its other lines both are payload, so a
 * consumer that mistakes payload for a marker, or old contents for new, reads a wrong number and is caught.
 *
 * Faults that must be found: NO_TERMINATOR, LATE_TERMINATOR, NO_SPARE, PLAIN_PUBLISH, EARLY_RELEASE, and frames
 * too large for how seldom the head is reported (LINES=4 MAX=3 REPORT=2).
 */
#ifndef LINES
#define LINES  4                        /* in the ring: 4, 6 or 8; in the code 128 .. 4096 */
#endif
#ifndef MAX
#define MAX    2                        /* in the largest frame; in the code LINES / 8 */
#endif
#ifndef REPORT
#define REPORT 2                        /* reportAfter: lines read before the head is reported; LINES / 8 */
#endif
#define WRAP   (2 * LINES)              /* of the counters; in the code 2^32 */
#define SEQS   (LINES + 2)              /* old words are LINES + 1 frames old at most, so they look different */

#ifdef NO_SPARE
#define NEEDED(size) (size)               /* fault: no room for the terminator */
#else
#define NEEDED(size) ((size) + 1)
#endif

#define WORD(seq, i)   (1 + 3 * (seq) + (i))             /* word of line i of frame seq; never 0 */
#define AHEAD(a, b)    (((a) + WRAP - (b)) % WRAP)       /* (a - b) | 0 */

byte first[LINES], rest[LINES];         /* memory */
byte head;                              /* control word 0: lines read, as reported */

bit  waitsFirst[LINES], waitsRest[LINES];      /* stores of the producer that are still on their way */
byte newFirst[LINES], newRest[LINES];

bit  unread[LINES];                     /* for the proof: published and not read to its end */

inline storeFirst(line, value) { waitsFirst[line] = 1; newFirst[line] = value }
inline storeRest(line, value)  { waitsRest[line] = 1; newRest[line] = value }

inline arriveFirst(line) {
  assert(!unread[line]);                /* nothing unread is ever written over */
  first[line] = newFirst[line]; newFirst[line] = 0; waitsFirst[line] = 0
}
inline arriveRest(line) {
  assert(!unread[line]);
  rest[line] = newRest[line]; newRest[line] = 0; waitsRest[line] = 0
}

inline drainStores() {
  for (i : 0 .. LINES - 1) {
    if :: waitsFirst[i] -> arriveFirst(i) :: else fi;
    if :: waitsRest[i] -> arriveRest(i) :: else fi
  }
}

#define ARRIVE(line) \
  :: d_step { waitsFirst[line] -> arriveFirst(line) } \
  :: d_step { waitsRest[line] -> arriveRest(line) }

active proctype StoreBuffer() {
end:
  do
  ARRIVE(0) ARRIVE(1) ARRIVE(2) ARRIVE(3)
#if LINES > 4
  ARRIVE(4) ARRIVE(5)
#endif
#if LINES > 6
  ARRIVE(6) ARRIVE(7)
#endif
  od
}

active proctype Producer() {
  byte tail, seq, size, i;
  byte free = LINES;
  do
  :: /* a message of any length */
     if
     :: size = 1
     :: size = 2
#if MAX > 2
     :: size = 3
#endif
     fi;

     /* reserve: looks at the head only when its last knowledge does not do; waits while there is no room */
     if
     :: free >= NEEDED(size)
     :: else ->
        atomic { LINES - AHEAD(tail, head) >= NEEDED(size) -> free = LINES - AHEAD(tail, head) }
     fi;

     /* header, payload and terminator: plain stores; in which order they are issued does not matter here */
     d_step {
       storeRest(tail % LINES, WORD(seq, size - 1));
       i = 1;
       do
       :: i < size ->
          storeFirst((tail + i) % LINES, WORD(seq, i));
          storeRest((tail + i) % LINES, WORD(seq, i));
          i++
       :: else -> break
       od;
#if !defined(NO_TERMINATOR) && !defined(LATE_TERMINATOR)
       storeFirst((tail + size) % LINES, 0);
#endif
       i = 0
     };

     /* publish */
#ifdef PLAIN_PUBLISH
     d_step {                           /* fault: words[at] = marker */
       storeFirst(tail % LINES, WORD(seq, 0));
     };
#else
     d_step {                           /* Atomics.store(words, at, marker) */
       drainStores();
       first[tail % LINES] = WORD(seq, 0);
       i = 0;
       do
       :: i < size -> unread[(tail + i) % LINES] = 1; i++
       :: else -> break
       od;
       i = 0
     };
#endif
#ifdef LATE_TERMINATOR
     d_step { first[(tail + size) % LINES] = 0 };
#endif
     d_step {
       tail = (tail + size) % WRAP;
       free = free - size;
       seq = (seq + 1) % SEQS;
       size = 0
     }
  od
}

active proctype Consumer() {
  byte at, reported, seq, size, i;      /* `at` is the head as the consumer knows it */
  do
  :: /* marker: what is not 0 must be the next frame's */
     atomic { first[at % LINES] != 0 -> assert(first[at % LINES] == WORD(seq, 0)) };
     /* the header */
     atomic {
       assert(rest[at % LINES] >= WORD(seq, 0) && rest[at % LINES] < WORD(seq, MAX));
       size = rest[at % LINES] - WORD(seq, 0) + 1
     };
#ifdef EARLY_RELEASE
     head = (at + size) % WRAP;          /* fault: the lines are given back before they are read */
#endif
     /* the payload, line by line */
     i = 1;
     do
     :: i < size ->
        d_step {
          assert(first[(at + i) % LINES] == WORD(seq, i));
          assert(rest[(at + i) % LINES] == WORD(seq, i));
          i++
        }
     :: else -> break
     od;
     /* release */
     atomic {
       i = 0;
       do
       :: i < size -> unread[(at + i) % LINES] = 0; i++
       :: else -> break
       od;
       at = (at + size) % WRAP;
       seq = (seq + 1) % SEQS;
       size = 0; i = 0
     };
     if
     :: AHEAD(at, reported) >= REPORT -> reported = at; head = at   /* Atomics.store(control, 0, head) */
     :: else
     fi
  od
}
