/**
 * A TCP connection as a stream of pieces whose lengths the reader knows. It reads into memory of its own that it uses
 * again and again, so that long pieces come without copies and without new memory, and it writes at once, from
 * where the bytes lie; what the kernel does not take waits.
 */
import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";
import type { Native, TcpSocket } from "../native.ts";

export const READABLE = 1;
export const WRITABLE = 2;

/** What is read at a time unless a longer piece is wanted, exactly up to whose end is read then. */
const READ_BYTES = 64 * 1024;
/** Reads in a row before others have their turn. */
const MOST_READS = 16;

export interface StreamEvents {
  /**
   * A piece has come; it belongs to the stream again when this returns.
   * @returns the length of the next one; -1: none is wanted any more
   */
  take(bytes: Buffer): number;
  /** What had to wait has gone. */
  drained(): void;
  /** Once, at the end; not after `close`. */
  ended(why: string): void;
}

export function describeError(status: number): string {
  return getSystemErrorMap().get(status)?.[1] ?? `error ${-status}`;
}

export class TcpStream {
  private readonly socket: TcpSocket;
  private readonly events: StreamEvents;
  private wanted: number;
  /** What has been read and not taken yet is between `start` and `end`. */
  private buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  private start = 0;
  private end = 0;
  /** What waits to be written; of the first, `written` bytes have gone. */
  private queue: Uint8Array[] = [];
  private written = 0;
  private closed = false;
  /** Bytes that wait to be written. */
  backlog = 0;

  /** @param wanted length of the first piece */
  constructor(native: Native, descriptor: number, wanted: number, events: StreamEvents) {
    this.events = events;
    this.wanted = wanted;
    this.socket = new native.TcpSocket(descriptor, ready => {
      if ((ready & WRITABLE) !== 0) this.writeWaiting();
      if ((ready & READABLE) !== 0) this.read();
    });
    this.socket.watch(READABLE);
  }

  /** The bytes must not change until they have gone. */
  write(parts: readonly Uint8Array[]): void {
    if (this.closed) return;
    const waiting = this.queue.length > 0;
    for (const part of parts) {
      this.queue.push(part);
      this.backlog += part.length;
    }
    if (!waiting) this.flush();
  }

  /** Writes what waits, if it can. */
  writeWaiting(): void {
    if (this.queue.length > 0 && this.flush()) this.events.drained();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.queue = [];
    this.backlog = 0;
    this.socket.close();
  }

  private finish(why: string): void {
    if (this.closed) return;
    this.close();
    this.events.ended(why);
  }

  /** Returns whether all has gone. */
  private flush(): boolean {
    const { queue } = this;
    while (queue.length > 0) {
      const taken = this.socket.write(queue, this.written);
      if (taken < 0) {
        // Not during `write`, whose caller may not be ready for it.
        setImmediate(() => this.finish(describeError(taken)));
        return false;
      }
      if (taken === 0) {
        this.socket.watch(READABLE | WRITABLE);
        return false;
      }
      this.backlog -= taken;
      this.written += taken;
      let gone = 0;
      while (gone < queue.length && this.written >= queue[gone].length) this.written -= queue[gone++].length;
      queue.splice(0, gone);
    }
    this.socket.watch(READABLE);
    return true;
  }

  /** Takes what has come. */
  read(): void {
    for (let reads = 0; reads < MOST_READS && !this.closed; reads++) {
      const missing = this.wanted - (this.end - this.start);
      const count = Math.max(missing, READ_BYTES);
      this.makeRoom(count);
      const came = this.socket.read(this.buffer, this.end, count);
      if (came === -constants.errno.EAGAIN) return;
      if (came <= 0) {
        this.finish(came === 0 ? "it closed the connection" : describeError(came));
        return;
      }
      this.end += came;
      this.deliver();
      if (came < count) return;
    }
  }

  private deliver(): void {
    while (this.wanted >= 0 && this.end - this.start >= this.wanted && !this.closed) {
      const piece = this.buffer.subarray(this.start, this.start + this.wanted);
      this.start += this.wanted;
      this.wanted = this.events.take(piece);
    }
    if (this.wanted < 0 || this.start === this.end) {
      this.start = 0;
      this.end = 0;
    }
  }

  private makeRoom(count: number): void {
    if (this.buffer.length - this.end >= count) return;
    const held = this.end - this.start;
    const { buffer } = this;
    if (buffer.length < held + count) this.buffer = Buffer.allocUnsafeSlow(held + count);
    buffer.copy(this.buffer, 0, this.start, this.end);
    this.start = 0;
    this.end = held;
  }
}
