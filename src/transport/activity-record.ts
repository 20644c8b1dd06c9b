/**
 * What a rank tells of long pieces of its work (the tasks of a map, the steps of a simulation), written into its area of
 * the segment, where the launcher reads it without disturbing the rank. What is over stays until its place is wanted.
 */
import { ACTIVITIES, type Layout } from "./layout.ts";

export interface ActivityRecord {
  label: string;
  done: number;
  total: number;
  /** Of those done, so many have failed. */
  failed: number;
  /** Milliseconds since 1970. */
  began: number;
  /** The same; 0: under way. */
  ended: number;
}

const TEXT_BYTES = 192;
// Words within the record.
const VERSION = 0; // odd while it is being written
const LENGTH = 1; // bytes of text; 0: never used
const NUMBERS = 4; // doubles, in the order of `numbersOf`
const TEXT = 16;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class ActivityRecords {
  private readonly words: Int32Array;
  private readonly numbers: Float64Array;
  private readonly layout: Layout;

  constructor(words: Int32Array, layout: Layout) {
    this.words = words;
    this.numbers = new Float64Array(words.buffer, 0, Math.floor(words.byteLength / 8));
    this.layout = layout;
  }

  /** A place where nothing is under way, an unused one or that of the oldest first; undefined: all are taken. */
  free(rank: number): number | undefined {
    let found: number | undefined;
    let foundEnded = Number.POSITIVE_INFINITY;
    for (let index = 0; index < ACTIVITIES; index++) {
      const record = this.read(rank, index);
      if (record === undefined) return index;
      if (record.ended === 0 || record.ended >= foundEnded) continue;
      found = index;
      foundEnded = record.ended;
    }
    return found;
  }

  write(rank: number, index: number, record: ActivityRecord): void {
    const { words, numbers } = this;
    const start = this.layout.activityStart(rank, index);
    const at = start / 4;
    Atomics.add(words, at + VERSION, 1);
    const { done, total, failed, began, ended } = record;
    numbers.set([done, total, failed, began, ended], start / 8 + NUMBERS / 2);
    const label = record.label === "" ? " " : record.label;
    words[at + LENGTH] = encoder.encodeInto(label, this.text(start)).written;
    Atomics.add(words, at + VERSION, 1);
  }

  /** Undefined: never used, or just being written. */
  read(rank: number, index: number): ActivityRecord | undefined {
    const { words, numbers } = this;
    const start = this.layout.activityStart(rank, index);
    const at = start / 4;
    const version = Atomics.load(words, at + VERSION);
    const length = words[at + LENGTH];
    if (length <= 0 || length > TEXT_BYTES || (version & 1) !== 0) return undefined;
    const first = start / 8 + NUMBERS / 2;
    const [done, total, failed, began, ended] = numbers.subarray(first, first + 5);
    const label = decoder.decode(this.text(start).slice(0, length)).trim();
    return Atomics.load(words, at + VERSION) === version
      ? { label, done, total, failed, began, ended }
      : undefined;
  }

  private text(start: number): Uint8Array {
    return new Uint8Array(this.words.buffer, start + TEXT * 4, TEXT_BYTES);
  }
}
