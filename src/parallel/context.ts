import { ArgumentError } from "../errors.ts";
import type { Communicator } from "../index.ts";
import type { Generator, Streams } from "../random/index.ts";
import type { Source, TaskContext } from "./run.ts";

/** What a task is told beside its item. */
export class Context implements TaskContext {
  readonly rank: number;
  readonly size: number;
  private readonly source: Source;
  private readonly streams: Streams | undefined;
  private readonly index: number;
  private generator: Generator | undefined;

  constructor({ rank, size }: Communicator, source: Source, streams: Streams | undefined, index: number) {
    this.rank = rank;
    this.size = size;
    this.source = source;
    this.streams = streams;
    this.index = index;
  }

  get cancelled(): boolean {
    return this.source.cancelled;
  }

  get random(): Generator {
    if (this.streams === undefined) {
      throw new ArgumentError(
        "random: give the map a seed, { seed: 1 }, and each item has random numbers of its own.",
      );
    }
    return (this.generator ??= this.streams.stream(this.index));
  }
}
