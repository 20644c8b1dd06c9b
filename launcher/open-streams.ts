/** Streams of ranks that have not ended, and the wait for their ends. */
import type { Readable } from "node:stream";
import { Silence } from "./silence.ts";

/** A stream may be held open by a process that a rank has left behind. */
const HELD_OPEN_MILLISECONDS = 500;
/** Between two looks whether a stream that is held open is empty by now. */
const LOOK_MILLISECONDS = 10;

interface Wait {
  /** Undefined: for all. */
  rank: number | undefined;
  done(): boolean;
  resolve(): void;
  /** Something has come since the last look. */
  came: boolean;
}

export class OpenStreams {
  private readonly rankOf = new Map<Readable, number>();
  private readonly openOf = new Map<number, number>();
  private readonly waits = new Set<Wait>();

  /** @param ended called once */
  add(rank: number, stream: Readable, ended: () => void): void {
    this.rankOf.set(stream, rank);
    this.openOf.set(rank, (this.openOf.get(rank) ?? 0) + 1);
    stream.on("data", () => {
      for (const wait of this.waits) if ((wait.rank ?? rank) === rank) wait.came = true;
    });
    const over = (): void => {
      if (!this.rankOf.delete(stream)) return;
      this.openOf.set(rank, this.openOf.get(rank)! - 1);
      ended();
      for (const wait of this.waits) if (wait.done()) wait.resolve();
    };
    for (const event of ["end", "error", "close"]) stream.on(event, over);
  }

  /**
   * Resolves when the streams (of one rank) have ended, or, for what is held open by somebody else, when all that the
   * ranks had written before they ended has been read. To be called when they have ended.
   */
  closed(rank?: number): Promise<void> {
    const done = (): boolean => (rank === undefined ? this.rankOf.size : (this.openOf.get(rank) ?? 0)) === 0;
    if (done()) return Promise.resolve();
    const silence = new Silence(() =>
      [...this.rankOf].every(([stream, of]) => (rank ?? of) !== of || !stream.isPaused()),
    );
    return new Promise(resolve => {
      const wait: Wait = {
        rank,
        done,
        came: false,
        resolve: () => {
          silence.stop();
          this.waits.delete(wait);
          resolve();
        },
      };
      const look = (): void => {
        if (wait.came) silence.await(LOOK_MILLISECONDS, look);
        else wait.resolve();
        wait.came = false;
      };
      this.waits.add(wait);
      silence.await(HELD_OPEN_MILLISECONDS, look);
    });
  }
}
