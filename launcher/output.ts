/** All that the ranks print: line by line to tsmpirun's own stdout and stderr, and to files. */
import { mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { Crashes, StderrBlock } from "./crash-filter.ts";
import { type Destination, openDestinations } from "./destination.ts";
import type { RankOutput } from "./host.ts";
import { LineWriter } from "./line-writer.ts";
import type { JobOptions } from "./options.ts";
import { UsageError } from "./usage-error.ts";

/** Red is left out: it means trouble. */
const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

export class Output implements RankOutput {
  private readonly out: Destination;
  private readonly err: Destination;
  private readonly options: JobOptions;
  private readonly ranks: number;
  private readonly open = new Set<Readable>();
  private readonly openOf: number[];
  private readonly waiting: (() => void)[] = [];
  readonly crashes = new Crashes();

  constructor(ranks: number, options: JobOptions, onBroken: () => void) {
    const { out, err } = openDestinations(onBroken);
    this.out = out;
    this.err = err;
    this.ranks = ranks;
    this.options = options;
    this.openOf = new Array(ranks).fill(0);
    if (options.outputFolder !== undefined) {
      try {
        mkdirSync(options.outputFolder, { recursive: true });
      } catch (error) {
        throw new UsageError(
          `--output-dir expects a folder that can be written; ${options.outputFolder}: ${(error as Error).message}`,
        );
      }
    }
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
    const block = new StderrBlock(bytes => err.write(this.crashes.filter(rank, bytes)));
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

  /** Resolves when all streams (of one rank) are closed, or after `milliseconds`. */
  closed(milliseconds: number, rank?: number): Promise<void> {
    const done = (): boolean => (rank === undefined ? this.open.size : this.openOf[rank]) === 0;
    if (done()) return Promise.resolve();
    return new Promise(resolve => {
      const timer = setTimeout(resolve, milliseconds);
      const check = (): void => {
        if (!done()) return void this.waiting.push(check);
        clearTimeout(timer);
        resolve();
      };
      this.waiting.push(check);
    });
  }

  async flushed(): Promise<void> {
    await this.out.flushed();
    await this.err.flushed();
  }

  private writer(rank: number, stream: Readable, kind: "out" | "err"): LineWriter {
    return new LineWriter({
      destination: this[kind],
      tag: this.tagOf(rank, kind),
      file: this.fileOf(rank, kind),
      alone: this.ranks === 1 && !this.options.tagOutput,
      pause: paused => void (paused ? stream.pause() : stream.resume()),
    });
  }

  private follow(rank: number, stream: Readable, write: (bytes: Uint8Array) => void, end: () => void): void {
    this.open.add(stream);
    this.openOf[rank]++;
    const ended = (): void => {
      if (!this.open.delete(stream)) return;
      this.openOf[rank]--;
      end();
      for (const check of this.waiting.splice(0)) check();
    };
    stream.on("data", write);
    stream.on("end", ended);
    stream.on("error", ended);
    stream.on("close", ended);
  }

  private tagOf(rank: number, kind: "out" | "err"): string | undefined {
    if (!this.options.tagOutput) return undefined;
    const terminal = (kind === "out" ? process.stdout : process.stderr).isTTY === true;
    const coloured = terminal && !process.env.NO_COLOR && process.env.TERM !== "dumb";
    return coloured ? `\x1b[${COLOURS[rank % COLOURS.length]}m[${rank}]\x1b[0m ` : `[${rank}] `;
  }

  private fileOf(rank: number, kind: "out" | "err"): number | undefined {
    if (this.options.outputFolder === undefined) return undefined;
    const number = String(rank).padStart(String(this.ranks - 1).length, "0");
    return openSync(join(this.options.outputFolder, `rank-${number}.${kind}`), "w");
  }
}
