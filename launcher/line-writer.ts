/** One output stream of one rank on its way to the terminal: cut into whole lines, tagged, copied to a file. */
import type { RankFile } from "./rank-files.ts";
import { Silence } from "./silence.ts";

/** A line that is not continued for this long is printed as it is: it may be a prompt. */
const PARTIAL_MILLISECONDS = 100;
/** A line longer than this is printed in parts, so that memory stays bounded. */
const LONGEST_LINE = 64 * 1024 * 1024;
const LINE_END = 10;

/** Who takes whole lines: see Destination. */
export interface LineDestination {
  continues(writer: object): boolean;
  write(writer: object, bytes: Uint8Array): boolean;
  onDrain(callback: () => void): void;
}

export interface LineWriterOptions {
  destination: LineDestination;
  /** Put before each line. */
  tag: string | undefined;
  /** Gets every byte as it was written. */
  file: RankFile | undefined;
  /** No other stream exists that could interfere: bytes may go through as they come. */
  alone: boolean;
  /** Called when the reader is slow, and again when it has caught up. */
  pause: (paused: boolean) => void;
  /** Whether the stream is being read; while it is not, the rest of a line may lie in its pipe. */
  listening: () => boolean;
}

export class LineWriter {
  private readonly options: LineWriterOptions;
  private readonly tag: Buffer | undefined;
  private parts: Uint8Array[] = [];
  private length = 0;
  private readonly silence: Silence;

  constructor(options: LineWriterOptions) {
    this.options = options;
    this.silence = new Silence(options.listening);
    this.tag = options.tag === undefined ? undefined : Buffer.from(options.tag);
  }

  write(bytes: Uint8Array): void {
    this.options.file?.write(bytes);
    if (bytes.length === 0) return;
    this.silence.stop();
    if (this.options.alone) {
      this.print([bytes]);
      return;
    }

    const end = bytes.lastIndexOf(LINE_END) + 1;
    if (end > 0) {
      const whole = [...this.parts, bytes.subarray(0, end)];
      this.parts = [];
      this.length = 0;
      this.print(whole);
    }
    if (end < bytes.length) {
      this.parts.push(bytes.subarray(end));
      this.length += bytes.length - end;
      if (this.length > LONGEST_LINE) this.flush();
      else this.silence.await(PARTIAL_MILLISECONDS, () => this.flush());
    }
  }

  /** Prints the line that was begun, without its end. */
  flush(): void {
    this.silence.stop();
    if (this.length === 0) return;
    const begun = this.parts;
    this.parts = [];
    this.length = 0;
    this.print(begun);
  }

  /** The rank has closed the stream. */
  end(): void {
    this.flush();
    this.options.file?.close();
  }

  private print(parts: Uint8Array[]): void {
    const { destination } = this.options;
    const bytes = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    const flowing = destination.write(this, this.tag === undefined ? bytes : this.tagged(bytes, this.tag));
    if (flowing) return;
    this.options.pause(true);
    destination.onDrain(() => this.options.pause(false));
  }

  private tagged(bytes: Uint8Array, tag: Buffer): Uint8Array {
    const parts: Uint8Array[] = [];
    let start = 0;
    // A line begun earlier has its tag already, unless another rank's line came in between.
    let tagNext = !this.options.destination.continues(this);
    while (start < bytes.length) {
      const end = bytes.indexOf(LINE_END, start);
      const stop = end < 0 ? bytes.length : end + 1;
      if (tagNext) parts.push(tag);
      parts.push(bytes.subarray(start, stop));
      tagNext = true;
      start = stop;
    }
    return Buffer.concat(parts);
  }
}
