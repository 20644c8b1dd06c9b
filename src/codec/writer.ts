import { ALIAS_BYTES } from "./format.ts";

const INITIAL_BYTES = 64 * 1024;
/** A scratch of up to this size is never given back. */
const KEEP_BYTES = 1024 * 1024;

const alignment = 8;

/**
 * Collects one message as chunks. Bytes go into a scratch that is reused from message to message; large raw parts
 * become chunks of their own, over the caller's memory.
 *
 *     scratch   [ flushed already | open part ........ pos | free ]
 *     chunks    [ scratch part, caller's array, scratch part, ... ] + open part
 *
 * `bytes`, `view` and `text` are three faces of the scratch. They are replaced when the scratch grows: read them again after every `reserve`. Chunks made
 * before that keep the old scratch alive and stay valid.
 */
export class Writer {
  bytes = new Uint8Array(INITIAL_BYTES);
  view = new DataView(this.bytes.buffer);
  text = Buffer.from(this.bytes.buffer);
  pos = 0;
  private open = 0;
  private chunks: Uint8Array[] = [];
  /** Bytes of the message in the chunks so far. */
  private flushed = 0;

  /** Starts a message; the chunks of the one before become invalid. */
  begin(): void {
    // One huge message must not pin its scratch for ever, but a stream of them must not allocate it each time:
    // give it back once a message came that did not need it.
    if (this.bytes.length > KEEP_BYTES && this.pos < this.bytes.length / 4) this.replace(INITIAL_BYTES);
    this.pos = 0;
    this.open = 0;
    this.flushed = 0;
  }

  /** Ends the message. */
  finish(flags: number): Uint8Array[] {
    this.flush();
    this.chunks[0][1] = flags;
    const { chunks } = this;
    this.chunks = [];
    return chunks;
  }

  /** Makes sure that `count` more bytes can be written at `pos`. */
  reserve(count: number): void {
    if (this.pos + count > this.bytes.length) this.grow(count);
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.pos++] = value;
  }

  varint(value: number): void {
    this.reserve(8);
    while (value >= 0x80) {
      this.bytes[this.pos++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.bytes[this.pos++] = value;
  }

  double(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.pos, value, true);
    this.pos += 8;
  }

  /** Copies `source` to the message. */
  copy(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.pos);
    this.pos += source.length;
  }

  /** Zero bytes up to a multiple of 8 from the start of the message. */
  align(): void {
    this.reserve(alignment);
    let padding = -(this.flushed + this.pos - this.open) & (alignment - 1);
    while (padding-- > 0) this.bytes[this.pos++] = 0;
  }

  /** A raw part: a copy where it is small, else a chunk over the caller's memory. */
  raw(source: Uint8Array): void {
    this.align();
    if (source.length < ALIAS_BYTES) {
      this.copy(source);
    } else {
      this.flush();
      this.chunks.push(source);
      this.flushed += source.length;
    }
  }

  private flush(): void {
    if (this.pos === this.open) return;
    this.chunks.push(this.bytes.subarray(this.open, this.pos));
    this.flushed += this.pos - this.open;
    this.open = this.pos;
  }

  private grow(count: number): void {
    const { bytes, open, pos } = this;
    this.replace(Math.max(2 * bytes.length, pos + count));
    this.bytes.set(bytes.subarray(open, pos), open);
  }

  private replace(length: number): void {
    this.bytes = new Uint8Array(length);
    this.view = new DataView(this.bytes.buffer);
    this.text = Buffer.from(this.bytes.buffer);
  }
}

/** The encoder, for what writes a part of a value that holds other values. */
export interface ValueWriter {
  readonly writer: Writer;
  /** Writes any value. */
  value(value: unknown): void;
  /** Goes down into an object that holds others; `leave` comes back. */
  enter(): void;
  leave(): void;
}
