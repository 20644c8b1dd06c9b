/**
 * A ring between ranks of different hosts exists twice, once on each, and the gateways keep the second like the first,
 * line for line: what the sender has written here is copied to the same lines there, and what the receiver has read
 * there is free here. So neither rank notices, a slow receiver slows its sender down as ever, and no pair of ranks is
 * in the way of another.
 */
import { HEADER_BYTES, HEADER_WORDS, Kind } from "../transport/frame.ts";
import { LINE } from "../transport/layout.ts";
import { publish } from "../transport/publish.ts";
import { RecordKind, type RecordWriter } from "./records.ts";

const LINE_SHIFT = 6;
const LINE_WORDS_SHIFT = 4;
/** A ring may send so much, or one frame, before another has its turn. */
const TURN_BYTES = 32 * 1024;

/** What has come of a ring's turn. */
export const Forwarded = {
  nothing: 0,
  /** All that was there, as far as the other host has room. */
  all: 1,
  /** There is more for another turn. */
  part: 2,
  /** There is something, and the frame that is being written has no room for it. */
  noRoom: 3,
} as const;

/** Is told of an array that a frame offers, before the record that holds this frame is written. */
export type Offered = (source: number, dest: number, transfer: number, total: number) => void;

class DistantRing {
  readonly source: number;
  readonly dest: number;
  /** Word 0: head. */
  protected readonly control: Int32Array;
  protected readonly words: Int32Array;
  protected readonly bytes: Uint8Array;
  protected readonly lines: number;

  constructor(segment: ArrayBufferLike, start: number, ringBytes: number, source: number, dest: number) {
    this.source = source;
    this.dest = dest;
    this.control = new Int32Array(segment, start, LINE / 4);
    this.words = new Int32Array(segment, start + LINE, ringBytes / 4);
    this.bytes = new Uint8Array(segment, start + LINE, ringBytes);
    this.lines = ringBytes / LINE;
  }

  /** Word index of a line's first word. */
  protected wordAt(line: number): number {
    return (line & (this.lines - 1)) << LINE_WORDS_SHIFT;
  }
}

/** Where a rank of this host writes for one of another: read here. */
export class Outlet extends DistantRing {
  private head = 0;
  /** Up to this line there is room on the other host, where one line stays free. */
  private limit: number = this.lines - 1;

  /** Whether there is a frame. */
  get hasFrames(): boolean {
    return Atomics.load(this.words, this.wordAt(this.head)) !== 0;
  }

  /** The receiver has read up to this line. */
  credit(head: number): void {
    this.limit = (head + this.lines - 1) | 0;
  }

  /** Copies frames into a record, as many as are one turn and there is room for here and there. */
  forward(writer: RecordWriter, offered: Offered): (typeof Forwarded)[keyof typeof Forwarded] {
    const { words, head, source, dest } = this;
    let lines = 0;
    let isAll = true;
    for (;;) {
      const at = this.wordAt(head + lines);
      const marker = Atomics.load(words, at);
      if (marker === 0) break;
      const needed = this.linesOf(at);
      if (((head + lines + needed - this.limit) | 0) > 0) break;
      // A record for an offer may come before.
      const bytes = (lines + needed) * LINE;
      isAll = bytes + LINE <= writer.room && (lines === 0 || bytes <= TURN_BYTES);
      if (!isAll) break;
      if ((marker & Kind.offered) !== 0) {
        const total = (words[at + 4] >>> 0) + (words[at + 5] >>> 0) * 2 ** 32;
        offered(source, dest, words[at + HEADER_WORDS], total);
      }
      lines += needed;
    }
    if (lines === 0) return isAll ? Forwarded.nothing : Forwarded.noRoom;
    const count = lines * LINE;
    const to = writer.add(RecordKind.lines, source, dest, head, 0, count);
    const from = this.wordAt(head) * 4;
    const first = Math.min(count, this.bytes.length - from);
    writer.bytes.set(this.bytes.subarray(from, from + first), to);
    if (first < count) writer.bytes.set(this.bytes.subarray(0, count - first), to + first);
    this.release(lines);
    return isAll ? Forwarded.all : Forwarded.part;
  }

  /** Throws away what is there, because its receiver has gone. Returns whether there was anything. */
  discard(): boolean {
    const { words, head } = this;
    let lines = 0;
    for (let at = this.wordAt(head); Atomics.load(words, at) !== 0; at = this.wordAt(head + lines)) {
      lines += this.linesOf(at);
    }
    if (lines > 0) this.release(lines);
    return lines > 0;
  }

  private linesOf(at: number): number {
    const chunk = this.words[at + HEADER_WORDS - 1];
    if (chunk < 0 || chunk > (this.lines * LINE) / 8) {
      throw new RangeError(
        `the ring from rank ${this.source} to rank ${this.dest} holds a frame of ${chunk} bytes`,
      );
    }
    return (HEADER_BYTES + chunk + LINE - 1) >>> LINE_SHIFT;
  }

  private release(lines: number): void {
    this.head = (this.head + lines) | 0;
    publish(this.control, 0, this.head);
  }
}

/** Where a rank of this host reads what one of another has sent: written here. */
export class Inlet extends DistantRing {
  private tail = 0;
  private told = 0;

  /**
   * Writes lines that have come.
   * @param start the number of the first
   * @throws {RangeError} when they do not belong where the last ones ended, or have no room
   */
  accept(start: number, lines: Uint8Array): void {
    const { words, bytes, tail } = this;
    const count = lines.length >>> LINE_SHIFT;
    const used = (tail - Atomics.load(this.control, 0)) | 0;
    if (start !== tail || count === 0 || lines.length % LINE !== 0 || used + count >= this.lines) {
      throw new RangeError(`${lines.length} bytes at line ${start}, where line ${tail} was next`);
    }
    const at = this.wordAt(tail);
    const marker = new DataView(lines.buffer, lines.byteOffset, 4).getInt32(0, true);
    const to = at * 4;
    const first = Math.min(lines.length, bytes.length - to);
    // All but the first marker, which shows the receiver that there is something.
    bytes.set(lines.subarray(4, first), to + 4);
    if (first < lines.length) bytes.set(lines.subarray(first), 0);
    this.tail = (tail + count) | 0;
    words[this.wordAt(this.tail)] = 0;
    publish(words, at, marker);
  }

  /** The line up to which the receiver has read, when that is news for the sender. */
  takeCredit(): number | undefined {
    const head = Atomics.load(this.control, 0);
    if (head === this.told) return undefined;
    this.told = head;
    return head;
  }
}
