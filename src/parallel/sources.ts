/** Which items a rank runs next: known from the beginning, or claimed from a counter in shared memory. */
import type { Source, Span } from "./run.ts";
import type { Turn } from "./team.ts";

/** A claim costs 0.1-0.5 us; chunks that take so long lose little by it, and leave little to wait for at the end. */
const CHUNK_MS = 0.02;

abstract class SharedSource implements Source {
  protected readonly turn: Turn;

  constructor(turn: Turn) {
    this.turn = turn;
  }

  abstract next(): Span | undefined;

  get cancelled(): boolean {
    return this.turn.cancelled;
  }

  cancel(): void {
    this.turn.cancel();
  }

  taskDone(threw: boolean): undefined {
    this.turn.countDone(threw);
  }

  finish(): undefined {}
}

/** All that this rank runs is known from the beginning. */
export class OwnShare extends SharedSource {
  private share: Span | undefined;

  constructor(turn: Turn, share: Span) {
    super(turn);
    this.share = share;
  }

  next(): Span | undefined {
    const { share } = this;
    this.share = undefined;
    return share;
  }
}

/** Takes `chunk` items from a counter; without one as many as take about CHUNK_MS, but never more than its part of the rest. */
export class DynamicClaims extends SharedSource {
  private readonly total: number;
  private readonly size: number;
  private readonly chunk: number | undefined;
  private readonly pace: Pace;

  constructor(turn: Turn, total: number, size: number, chunk: number | undefined) {
    super(turn);
    this.total = total;
    this.size = size;
    // Every rank takes once too often; that must not overflow the counter.
    this.chunk = chunk && Math.min(chunk, Math.ceil(total / size));
    this.pace = new Pace(CHUNK_MS);
  }

  next(): Span | undefined {
    const { total, turn } = this;
    const count = this.chunk ?? this.pace.wanted(total - turn.next, this.size);
    const from = turn.take(count);
    return from < total ? { from, to: Math.min(from + count, total) } : undefined;
  }
}

/** How many items make a chunk of a given time, from the time that the last chunk took. */
export class Pace {
  private readonly chunkMs: number;
  private count = 0;
  private began = 0;

  constructor(chunkMs: number) {
    this.chunkMs = chunkMs;
  }

  /** @param rest items that nobody has taken */
  wanted(rest: number, size: number): number {
    const now = performance.now();
    if (this.count === 0) {
      this.count = 1;
    } else {
      const perItem = (now - this.began) / this.count;
      // The last chunk may have met short items: grow slowly, shrink at once.
      const most = Math.min(4 * this.count, Math.ceil(rest / (2 * size)));
      this.count = Math.max(1, Math.min(most, Math.floor(this.chunkMs / perItem)));
    }
    this.began = now;
    return this.count;
  }
}

/** Takes half of each rank's part of what is left (guided self-scheduling, Polychronopoulos and Kuck 1987). */
export class GuidedClaims extends SharedSource {
  private readonly total: number;
  private readonly size: number;
  private readonly least: number;

  constructor(turn: Turn, total: number, size: number, least: number) {
    super(turn);
    this.total = total;
    this.size = size;
    this.least = least;
  }

  next(): Span | undefined {
    const { total, turn } = this;
    let from = turn.next;
    while (from < total) {
      const count = guidedChunk(total - from, this.size, this.least);
      const found = turn.takeFrom(from, count);
      if (found === from) return { from, to: from + count };
      from = found;
    }
    return undefined;
  }
}

export function guidedChunk(rest: number, size: number, least: number): number {
  return Math.min(rest, Math.max(least, Math.ceil(rest / (2 * size))));
}
