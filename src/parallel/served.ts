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
/** Answered when nothing is left. */
const NOTHING = Int32Array.of(0, 0);
/** Other messages of maps have other tags. */
const tag = 0;

export interface Serving {
  readonly guided: boolean;
  readonly chunk: number | undefined;
  readonly total: number;
  /** Of this rank, over its tasks. */
  readonly turn: Turn;
}

interface Question {
  readonly source: number;
  /** Items, or CANCEL. */
  readonly wanted: number;
}

/** Hands out places; part of rank 0. */
export class Server implements Source {
  private readonly comm: Communicator;
  private readonly serving: Serving;
  private readonly pace = new Pace(CHUNK_MS);
  private lastServed = performance.now();
  /** Asked for a second chunk before every rank had its first. */
  private readonly early: Question[] = [];
  /** Ranks that do not know yet that nothing is left. */
  private left: number;
  /** What this rank runs first, when every other rank has its first chunk. */
  private first: Promise<Span | undefined> | undefined;
  /** Resolves when every other rank knows that nothing is left. */
  private readonly finished: Promise<void>;

  constructor(comm: Communicator, serving: Serving) {
    this.comm = comm;
    this.serving = serving;
    this.left = comm.size - 1;
    const first = this.serveFirst();
    this.first = first;
    this.finished = first.then(() => this.serveRest());
  }

  next(): Span | undefined | Promise<Span | undefined> {
    const { first } = this;
    this.first = undefined;
    return first ?? this.own();
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

  private own(): Span | undefined {
    const { total, turn } = this.serving;
    return this.grant(this.pace.wanted(total - turn.next, this.comm.size));
  }

  /** No rank takes two chunks while another, this one included, has none. */
  private async serveFirst(): Promise<Span | undefined> {
    const served = new Set<number>();
    while (served.size < this.comm.size - 1) {
      const question = await this.hear();
      if (served.has(question.source)) {
        this.early.push(question);
      } else {
        served.add(question.source);
        await this.answer(question);
      }
    }
    return this.own();
  }

  private async serveRest(): Promise<void> {
    for (const question of this.early) await this.answer(question);
    while (this.left > 0) await this.answer(await this.hear());
  }

  private async hear(): Promise<Question> {
    const message = await this.comm.probe(ANY, { tag });
    const wanted = await message.recv<number>();
    if (wanted === CANCEL) this.cancel();
    return { source: message.source, wanted };
  }

  private async answer({ source, wanted }: Question): Promise<void> {
    const span = this.grant(wanted);
    if (span === undefined) this.left--;
    await this.comm.send(span === undefined ? NOTHING : Int32Array.of(span.from, span.to), source, { tag });
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
