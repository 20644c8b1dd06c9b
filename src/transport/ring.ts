/**
 * A ring carries frames from one rank to one other: one producer, one consumer, no lock.
 *
 * It is divided into lines of 64 bytes; a frame starts on a line. The marker in a frame's first word says that the
 * frame is there: the consumer polls the marker where the next frame will start, so a small message costs the
 * transfer of a single cache line. Before publishing a frame the producer clears the marker of the line after it,
 * where the consumer will look next; a frame therefore needs one free line beyond its own.
 *
 * The consumer reports how far it has read (`head`, counted in lines, modulo 2^32) only now and then. A producer
 * that finds no room looks there again; see docs/architecture.md for why neither side can wait for ever.
 */
import { HEADER_BYTES } from "./frame.ts";
import { LINE } from "./layout.ts";
import { publish } from "./publish.ts";

const LINE_SHIFT = 6;
const WORDS_SHIFT = 4; // words in a line, as a shift

abstract class Ring {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly doubles: Float64Array;
  readonly ringBytes: number;
  protected readonly lines: number;
  protected readonly mask: number;
  /** Word 0: head. */
  protected readonly control: Int32Array;

  constructor(segment: ArrayBuffer, start: number, ringBytes: number) {
    this.control = new Int32Array(segment, start, LINE / 4);
    this.words = new Int32Array(segment, start + LINE, ringBytes / 4);
    this.bytes = new Uint8Array(segment, start + LINE, ringBytes);
    this.doubles = new Float64Array(segment, start + LINE, ringBytes / 8);
    this.ringBytes = ringBytes;
    this.lines = ringBytes / LINE;
    this.mask = this.lines - 1;
  }
}

function linesOf(chunk: number): number {
  return (HEADER_BYTES + chunk + LINE - 1) >>> LINE_SHIFT;
}

export class OutRing extends Ring {
  /** Payload bytes in the largest frame: an eighth of the ring, so that writing and reading overlap. */
  readonly maxChunk: number;
  private tail = 0;
  private free: number;

  constructor(segment: ArrayBuffer, start: number, ringBytes: number) {
    super(segment, start, ringBytes);
    this.maxChunk = ringBytes / 8 - HEADER_BYTES;
    this.free = this.lines;
  }

  /** Makes room for a frame of `chunk` payload bytes: the word index of its header, or -1 when the ring is full. */
  reserve(chunk: number): number {
    const needed = linesOf(chunk) + 1;
    if (this.free < needed) {
      this.free = this.lines - ((this.tail - Atomics.load(this.control, 0)) | 0);
      if (this.free < needed) return -1;
    }
    return (this.tail & this.mask) << WORDS_SHIFT;
  }

  /** Publishes the frame that `reserve` made room for. Everything written before is visible to the consumer. */
  publish(at: number, chunk: number, marker: number): void {
    const lines = linesOf(chunk);
    this.tail = (this.tail + lines) | 0;
    this.free -= lines;
    this.words[(this.tail & this.mask) << WORDS_SHIFT] = 0;
    publish(this.words, at, marker);
  }

  /** Copies bytes into the payload that starts at byte `offset` of the ring (it may wrap). */
  write(offset: number, source: Uint8Array, from: number, count: number): void {
    const start = offset >= this.ringBytes ? offset - this.ringBytes : offset;
    const first = this.ringBytes - start;
    if (count <= first) {
      copy(this.bytes, start, source, from, count);
    } else {
      copy(this.bytes, start, source, from, first);
      copy(this.bytes, 0, source, from + first, count - first);
    }
  }
}

export class InRing extends Ring {
  private head = 0;
  private reported = 0;
  private readonly reportAfter: number;
  /** Word index, from the start of the segment, of the line at word index 0. */
  private readonly base: number;

  constructor(segment: ArrayBuffer, start: number, ringBytes: number) {
    super(segment, start, ringBytes);
    this.reportAfter = this.lines >> 3;
    this.base = (start + LINE) / 4;
  }

  /** Word index of the next frame's header. */
  get at(): number {
    return (this.head & this.mask) << WORDS_SHIFT;
  }

  /** The same from the start of the segment, for native waits. */
  get segmentWord(): number {
    return this.base + this.at;
  }

  /** Marker of the next frame; 0 when there is none yet. */
  marker(): number {
    return Atomics.load(this.words, (this.head & this.mask) << WORDS_SHIFT);
  }

  /** Copies `count` payload bytes, from `skip` on, of the frame at word `at`. */
  read(at: number, skip: number, target: Uint8Array, to: number, count: number): void {
    let start = (at << 2) + HEADER_BYTES + skip;
    if (start >= this.ringBytes) start -= this.ringBytes;
    const first = this.ringBytes - start;
    if (count <= first) {
      copy(target, to, this.bytes, start, count);
    } else {
      copy(target, to, this.bytes, start, first);
      copy(target, to + first, this.bytes, 0, count - first);
    }
  }

  /** Gives the frame's lines back. Returns true when the producer has been told and may have to be woken. */
  release(chunk: number): boolean {
    this.head = (this.head + linesOf(chunk)) | 0;
    if (((this.head - this.reported) | 0) < this.reportAfter) return false;
    this.reported = this.head;
    publish(this.control, 0, this.head);
    return true;
  }
}

/** Below this many bytes a loop beats the fixed cost of a view and a memmove. */
const LOOP_BYTES = 32;

function copy(target: Uint8Array, to: number, source: Uint8Array, from: number, count: number): void {
  if (count <= LOOP_BYTES) {
    for (let i = 0; i < count; i++) target[to + i] = source[from + i];
  } else {
    target.set(source.subarray(from, from + count), to);
  }
}
