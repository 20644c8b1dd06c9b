/** What a rank has sent, received and waited (`tsmpirun --stats`), counted by itself and left in its area at its end. */
import { type Layout, Rank } from "./layout.ts";

export class Statistics {
  messagesSent = 0;
  bytesSent = 0;
  messagesReceived = 0;
  bytesReceived = 0;
  /** Collectives called, also those that go through shared memory without a message. */
  collectives = 0;
  /** Milliseconds. */
  waited = 0;
  /** Bytes of memory that the process has had at most. */
  peakMemory = 0;
}

const FIELDS = Object.keys(new Statistics()) as (keyof Statistics)[];

function placeOf(words: Int32Array, layout: Layout, rank: number): Float64Array {
  return new Float64Array(words.buffer, 4 * (layout.rankWord(rank) + Rank.statistics), FIELDS.length);
}

export function writeStatistics(words: Int32Array, layout: Layout, rank: number, counted: Statistics): void {
  placeOf(words, layout, rank).set(FIELDS.map(field => counted[field]));
}

/** Undefined: the rank has left none, for it was killed, or never loaded the library. */
export function readStatistics(words: Int32Array, layout: Layout, rank: number): Statistics | undefined {
  const place = placeOf(words, layout, rank);
  const read = new Statistics();
  for (const [index, field] of FIELDS.entries()) read[field] = place[index];
  return read.peakMemory === 0 ? undefined : read;
}
