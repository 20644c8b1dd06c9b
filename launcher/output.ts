/** All that the ranks print: line by line to tsmpirun's own stdout and stderr, and to files. */
import type { Readable } from "node:stream";
import { Crashes, StderrBlock } from "./crash-filter.ts";
import { type Destination, openDestinations } from "./destination.ts";
import type { RankOutput } from "./host.ts";
import { LineWriter } from "./line-writer.ts";
import { OpenStreams } from "./open-streams.ts";
import type { JobOptions } from "./options.ts";
import { openRankFiles, type RankFiles } from "./rank-files.ts";

/** Red is left out: it means trouble. */
const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

export class Output implements RankOutput {
  private readonly out: Destination;
  private readonly err: Destination;
  private readonly options: JobOptions;
  private readonly ranks: number;
  private readonly files: readonly RankFiles[];
  /** To be waited for before the job has ended. */
  readonly streams = new OpenStreams();
  readonly crashes = new Crashes();

  /**
   * @param onBroken called when something cannot be written any more: a sentence, or undefined when nobody reads
   * @throws {UsageError} when the files of --output-dir cannot be written
   */
  constructor(ranks: number, options: JobOptions, onBroken: (problem: string | undefined) => void) {
    const { out, err } = openDestinations(onBroken);
    this.out = out;
    this.err = err;
    this.ranks = ranks;
    this.options = options;
    const { outputFolder } = options;
    this.files = outputFolder === undefined ? [] : openRankFiles(outputFolder, ranks, onBroken);
  }

  /** Prints what a rank writes from now on. */
  attach(rank: number, stdout: Readable, stderr: Readable): void {
    const out = this.writer(rank, stdout, "out");
    const err = this.writer(rank, stderr, "err");
    if (this.ranks === 1) {
      this.follow(
        rank,
        stdout,
        bytes => out.write(bytes),
        () => out.end(),
      );
      this.follow(
        rank,
        stderr,
        bytes => err.write(bytes),
        () => err.end(),
      );
      return;
    }
    const block = new StderrBlock(
      bytes => err.write(this.crashes.filter(rank, bytes)),
      () => !stderr.isPaused(),
    );
    const writeOut = (bytes: Uint8Array): void => {
      // What a rank writes to both stays in its order.
      block.flush();
      out.write(bytes);
    };
    this.follow(rank, stdout, writeOut, () => out.end());
    this.follow(
      rank,
      stderr,
      bytes => block.write(bytes),
      () => {
        block.flush();
        err.end();
      },
    );
  }

  /** tsmpirun's own words. */
  say(text: string): void {
    this.err.write(this, Buffer.from(text.endsWith("\n") ? text : `${text}\n`));
  }

  async flushed(): Promise<void> {
    await this.out.flushed();
    await this.err.flushed();
  }

  private writer(rank: number, stream: Readable, kind: "out" | "err"): LineWriter {
    return new LineWriter({
      destination: this[kind],
      tag: this.tagOf(rank, kind),
      file: this.files[rank]?.[kind],
      alone: this.ranks === 1 && !this.options.tagOutput,
      pause: paused => void (paused ? stream.pause() : stream.resume()),
      listening: () => !stream.isPaused(),
    });
  }

  private follow(rank: number, stream: Readable, write: (bytes: Uint8Array) => void, end: () => void): void {
    stream.on("data", write);
    this.streams.add(rank, stream, end);
  }

  private tagOf(rank: number, kind: "out" | "err"): string | undefined {
    if (!this.options.tagOutput) return undefined;
    const terminal = (kind === "out" ? process.stdout : process.stderr).isTTY === true;
    const coloured = terminal && !process.env.NO_COLOR && process.env.TERM !== "dumb";
    return coloured ? `\x1b[${COLOURS[rank % COLOURS.length]}m[${rank}]\x1b[0m ` : `[${rank}] `;
  }
}
