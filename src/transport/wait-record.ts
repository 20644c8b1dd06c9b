/**
 * What a rank waits for, written into its area of the segment when it goes to sleep (never on the fast path), where
 * other ranks and the launcher read it without disturbing it. One record serves the report of a failed job, the
 * check that ranks called the same collective, and whoever else asks what a rank is doing.
 */
import { type Layout, Rank } from "./layout.ts";

export interface WaitRecord {
  /** In words: "recv from rank 2, tag 7, on world". */
  text: string;
  /** Of a collective: context of its communicator, its number there, and its operation and root; else -1. */
  context: number;
  sequence: number;
  signature: number;
}

const TEXT_BYTES = 320;
// Words within the record.
const VERSION = 0; // odd while it is being written
const LENGTH = 1; // bytes of text; 0: the rank does not sleep
const CONTEXT = 2;
const SEQUENCE = 3;
const SIGNATURE = 4;
const TEXT = 8;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class WaitRecords {
  private readonly words: Int32Array;
  private readonly layout: Layout;

  constructor(words: Int32Array, layout: Layout) {
    this.words = words;
    this.layout = layout;
  }

  write(rank: number, record: WaitRecord): void {
    const { words } = this;
    const at = this.layout.rankWord(rank) + Rank.wait;
    Atomics.add(words, at + VERSION, 1);
    words[at + CONTEXT] = record.context;
    words[at + SEQUENCE] = record.sequence;
    words[at + SIGNATURE] = record.signature;
    words[at + LENGTH] = encoder.encodeInto(record.text, this.text(at)).written;
    Atomics.add(words, at + VERSION, 1);
  }

  clear(rank: number): void {
    Atomics.store(this.words, this.layout.rankWord(rank) + Rank.wait + LENGTH, 0);
  }

  /** The record, or undefined when the rank does not sleep in a wait (or is just writing one). */
  read(rank: number): WaitRecord | undefined {
    const { words } = this;
    const at = this.layout.rankWord(rank) + Rank.wait;
    const version = Atomics.load(words, at + VERSION);
    const length = words[at + LENGTH];
    if (length <= 0 || length > TEXT_BYTES || (version & 1) !== 0) return undefined;
    const record: WaitRecord = {
      text: decoder.decode(this.text(at).slice(0, length)),
      context: words[at + CONTEXT],
      sequence: words[at + SEQUENCE],
      signature: words[at + SIGNATURE],
    };
    // Not a load: on processors with a weak order what was read above might be younger than what a load here sees.
    return Atomics.add(words, at + VERSION, 0) === version ? record : undefined;
  }

  private text(at: number): Uint8Array {
    return new Uint8Array(this.words.buffer, (at + TEXT) * 4, TEXT_BYTES);
  }
}
