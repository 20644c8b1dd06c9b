/** Where output is printed: tsmpirun's own stdout or stderr, and where the cursor stands in it. */
import { fstatSync } from "node:fs";
import type { Writable } from "node:stream";
import type { LineDestination } from "./line-writer.ts";
import { systemErrorText } from "./system-error.ts";

const NEWLINE = Buffer.from("\n");

export class Destination implements LineDestination {
  private readonly open: () => Writable;
  private stream: Writable | undefined;
  /** Who wrote a line that is not yet ended. */
  private partial: object | undefined;
  private blocked = false;
  private broken = false;
  private readonly waiting = new Set<() => void>();
  private readonly onBroken: (problem: string | undefined) => void;
  private pending = 0;
  private idle: (() => void) | undefined;

  /**
   * @param onBroken called once, when nobody reads any more (`tsmpirun ... | head`), or with a sentence about what else
   * is wrong
   */
  constructor(open: () => Writable, onBroken: (problem: string | undefined) => void) {
    this.open = open;
    this.onBroken = onBroken;
  }

  /** Whether `writer` is in the middle of a line here. */
  continues(writer: object): boolean {
    return this.partial === writer;
  }

  /**
   * Prints whole lines, or the begin of one. Never lands inside another writer's line.
   * @returns false when the reader is slow; `onDrain` tells when to go on
   */
  write(writer: object, bytes: Uint8Array): boolean {
    if (this.broken || bytes.length === 0) return true;
    if (this.partial !== undefined && this.partial !== writer) this.put(NEWLINE);
    this.partial = bytes[bytes.length - 1] === 10 ? undefined : writer;
    this.put(bytes);
    return !this.blocked;
  }

  onDrain(callback: () => void): void {
    this.waiting.add(callback);
  }

  /** Resolves when everything written has left this process. */
  flushed(): Promise<void> {
    if (this.pending === 0 || this.broken) return Promise.resolve();
    return new Promise(resolve => {
      this.idle = resolve;
    });
  }

  private put(bytes: Uint8Array): void {
    // Opened at the first word: a job that prints nothing need not load the stream classes.
    if (this.stream === undefined) {
      this.stream = this.open();
      this.stream.on("drain", () => this.release());
      this.stream.on("error", error => this.close(error));
    }
    this.pending++;
    const flowing = this.stream.write(bytes, error => {
      if (error != null) this.close(error);
      if (--this.pending === 0) this.idle?.();
    });
    if (!flowing) this.blocked = true;
  }

  private release(): void {
    this.blocked = false;
    const callbacks = [...this.waiting];
    this.waiting.clear();
    for (const callback of callbacks) callback();
  }

  private close(error: NodeJS.ErrnoException): void {
    if (this.broken) return;
    this.broken = true;
    this.idle?.();
    // Whatever the ranks still write is read and dropped, so that none of them hangs in a write.
    this.release();
    this.onBroken(error.code === "EPIPE" ? undefined : `cannot write the output: ${systemErrorText(error)}`);
  }
}

/** Whether two descriptors are one terminal, pipe or file. */
function sameFile(a: number, b: number): boolean {
  try {
    const x = fstatSync(a);
    const y = fstatSync(b);
    return x.dev === y.dev && x.ino === y.ino;
  } catch {
    return false;
  }
}

/** One shared destination where stdout and stderr are the same file: their lines must not mix either. */
export function openDestinations(onBroken: (problem: string | undefined) => void): {
  out: Destination;
  err: Destination;
} {
  const out = new Destination(() => process.stdout, onBroken);
  const err = sameFile(1, 2) ? out : new Destination(() => process.stderr, onBroken);
  return { out, err };
}
