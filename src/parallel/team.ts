/** What the ranks of a communicator share for the maps that run on it. */
import { withArticle } from "../article.ts";
import { wordOf } from "../environment.ts";
import { ArgumentError, NotOneHostError } from "../errors.ts";
import { type Communicator, max, world } from "../index.ts";
import type { Timing } from "./run.ts";
import { requireSameTerms, type Terms, writeTerms } from "./terms.ts";

/** Words of a turn, a cache line each: ranks write them all the time. */
const LINE = 16;
const NEXT = 0;
const CANCELLED = LINE;
const DONE = 2 * LINE;
const FAILED = 3 * LINE;
const TURN_WORDS = 4 * LINE;

/** What a rank says of a map before it begins. */
export interface Intent {
  /** All must say the same. */
  readonly terms: Terms;
  /** Whether any rank shows progress. */
  readonly counted: boolean;
  readonly timed: Timing;
  /** Whether any rank wants items compared. */
  readonly checked: boolean;
}

/** The words that the ranks of one map share; where they share no memory, each has its own. */
export class Turn {
  private readonly words: Int32Array;
  private readonly at: number;
  private readonly counted: boolean;
  /** The most that any rank wants. */
  readonly timed: Timing;
  readonly checked: boolean;

  constructor(words: Int32Array, at: number, counted: boolean, timed: Timing, checked: boolean) {
    this.timed = timed;
    this.checked = checked;
    this.words = words;
    this.at = at;
    this.counted = counted;
  }

  /** Takes `count` places; returns the first. */
  take(count: number): number {
    return Atomics.add(this.words, this.at + NEXT, count);
  }

  /** Takes `count` places if the first is still `expected`; returns the first that is free. */
  takeFrom(expected: number, count: number): number {
    return Atomics.compareExchange(this.words, this.at + NEXT, expected, expected + count);
  }

  /** The first place that nobody has taken. */
  get next(): number {
    return Atomics.load(this.words, this.at + NEXT);
  }

  get cancelled(): boolean {
    return Atomics.load(this.words, this.at + CANCELLED) !== 0;
  }

  cancel(): void {
    Atomics.store(this.words, this.at + CANCELLED, 1);
  }

  countDone(threw: boolean): void {
    if (!this.counted) return;
    Atomics.add(this.words, this.at + DONE, 1);
    if (threw) Atomics.add(this.words, this.at + FAILED, 1);
  }

  get done(): number {
    return Atomics.load(this.words, this.at + DONE);
  }

  /** Of those done, so many have thrown. */
  get failed(): number {
    return Atomics.load(this.words, this.at + FAILED);
  }
}

const teams = new WeakMap<Communicator, Team>();

export class Team {
  private readonly comm: Communicator;
  /** Two turns: a rank may still be in one when others have begun the next. */
  private readonly words: Int32Array;
  /** Whether all ranks share `words`. */
  readonly sharesMemory: boolean;
  private turns = 0;
  private privateComm: Communicator | undefined;

  private constructor(comm: Communicator, words: Int32Array, sharesMemory: boolean) {
    this.comm = comm;
    this.words = words;
    this.sharesMemory = sharesMemory;
  }

  /** Collective, as everything here. */
  static async of(comm: Communicator): Promise<Team> {
    let team = teams.get(comm);
    if (team === undefined) {
      let words: Int32Array | undefined;
      try {
        // For tests and measurements maps can go by messages, as between hosts.
        const mayShare = wordOf("TSMPI_MAP_MEMORY") !== "off" && world.sharesMemory;
        if (mayShare) words = await comm.shared(Int32Array, 2 * TURN_WORDS);
      } catch (error) {
        if (!(error instanceof NotOneHostError)) throw error;
      }
      team = new Team(comm, words ?? new Int32Array(2 * TURN_WORDS), words !== undefined);
      teams.set(comm, team);
    }
    return team;
  }

  /**
   * Begins a map when all ranks have come to it.
   * @throws {ArgumentError} on every rank: terms are not the same on all
   */
  async begin(operation: string, { terms, counted, timed, checked }: Intent): Promise<Turn> {
    const at = (this.turns++ % 2) * TURN_WORDS;
    // All have begun the turn before this one, so nobody is in the one before that, which had these words.
    if (!this.sharesMemory || this.comm.rank === 0) this.words.fill(0, at, at + TURN_WORDS);
    const words = new Float64Array(3 + 2 * Object.keys(terms).length);
    words[0] = counted ? 1 : 0;
    words[1] = timed;
    words[2] = checked ? 1 : 0;
    writeTerms(terms, words);
    await this.comm.allreduceInto(words, words, max);
    requireSameTerms(operation, terms, words);
    return new Turn(this.words, at, words[0] === 1, words[1] as Timing, words[2] === 1);
  }

  /** Messages of maps, which never mix with the program's. */
  async channel(): Promise<Communicator> {
    this.privateComm ??= await this.comm.dup({ name: `${this.comm.name}.map` });
    return this.privateComm;
  }
}

/** Operations that are under way on this rank, by communicator. */
const running = new WeakMap<Communicator, string>();

/**
 * Says that an operation begins; the function returned says that it is over. Meanwhile no other one may begin on the
 * communicator: its collectives would meet those of this one.
 * @throws {ArgumentError} another one is under way
 */
export function enter(comm: Communicator, operation: string): () => void {
  requireNoneUnderWay(comm, operation);
  running.set(comm, operation);
  return () => running.delete(comm);
}

/** @throws {ArgumentError} an operation on the communicator is under way on this rank */
export function requireNoneUnderWay(comm: Communicator, operation: string): void {
  const other = running.get(comm);
  if (other !== undefined) {
    throw new ArgumentError(
      `${operation}: ${withArticle(other)} on ${comm.name} is under way on this rank. In its tasks, and in the body of a pool, ` +
        "go through the items with a loop, or use a communicator made by split; elsewhere, await it first.",
    );
  }
}

/** Runs an operation that begins here; see `enter`. */
export async function exclusively<R>(
  comm: Communicator,
  operation: string,
  run: () => Promise<R>,
): Promise<R> {
  const leave = enter(comm, operation);
  try {
    return await run();
  } finally {
    leave();
  }
}
