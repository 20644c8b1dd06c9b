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
import { bytesOf, type Dtype, FLOAT64, type TypedArray } from "../codec/dtype.ts";
import type { Native } from "../native.ts";
import { HEADER_BYTES } from "./frame.ts";
import { LINE } from "./layout.ts";
import { look } from "./look.ts";
import { publish } from "./publish.ts";
import { SharedWriter } from "./shared-writer.ts";

const LINE_SHIFT = 6;
const WORDS_SHIFT = 4; // words in a line, as a shift

abstract class Ring {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly doubles: Float64Array;
  readonly ringBytes: number;
  protected readonly segment: ArrayBufferLike;
  protected readonly start: number;
  protected readonly lines: number;
  protected readonly mask: number;
  /** Word 0: head. */
  protected readonly control: Int32Array;

  constructor(segment: ArrayBufferLike, start: number, ringBytes: number) {
    this.control = new Int32Array(segment, start, LINE / 4);
    this.words = new Int32Array(segment, start + LINE, ringBytes / 4);
    this.bytes = new Uint8Array(segment, start + LINE, ringBytes);
    this.doubles = new Float64Array(segment, start + LINE, ringBytes / 8);
    this.segment = segment;
    this.start = start + LINE;
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
  private readonly writer: SharedWriter;
  /** The ring as elements of a dtype, by its code: made when first needed. */
  private readonly views: (TypedArray | undefined)[] = [];

  /** @param streamInto as for SharedWriter */
  constructor(segment: ArrayBufferLike, start: number, ringBytes: number, streamInto?: Native["streamInto"]) {
    super(segment, start, ringBytes);
    this.views[FLOAT64] = this.doubles;
    this.writer = new SharedWriter(streamInto);
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

  /** Copies an array of `size` bytes, all that its frame carries, into the payload of the frame at word `at`. */
  put(at: number, array: TypedArray, dtype: Dtype, size: number): void {
    const start = (at << 2) + HEADER_BYTES;
    if (start + size > this.ringBytes) {
      this.write(start, bytesOf(array), 0, size);
    } else if (dtype.code === FLOAT64 && size <= LOOP_BYTES) {
      const { doubles } = this;
      const to = start >> 3;
      const count = size >> 3;
      for (let i = 0; i < count; i++) doubles[to + i] = (array as Float64Array)[i];
    } else {
      // One call for the whole array, without a view over a part of it: making one costs as much as copying 1 KiB.
      this.writer.write(this.view(dtype), start / dtype.bytes, array, 0, array.length);
    }
  }

  /** Copies bytes into the payload that starts at byte `offset` of the ring (it may wrap). */
  write(offset: number, source: Uint8Array, from: number, count: number): void {
    const start = offset >= this.ringBytes ? offset - this.ringBytes : offset;
    const first = this.ringBytes - start;
    if (count <= first) {
      this.writeAt(start, source, from, count);
    } else {
      this.writeAt(start, source, from, first);
      this.writeAt(0, source, from + first, count - first);
    }
  }

  private view(dtype: Dtype): TypedArray {
    const { code, bytes, create } = dtype;
    return (this.views[code] ??= new create(this.segment, this.start, this.ringBytes / bytes));
  }

  private writeAt(start: number, source: Uint8Array, from: number, count: number): void {
    if (count <= BYTE_LOOP_BYTES) copy(this.bytes, start, source, from, count);
    else this.writer.write(this.bytes, start, source, from, count);
  }
}

export class InRing extends Ring {
  private head = 0;
  private reported = 0;
  private readonly reportAfter: number;
  /** Word index, from the start of the segment, of the line at word index 0. */
  private readonly base: number;

  constructor(segment: ArrayBufferLike, start: number, ringBytes: number) {
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

  /** Whether the next frame is there, or was not when somebody looked last. */
  hasNews(): boolean {
    return look(this.words, (this.head & this.mask) << WORDS_SHIFT) !== 0;
  }

  /** Marker of the next frame; 0 when there is none yet. */
  marker(): number {
    return Atomics.load(this.words, (this.head & this.mask) << WORDS_SHIFT);
  }

  /** Copies the `size` payload bytes of the frame at word `at`, all that its message has, to the front of an array. */
  get(at: number, array: TypedArray, dtype: Dtype, size: number): void {
    const start = (at << 2) + HEADER_BYTES;
    if (start + size > this.ringBytes) {
      this.read(at, 0, bytesOf(array), 0, size);
    } else if (dtype.code === FLOAT64 && size <= LOOP_BYTES) {
      const { doubles } = this;
      const from = start >> 3;
      const count = size >> 3;
      for (let i = 0; i < count; i++) (array as Float64Array)[i] = doubles[from + i];
    } else {
      // A view made anew takes 10 ns, one that is cut from another 30.
      const part = new dtype.create(this.segment, this.start + start, size / dtype.bytes);
      (array as Float64Array).set(part as Float64Array);
    }
  }

  /** Copies `count` payload bytes, from `skip` on, of the frame at word `at`. */
  read(at: number, skip: number, target: Uint8Array, to: number, count: number): void {
    let start = (at << 2) + HEADER_BYTES + skip;
    if (start >= this.ringBytes) start -= this.ringBytes;
    const first = this.ringBytes - start;
    if (count <= first) {
      this.readAt(start, target, to, count);
    } else {
      this.readAt(start, target, to, first);
      this.readAt(0, target, to + first, count - first);
    }
  }

  private readAt(start: number, target: Uint8Array, to: number, count: number): void {
    if (count <= BYTE_LOOP_BYTES) copy(target, to, this.bytes, start, count);
    else target.set(new Uint8Array(this.segment, this.start + start, count), to);
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

/** Up to so many bytes a loop over doubles beats the fixed cost of a view and a memmove. */
const LOOP_BYTES = 128;
/** The same for a loop over bytes. */
const BYTE_LOOP_BYTES = 32;

function copy(target: Uint8Array, to: number, source: Uint8Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) target[to + i] = source[from + i];
}
