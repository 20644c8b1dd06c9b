/** Frames on a pair of streams: one end of the talk between tsmpirun and a daemon. See protocol.ts. */
import type { Readable, Writable } from "node:stream";
import { type BytesKind, FrameKind, HEADER_BYTES, MARK, MAX_BODY } from "./protocol.ts";

const LINE_END = 10;
/** Of what a login shell prints, this much of the end is kept. */
const MAX_NOISE = 64 * 1024;
const lineEnd = Buffer.from([LINE_END]);

export interface ChannelEvents<In> {
  message(message: In): void;
  bytes(kind: BytesKind, stream: number, bytes: Buffer): void;
  /** More has come before the magic, and this is the end of it all. */
  passedOver?(noise: string): void;
  /** Nothing more will come; `damage` says what was wrong with the bytes that came, if anything. */
  ended(damage: string | undefined): void;
}

export class Channel<Out, In> {
  private readonly output: Writable;
  private readonly events: ChannelEvents<In>;
  private parts: Buffer[] = [];
  private length = 0;
  /** Bytes that must be there before anything can be done. */
  private wanted = HEADER_BYTES;
  private done = false;
  private magic: Buffer | undefined;
  /** What came before the magic: words of a login shell. */
  private before: Buffer = Buffer.alloc(0);

  /** @param magic comes before the first frame, if anything does; whatever comes before that is passed over */
  constructor(input: Readable, output: Writable, events: ChannelEvents<In>, magic?: Buffer) {
    this.output = output;
    this.events = events;
    this.magic = magic;
    // A write to a peer that is gone shows as the end of what it sends, too.
    output.on("error", () => {});
    input.on("data", (bytes: Buffer) => this.take(bytes));
    for (const event of ["end", "close", "error"]) input.on(event, () => this.end(undefined));
  }

  /** Whether the other side has begun to speak. */
  get open(): boolean {
    return this.magic === undefined;
  }

  /** What was printed before, by whomever. */
  get noise(): string {
    return this.before.toString();
  }

  send(message: Out): void {
    this.write(FrameKind.message, 0, Buffer.from(JSON.stringify(message)));
  }

  /** @returns false when more has been written than the other side has taken; `onDrain` tells when to go on */
  sendBytes(kind: BytesKind, stream: number, bytes: Uint8Array): boolean {
    return this.write(kind, stream, bytes);
  }

  onDrain(callback: () => void): void {
    this.output.on("drain", callback);
  }

  /** Nothing more will be sent; what has been still leaves. */
  finish(): void {
    this.output.end();
  }

  private write(kind: number, stream: number, body: Uint8Array): boolean {
    if (this.done || this.output.writableEnded || this.output.destroyed) return true;
    const header = Buffer.allocUnsafe(HEADER_BYTES);
    header[0] = MARK;
    header[1] = kind;
    header.writeUInt32LE(stream, 2);
    header.writeUInt32LE(body.length, 6);
    this.output.cork();
    this.output.write(header);
    this.output.write(body);
    const flowing = this.output.write(lineEnd);
    this.output.uncork();
    return flowing;
  }

  private passOver(bytes: Buffer, magic: Buffer): Buffer {
    const all = Buffer.concat([this.before, bytes]);
    const at = all.indexOf(magic);
    if (at < 0) {
      this.before = all.subarray(-MAX_NOISE);
      this.events.passedOver?.(this.noise);
      return Buffer.alloc(0);
    }
    this.before = all.subarray(0, at);
    this.magic = undefined;
    return all.subarray(at + magic.length);
  }

  private take(came: Buffer): void {
    const bytes = this.magic === undefined ? came : this.passOver(came, this.magic);
    if (bytes.length === 0) return;
    this.parts.push(bytes);
    this.length += bytes.length;
    while (!this.done && this.length >= this.wanted) {
      const all = this.parts.length === 1 ? this.parts[0] : Buffer.concat(this.parts);
      this.parts = [all];
      const bodyLength = all.readUInt32LE(6);
      if (all[0] !== MARK || bodyLength > MAX_BODY) {
        // What is printed among frames is mostly text.
        this.end(`a frame began with ${JSON.stringify(all.toString("latin1", 0, HEADER_BYTES))}`);
        return;
      }
      const total = HEADER_BYTES + bodyLength + 1;
      if (this.length < total) {
        this.wanted = total;
        return;
      }
      this.wanted = HEADER_BYTES;
      this.parts = total === all.length ? [] : [all.subarray(total)];
      this.length -= total;
      if (all[total - 1] !== LINE_END) {
        this.end("a frame was longer than announced");
        return;
      }
      this.deliver(all[1], all.readUInt32LE(2), all.subarray(HEADER_BYTES, total - 1));
    }
  }

  private deliver(kind: number, stream: number, body: Buffer): void {
    if (kind !== FrameKind.message) {
      this.events.bytes(kind as BytesKind, stream, body);
      return;
    }
    let message: In;
    try {
      message = JSON.parse(body.toString()) as In;
    } catch {
      this.end("a message could not be read");
      return;
    }
    this.events.message(message);
  }

  private end(damage: string | undefined): void {
    if (this.done) return;
    this.done = true;
    this.events.ended(damage);
  }
}
