import { MalformedFrameError } from "../errors.ts";

const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);

/** Reads a message that may come from anyone: every step is checked against `end` before it is taken. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  pos: number;
  private decoder: Buffer | undefined;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.pos = start;
  }

  /** Refuses the message. `at` is where the part that is wrong begins. */
  malformed(expected: string, at = this.pos): never {
    throw new MalformedFrameError(
      `malformed message: at byte ${at - this.start} of ${this.end - this.start}, expected ${expected}`,
    );
  }

  /** Refuses the message unless `count` more bytes are there. */
  need(count: number, what: string): void {
    if (count > this.end - this.pos) {
      this.malformed(`${what} (${count} bytes), but ${this.end - this.pos} are left`);
    }
  }

  byte(what: string): number {
    if (this.pos >= this.end) this.malformed(`${what}, but the message ends`);
    return this.bytes[this.pos++];
  }

  varint(what: string): number {
    const at = this.pos;
    let byte = this.byte(what);
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 1;
    do {
      scale *= 0x80;
      byte = this.byte(what);
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) this.malformed(`${what} below 2^53`, at);
    } while (byte >= 0x80);
    return value;
  }

  /** A number of things of at least `size` bytes each: more of them than fit into the rest are refused. */
  count(what: string, size: number): number {
    const at = this.pos;
    const count = this.varint(what);
    if (count * size > this.end - this.pos) {
      this.malformed(`${what} that fits into the ${this.end - this.pos} bytes left, got ${count}`, at);
    }
    return count;
  }

  int(bytes: 1 | 2 | 4): number {
    this.need(bytes, "an integer");
    let value = 0;
    for (let i = 0; i < bytes; i++) value |= this.bytes[this.pos + i] << (8 * i);
    this.pos += bytes;
    const unused = 32 - 8 * bytes;
    return (value << unused) >> unused;
  }

  double(): number {
    this.need(8, "a number");
    // Byte by byte is cheaper than a DataView, which would have to be made for each message.
    const { bytes, pos } = this;
    for (let i = 0; i < 8; i++) floatBytes[i] = bytes[pos + i];
    this.pos = pos + 8;
    return float[0];
  }

  /** A copy of the next `count` bytes, in memory of their own. */
  take(count: number, what: string): Uint8Array<ArrayBuffer> {
    this.need(count, what);
    const copy = new Uint8Array(count);
    copy.set(this.bytes.subarray(this.pos, this.pos + count));
    this.pos += count;
    return copy;
  }

  /** A copy of a raw part. */
  raw(count: number, what: string): Uint8Array<ArrayBuffer> {
    this.align(count, what);
    return this.take(count, what);
  }

  /** A view, for reading only, of a raw part: without the copy, a block of numbers takes half the time. */
  rawView(count: number, what: string): DataView {
    this.align(count, what);
    const { buffer, byteOffset } = this.bytes;
    const view = new DataView(buffer, byteOffset + this.pos, count);
    this.pos += count;
    return view;
  }

  private align(count: number, what: string): void {
    const padding = -(this.pos - this.start) & 7;
    this.need(padding + count, what);
    this.pos += padding;
  }

  /** The same bytes as a Buffer, which decodes long strings; made only when there is one. */
  text(): Buffer {
    const { buffer, byteOffset, byteLength } = this.bytes;
    return (this.decoder ??= Buffer.from(buffer, byteOffset, byteLength));
  }
}
