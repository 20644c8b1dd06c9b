/**
 * What ranks write to stderr, held for a moment so that a stack trace, which node writes in several pieces,
 * stays together among the output of others; and the same trace from every rank shows once.
 */
import { Silence } from "./silence.ts";

const HOLD_MILLISECONDS = 15;
const HOLD_BYTES = 64 * 1024;
/** A crash that has begun is waited for longer: on a busy machine its pieces come with gaps. */
const HOLD_CRASH_MILLISECONDS = 500;
const CRASH_BEGUN = /:\d+\n([^\n]*\n\s*\^+\n|[^\n]*\n?$)/;
/** How node prints an error that nobody caught: place, line, caret, error and stack, its version. */
const CRASH = /(?:^|\n)([^\n]*:\d+\n[^\n]*\n\s*\^+\n.*\nNode\.js v\d+\.\d+\.\d+\S*\n)$/s;

/** Frames of node's own code: which of them a stack ends with differs between ranks that fail in the same way. */
const FRAMES_OF_NODE = /^ +at .*\bnode:internal\/.*\n/gm;

/** Shared by the ranks of a job. */
export class Crashes {
  private first: { rank: number; essence: string } | undefined;
  /** Ranks that crashed with one and the same text, which was printed once. */
  readonly repeated = new Set<number>();

  /** The part of a block that is to be printed. */
  filter(rank: number, block: Buffer): Buffer {
    const text = block.toString("latin1");
    const crash = CRASH.exec(text)?.[1];
    if (crash === undefined) return block;
    const essence = crash.replace(FRAMES_OF_NODE, "");
    if (this.first === undefined) {
      this.first = { rank, essence };
      return block;
    }
    if (this.first.essence !== essence) return block;
    this.repeated.add(this.first.rank).add(rank);
    return block.subarray(0, block.length - crash.length);
  }
}

export class StderrBlock {
  private readonly print: (block: Buffer) => void;
  private parts: Uint8Array[] = [];
  private length = 0;
  private readonly silence: Silence;

  /** @param listening whether the stream is being read */
  constructor(print: (block: Buffer) => void, listening: () => boolean) {
    this.print = print;
    this.silence = new Silence(listening);
  }

  write(bytes: Uint8Array): void {
    this.parts.push(bytes);
    this.length += bytes.length;
    if (this.length >= HOLD_BYTES) this.flush();
    else this.silence.await(HOLD_MILLISECONDS, () => this.ripe());
  }

  private ripe(): void {
    const text = Buffer.concat(this.parts).toString("latin1");
    if (!CRASH_BEGUN.test(text) || CRASH.test(text)) this.flush();
    else this.silence.await(HOLD_CRASH_MILLISECONDS, () => this.flush());
  }

  flush(): void {
    this.silence.stop();
    if (this.length === 0) return;
    const block = Buffer.concat(this.parts);
    this.parts = [];
    this.length = 0;
    this.print(block);
  }
}
