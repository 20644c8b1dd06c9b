/**
 * The dynamic schedules where ranks share no memory: rank 0 hands out the items by messages, and works as well. A rank
 * asks for its next chunk before it begins the present one, so that an answer may take as long as a chunk.
 */
import { ANY, type Communicator } from "../index.ts";
import type { Source, Span } from "./run.ts";
import { guidedChunk, Pace } from "./sources.ts";
import type { Turn } from "./team.ts";

/** A question and its answer between hosts cost about this much; chunks take longer. */
const CHUNK_MS = 1;
/** Rank 0 looks for questions at least so often between its tasks. */
const SERVE_MS = 0.05;
/** Asked for instead of a number of items: a task has thrown. */
const CANCEL = -1;
/** Other messages of maps have other tags. */
const tag = 0;

export interface Serving {
  readonly guided: boolean;
  readonly chunk: number | undefined;
  readonly total: number;
  /** Of this rank, over its tasks. */
  readonly turn: Turn;
}

/** Hands out places; part of rank 0. */
export class Server implements Source {
  private readonly comm: Communicator;
  private readonly serving: Serving;
  private readonly pace = new Pace(CHUNK_MS);
  private lastServed = performance.now();
  /** Resolves when every other rank knows that nothing is left. */
  private readonly finished: Promise<void>;

  constructor(comm: Communicator, serving: Serving) {
    this.comm = comm;
    this.serving = serving;
    this.finished = this.serve();
  }

  next(): Span | undefined {
    const { total, turn } = this.serving;
    return this.grant(this.pace.wanted(total - turn.next, this.comm.size));
  }

  get cancelled(): boolean {
    return this.serving.turn.cancelled;
  }

  cancel(): void {
    this.serving.turn.cancel();
  }

  /** Others get their answers while this rank waits here. */
  taskDone(threw: boolean): Promise<void> | undefined {
    this.serving.turn.countDone(threw);
    const now = performance.now();
    if (now - this.lastServed < SERVE_MS) return undefined;
    this.lastServed = now;
    return new Promise(resolve => setImmediate(resolve));
  }

  finish(): Promise<void> {
    return this.finished;
  }

  /** @param wanted as many as the asker's pace makes of it */
  private grant(wanted: number): Span | undefined {
    const { turn, total, guided, chunk } = this.serving;
    const from = turn.next;
    if (turn.cancelled || from >= total) return undefined;
    const rest = total - from;
    const count = guided ? guidedChunk(rest, this.comm.size, chunk ?? 1) : Math.min(rest, chunk ?? wanted);
    turn.take(count);
    return { from, to: from + count };
  }

  private async serve(): Promise<void> {
    const { comm } = this;
    const nothing = Int32Array.of(0, 0);
    for (let left = comm.size - 1; left > 0; ) {
      const message = await comm.probe(ANY, { tag });
      const wanted = await message.recv<number>();
      if (wanted === CANCEL) this.cancel();
      const span = this.grant(wanted);
      if (span === undefined) left--;
      await comm.send(span === undefined ? nothing : Int32Array.of(span.from, span.to), message.source, {
        tag,
      });
    }
  }
}

/** Asks rank 0. */
export class Client implements Source {
  private readonly comm: Communicator;
  private readonly serving: Serving;
  private readonly pace = new Pace(CHUNK_MS);
  private coming: Promise<Span | undefined>;

  constructor(comm: Communicator, serving: Serving) {
    this.comm = comm;
    this.serving = serving;
    this.coming = this.ask();
  }

  async next(): Promise<Span | undefined> {
    const span = await this.coming;
    // Rank 0 has counted out whom it has told that nothing is left.
    if (span !== undefined) this.coming = this.ask();
    return span;
  }

  get cancelled(): boolean {
    return this.serving.turn.cancelled;
  }

  cancel(): void {
    this.serving.turn.cancel();
  }

  taskDone(): undefined {}

  async finish(): Promise<void> {
    // After an early end rank 0 is asked until it has nothing more, and so learns of the end.
    while ((await this.next()) !== undefined);
  }

  private async ask(): Promise<Span | undefined> {
    const { comm, pace } = this;
    const { total, turn } = this.serving;
    await comm.send(turn.cancelled ? CANCEL : pace.wanted(total, comm.size), 0, { tag });
    const [from, to] = await this.comm.recv<Int32Array>(0, { tag });
    return from === to ? undefined : { from, to };
  }
}
