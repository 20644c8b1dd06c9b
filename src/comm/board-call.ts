import { withArticle } from "../article.ts";
import { type Dtype, dtypes, type TypedArray, windowOf } from "../codec/dtype.ts";
import { copyInto } from "../collectives/arrays.ts";
import type { Offsets } from "../collectives/blocks.ts";
import type { Operator } from "../collectives/operator.ts";
import { describeArray } from "../describe.ts";
import { TypeMismatchError } from "../errors.ts";
import { type CalledCollective, Watch } from "../p2p/engine.ts";
import { describeKind } from "../p2p/request.ts";
import { BULKS, CELL_PAYLOAD_BYTES, CELLS, Cell, CellDouble, Place } from "../transport/board-layout.ts";
import { Kind } from "../transport/frame.ts";
import { Header } from "../transport/layout.ts";
import { look } from "../transport/look.ts";
import { publish } from "../transport/publish.ts";
import type { WaitRecord } from "../transport/wait-record.ts";
import type { BoardMemory } from "./board-memory.ts";
import { CollectiveCall } from "./collective-call.ts";
import { mix } from "./signature.ts";

/** Loops beat `set` for so many doubles. */
const LOOP = 16;
/** Of so many ranks that give so few. */
const FEW_RANKS = 4;
/** The arguments of a call are kept for the next one unless that would keep more memory than this. */
const KEPT_BYTES = 1024 * 1024;

/** Values of `readers` and `expected` that are neither a rank nor a number of bytes. */
export const ALL = -1;
export const NOBODY = -2;
/** The ranks after this one. */
export const ABOVE = -3;
export const ANY_LENGTH = -1;
const ANYTHING = -2;

const nothing: Plan = { collect: () => undefined };

/** Elements `first` to `first + length` of what a rank contributes, and where they go; or the other way round. */
export interface Block {
  readonly rank: number;
  readonly first: number;
  readonly length: number;
  readonly at: number;
}

const none: readonly Block[] = [];

/** What a call does with what the others have contributed, and what remains when nobody reads this rank's any more. */
export interface Plan {
  /** Returns an iterator when there is much to copy: the work, in pieces. */
  collect(call: BoardCall): Iterator<void> | undefined;
  finish?(call: BoardCall): void;
}

/**
 * One collective call on one rank, as a state machine that goes on whenever it is looked at: write the own
 * contribution, look at those of others, collect. All calls are of this one class, whatever their plan, for the engine
 * is slow at code that meets objects of many classes.
 */
export class BoardCall extends Watch implements CalledCollective {
  readonly board: BoardMemory;
  // Set by the board.
  sequence = 0;
  signature = 0;
  turn = 0;
  history = 0;

  // Set by whoever begins the call.
  plan: Plan = nothing;
  /** What this rank contributes: an array of `dtype`, or a number; undefined: nothing. */
  given: TypedArray | undefined = undefined;
  plain = Number.NaN;
  isPlain = false;
  dtype: Dtype | undefined = undefined;
  /** Whether `array` goes, or `target` comes, by a message that follows the turn. */
  isMessage = false;
  /** Who reads it: a rank, ALL, NOBODY or ABOVE. */
  readers: number = ALL;
  /** A rank that may wait for it as well. */
  alsoWakes = -1;
  /** Where others write into the memory of this rank; then all of `given` is read from there, too. */
  opened: TypedArray | undefined = undefined;
  /** The ranks whose contributions this one looks at are `from` to `end`, and `also`, without itself. */
  from = 0;
  end = 0;
  also = -1;
  /** They must have so many bytes of `dtype`, or ANY_LENGTH of it, or may be ANYTHING. */
  expected: number = ANYTHING;
  /** A number beside the contribution: of a call whose arrays are equally long, the length of the whole array. */
  extra = 0;
  /** Where the result goes. */
  target: TypedArray | undefined = undefined;
  /** This rank's array, whether or not it contributes it. */
  array: TypedArray | undefined = undefined;
  root = 0;
  op: Operator | undefined = undefined;
  offsets: Offsets | undefined = undefined;
  /** First element that this rank gets. */
  first = 0;
  /** Blocks that come or go by messages after the turn. */
  byMessage: readonly Block[] = none;
  /** Where the result lies until others no longer read the memory of the target. */
  aside: TypedArray | undefined = undefined;

  /** Whether it takes several turns, each of which has a result. */
  ofMany = false;

  // What was asked for, if the next call may ask the same (`keep`).
  /** 0: it is not kept. */
  operation = 0;
  /** Whether a call that is kept has told its result, and so may be begun again. */
  isOver = false;
  private askedTarget: TypedArray | undefined = undefined;
  private askedArray: TypedArray | undefined = undefined;
  private askedOp: unknown = undefined;
  private askedTargetLength = 0;
  private askedLength = 0;

  // What `write` makes of the arguments, once.
  private weighed = false;
  private bytes = 0;
  private place: number = Place.cell;
  private code = 0;
  /** `given`, where a loop is the fastest way to copy it. */
  few: Float64Array | undefined = undefined;
  /** `target`, where its whole contents come in a few doubles of each rank. */
  fewTarget: Float64Array | undefined = undefined;

  /** Whether it has been made before, in a cell. */
  private isQuick = false;
  /** Kind of the contributions looked at. */
  private needed = 0;

  // How far it has come.
  /** Whether it ended in one go. */
  untouched = false;
  outcome: unknown = undefined;
  private written = false;
  /** The next rank to look at; `end + 1` when `also` has been seen, too. */
  private next = 0;
  /** Work on long arrays under way. */
  private work: Iterator<void> | undefined = undefined;
  private collected = false;
  /** Whether others copy from the memory of this rank, so that it must not be changed before they are done. */
  private lent = false;
  /** Whether somebody waits to hear that this rank has read. */
  private urgent = false;
  private failed = false;
  private failure: unknown = undefined;
  /** The rank to wait for. */
  private awaitedRank = -1;

  constructor(board: BoardMemory) {
    super();
    this.board = board;
  }

  /** Goes on to the next turn of a collective that takes several. */
  nextTurn(): void {
    this.reset();
    this.turn = (this.turn + 1) | 0;
    this.history = mix(this.history, this.signature);
  }

  /** Makes a call that is over as good as new. */
  reset(): void {
    this.restart();
    this.plan = nothing;
    this.given = undefined;
    this.isPlain = false;
    this.dtype = undefined;
    this.readers = ALL;
    this.alsoWakes = -1;
    this.isMessage = false;
    this.byMessage = none;
    this.opened = undefined;
    this.from = 0;
    this.end = 0;
    this.also = -1;
    this.expected = ANYTHING;
    this.extra = 0;
    this.target = undefined;
    this.array = undefined;
    this.root = 0;
    this.op = undefined;
    this.offsets = undefined;
    this.first = 0;
    this.aside = undefined;
    this.operation = 0;
    this.isOver = false;
    this.isQuick = false;
    this.untouched = false;
    this.weighed = false;
    this.few = undefined;
    this.fewTarget = undefined;
  }

  /** Makes a call that is over ready for another turn with the same arguments. */
  restart(): void {
    this.done = false;
    this.onDone = undefined;
    this.outcome = undefined;
    this.written = false;
    this.next = 0;
    this.work = undefined;
    this.collected = false;
    this.lent = false;
    this.urgent = false;
    this.failed = false;
    this.failure = undefined;
    this.awaitedRank = -1;
    this.moved = false;
    this.watched = false;
  }

  /** Keeps what was asked for, if it is short, and its arrays are those that the call works on. */
  keep(operation: number, target: TypedArray | undefined, array: TypedArray | undefined, op?: unknown): this {
    const { bulkBytes } = this.board;
    if (
      isShort(target, bulkBytes) &&
      isShort(array, bulkBytes) &&
      (this.given === undefined || this.given === (array ?? target))
    ) {
      this.operation = operation;
      this.board.keep(this);
      this.askedTarget = target;
      this.askedArray = array;
      this.askedOp = op;
      this.askedTargetLength = target === undefined ? 0 : target.length;
      this.askedLength = array === undefined ? 0 : array.length;
    }
    return this;
  }

  /** Whether this call, which is kept, was asked for the same. */
  isFor(target: TypedArray | undefined, array: TypedArray | undefined, op: unknown, root: number): boolean {
    return (
      target === this.askedTarget &&
      array === this.askedArray &&
      op === this.askedOp &&
      root === this.root &&
      // The memory of an array may have grown, or have been given away.
      (target === undefined || target.length === this.askedTargetLength) &&
      (array === undefined || array.length === this.askedLength)
    );
  }

  override result(): unknown {
    if (this.failed) throw this.failure;
    super.result();
    const { outcome } = this;
    if (this.operation === 0) this.board.recycle(this);
    else this.isOver = true;
    return outcome;
  }

  /**
   * Makes this call, which is kept and over, ready for another turn. It may be made in a hurry if it fits in a cell and
   * no function of the program's is called, which may call anything.
   */
  startAgain(): void {
    this.isOver = false;
    if (this.untouched) {
      this.untouched = false;
      this.done = false;
      return;
    }
    this.restart();
    this.isQuick =
      this.place === Place.cell &&
      (this.given === undefined || this.few !== undefined) &&
      !(this.op?.code === 0);
    this.needed = this.dtype === undefined ? Kind.number : this.dtype.code;
  }

  override ready(): boolean {
    if (this.failed) return !this.lent || this.isReadByAll();
    try {
      return this.advance();
    } catch (error) {
      this.failed = true;
      this.failure = error;
      // Those who have seen that all agree read this rank's memory, and write there, whatever goes wrong here.
      if (!this.hasSeenAll) this.lent = false;
      this.giveUp();
      return !this.lent || this.isReadByAll();
    }
  }

  /** The engine has found that this call can never be done. */
  override settle(value: undefined, error?: unknown): void {
    if (error !== undefined) this.giveUp();
    super.settle(value, error);
  }

  /** This rank wants nothing more of this turn; the others go on. */
  giveUp(): void {
    if (!this.collected) this.board.markRead(this.turn, true);
    this.collected = true;
  }

  /** Whether all contributions that this rank looks at are there, and as they should be. */
  get hasSeenAll(): boolean {
    return this.written && this.next > this.end;
  }

  private advance(): boolean {
    if (!this.written) {
      if (this.isQuick && this.board.isNext(this.turn)) return this.hurry();
      if (!this.write()) return false;
    }
    while (this.next < this.end) {
      if (!this.see(this.next)) return false;
      this.next++;
    }
    if (this.next === this.end) {
      if (this.also >= 0 && !this.see(this.also)) return false;
      this.next++;
    }
    if (!this.collected) {
      if (this.work === undefined) this.work = this.plan.collect(this);
      if (this.work !== undefined && this.work.next().done !== true) {
        this.moved = true;
        return false;
      }
      this.collected = true;
      this.board.markRead(this.turn, this.urgent);
    }
    if (this.lent && !this.isReadByAll()) return false;
    this.plan.finish?.(this);
    return true;
  }

  /**
   * The same from the beginning, for a short call that has been made before. Where nothing has to be waited for, that is
   * the whole call, in one go that notes nothing of how far it has come, so that the call is as good as new when it is
   * over. Where something has, it goes on as any other from there.
   */
  private hurry(): boolean {
    const { board, turn } = this;
    const { cells, rank: self } = board;
    const { words, doubles } = cells;
    if (!board.isFree(turn, CELLS, this)) return false;
    if (look(words, Header.endings) !== 0) this.refuseLeavers();
    const at = cells.cellWord(self, turn);
    const { few, from, end } = this;
    if (few !== undefined) {
      const payload = (at >> 1) + CellDouble.payload;
      for (let i = 0; i < few.length; i++) doubles[payload + i] = few[i];
    } else if (this.isPlain) {
      doubles[(at >> 1) + CellDouble.payload] = this.plain;
    }
    this.head(words, doubles, at);
    for (let rank = from; rank < end; rank++) {
      if (rank !== self && !this.isAsExpected(rank)) return this.pauseAt(rank);
    }
    if (this.also >= 0 && !this.isAsExpected(this.also)) return this.pauseAt(end);
    this.plan.collect(this);
    board.markRead(turn, false);
    if (this.plan.finish !== undefined) {
      this.collected = true;
      this.plan.finish(this);
      this.collected = false;
    }
    this.untouched = true;
    return true;
  }

  /** The contribution has been written; what `next` gives is not there yet, or not as it should be. */
  private pauseAt(next: number): boolean {
    this.written = true;
    this.next = next;
    return false;
  }

  /** Whether a rank's contribution is there, in a cell, and as it should be. */
  private isAsExpected(rank: number): boolean {
    const { words, doubles } = this.board.cells;
    const at = this.board.cells.cellWord(rank, this.turn);
    if (look(words, at) !== this.turn || words[at + Cell.history] !== this.history) return false;
    const { expected } = this;
    const kind = words[at + Cell.kind];
    if (expected === ANYTHING) return (kind & Place.mask) === Place.cell;
    // The kind of what lies elsewhere is greater.
    return (
      kind === this.needed &&
      (expected === ANY_LENGTH ||
        (doubles[(at >> 1) + CellDouble.bytes] === expected && words[at + Cell.extra] === (this.extra | 0)))
    );
  }

  /** Whether a rank's contribution is there; if so it is as it should be. */
  private see(rank: number): boolean {
    const { cells, rank: self } = this.board;
    if (rank === self) return true;
    const { words } = cells;
    const word = cells.cellWord(rank, this.turn);
    if (look(words, word) !== this.turn) {
      const came = Atomics.load(words, word);
      if (came !== this.turn) {
        this.waitFor(rank, word, came);
        return false;
      }
    }
    if (words[word + Cell.history] !== this.history) this.disagree(rank);
    if ((words[word + Cell.kind] & Place.mask) === Place.away) this.urgent = true;
    if (this.expected !== ANYTHING) this.require(rank, this.expected);
    return true;
  }

  /** Finds out how the contribution is to be written. */
  private weigh(): void {
    const { given, dtype } = this;
    this.weighed = true;
    const { target } = this;
    if (target instanceof Float64Array && target.length <= LOOP * FEW_RANKS) this.fewTarget = target;
    this.bytes = 0;
    this.code = 0;
    if (this.isPlain) {
      this.bytes = 8;
      this.code = Kind.number;
    } else if (given !== undefined) {
      this.bytes = given.length * dtype!.bytes;
      this.code = dtype!.code;
      if (this.isMessage) {
        this.place = Place.message;
        return;
      }
      if (given instanceof Float64Array && given.length <= LOOP) this.few = given;
    }
    this.place = Place.cell;
    if (this.opened !== undefined || this.bytes > this.board.bulkBytes) this.place = Place.away;
    else if (this.bytes > CELL_PAYLOAD_BYTES) this.place = Place.bulk;
  }

  /** Writes the own contribution. Returns false when that has to wait for room. */
  private write(): boolean {
    if (!this.weighed) this.weigh();
    const { board, place, few, turn } = this;
    const { cells } = board;
    if (!board.isFree(turn, place === Place.bulk ? BULKS : CELLS, this)) return false;
    const { words, doubles } = cells;
    if (look(words, Header.endings) !== 0) this.refuseLeavers();
    const at = cells.cellWord(board.rank, turn);
    const header = at >> 1;
    if (place === Place.away) {
      this.lend(this.given!, at);
    } else if (place === Place.message) {
      // Follows.
    } else if (this.isPlain) {
      doubles[header + CellDouble.payload] = this.plain;
    } else if (few !== undefined) {
      for (let i = 0; i < few.length; i++) doubles[header + CellDouble.payload + i] = few[i];
    } else if (this.given !== undefined) {
      const { given } = this;
      board.writer.write(
        cells.view(board.rank, turn, place, this.dtype!, 0, given.length),
        0,
        given,
        0,
        given.length,
      );
    }
    if (place === Place.bulk) this.urgent = true;
    this.head(words, doubles, at);
    this.written = true;
    this.next = this.from;
    return true;
  }

  /** Writes the header of the own cell, which begins at word `at`, publishes it and wakes its readers. */
  private head(words: Int32Array, doubles: Float64Array, at: number): void {
    words[at + Cell.signature] = this.signature;
    words[at + Cell.history] = this.history;
    words[at + Cell.sequence] = this.sequence;
    words[at + Cell.kind] = this.code | this.place;
    words[at + Cell.extra] = this.extra;
    doubles[(at >> 1) + CellDouble.bytes] = this.bytes;
    publish(words, at + Cell.turn, this.turn);
    const { engine, worldRanks, size, rank: self } = this.board;
    for (let rank = 0; rank < size; rank++) {
      if (rank !== self && (this.isRead(rank) || rank === this.alsoWakes)) engine.wake(worldRanks[rank]);
    }
  }

  /** Says where `given` and `opened` lie in this rank's memory. */
  private lend(given: TypedArray, at: number): void {
    const { copies } = this.board.job;
    const { doubles } = this.board.cells;
    this.lent = true;
    doubles[(at >> 1) + CellDouble.payload] = copies.addressOf(given);
    doubles[(at >> 1) + CellDouble.payload + 1] =
      this.opened === undefined ? 0 : copies.addressOf(this.opened);
  }

  private isReadByAll(): boolean {
    const { board, turn } = this;
    for (let rank = 0; rank < board.size; rank++) {
      if (rank !== board.rank && this.isRead(rank) && !board.hasRead(rank, turn, this)) return false;
    }
    return true;
  }

  private isRead(rank: number): boolean {
    const { readers } = this;
    return readers === ALL || readers === rank || (readers === ABOVE && rank > this.board.rank);
  }

  /** A rank at its end cannot have read what has not been written, so it has not taken part. */
  private refuseLeavers(): void {
    const { engine, worldRanks, size, rank: self } = this.board;
    for (let rank = 0; rank < size; rank++) {
      if (rank !== self && this.isRead(rank) && engine.isLeaving(worldRanks[rank])) {
        throw this.asMessages().finishedWithout("is in", rank);
      }
    }
  }

  bytesFrom(rank: number): number {
    return this.board.cells.doubles[(this.board.cells.cellWord(rank, this.turn) >> 1) + CellDouble.bytes];
  }

  isAway(rank: number): boolean {
    return this.placeOf(rank) === Place.away;
  }

  comesByMessage(rank: number): boolean {
    return this.placeOf(rank) === Place.message;
  }

  numberFrom(rank: number): number {
    const { cells } = this.board;
    return cells.doubles[cells.payloadDouble(rank, this.turn)];
  }

  extraFrom(rank: number): number {
    return this.board.cells.words[this.board.cells.cellWord(rank, this.turn) + Cell.extra];
  }

  private placeOf(rank: number): number {
    const { cells } = this.board;
    return cells.words[cells.cellWord(rank, this.turn) + Cell.kind] & Place.mask;
  }

  /** Address of the array that a rank contributes from its own memory (0), or of its open target (1). */
  addressFrom(rank: number, which: 0 | 1): number {
    const { cells } = this.board;
    return cells.doubles[cells.payloadDouble(rank, this.turn) + which];
  }

  /** Throws unless what a rank contributes is as expected. */
  require(rank: number, expected: number): void {
    const { cells } = this.board;
    const at = cells.cellWord(rank, this.turn);
    const code = cells.words[at + Cell.kind] & ~Place.mask;
    const came = cells.doubles[(at >> 1) + CellDouble.bytes];
    const { dtype } = this;
    const needed = dtype === undefined ? Kind.number : dtype.code;
    const whole = cells.words[at + Cell.extra];
    if (code === needed && (expected === ANY_LENGTH || (came === expected && whole === (this.extra | 0))))
      return;
    const theirs = dtypes[code];
    const sent = theirs === undefined ? describeKind(code) : describeArray(theirs.name, whole >>> 0);
    let own = "a number";
    if (dtype !== undefined)
      own = expected === ANY_LENGTH ? withArticle(dtype.name) : describeArray(dtype.name, this.extra);
    throw new TypeMismatchError(
      `${this.asMessages().describe()}: all ranks must give values of the same type and length; rank ${rank} sent ` +
        `${sent}, this rank has ${own}`,
      { rank: this.board.engine.rank, peer: rank, communicator: this.board.scope.name },
    );
  }

  /** Elements `first` to `first + length` of what a rank has put on the board. */
  viewOf(rank: number, first: number, length: number): TypedArray {
    return this.board.cells.view(rank, this.turn, this.placeOf(rank), this.dtype!, first, length);
  }

  /** Copies `length` elements that a rank contributes, from `first` on, to `target` at `at`, wherever they lie. */
  copyFrom(rank: number, first: number, length: number, target: TypedArray, at: number): void {
    const { cells } = this.board;
    const place = this.placeOf(rank);
    if (place === Place.cell && length <= LOOP && target instanceof Float64Array) {
      this.copyFew(rank, first, length, target, at);
      return;
    }
    if (place !== Place.away) {
      copyInto(target, cells.view(rank, this.turn, place, this.dtype!, first, length), at);
      return;
    }
    const { bytes } = this.dtype!;
    const address = this.addressFrom(rank, 0) + first * bytes;
    const { worldRanks, job } = this.board;
    job.copies.from(worldRanks[rank], address, windowOf(target, at * bytes), 0, length * bytes);
  }

  /** The same for a few doubles that lie in a cell. */
  copyFew(rank: number, first: number, length: number, target: Float64Array, at: number): void {
    const { cells } = this.board;
    const { doubles } = cells;
    const from = cells.payloadDouble(rank, this.turn) + first;
    for (let i = 0; i < length; i++) target[at + i] = doubles[from + i];
  }

  // Waiting, and what may come of it.

  waitFor(rank: number, word: number, value: number): void {
    this.awaitedRank = rank;
    this.word = word;
    this.seen = value;
  }

  override doomed(): Error | undefined {
    const { engine, worldRanks, cells } = this.board;
    const rank = this.awaitedRank;
    if (rank < 0 || !engine.isLeaving(worldRanks[rank])) return undefined;
    if (Atomics.load(cells.words, this.word) !== this.seen) return undefined;
    return this.asMessages().finishedWithout("waits in", rank);
  }

  private disagree(rank: number): never {
    const { sequence, mine, other } = this.board.disagreement(rank, this);
    throw new CollectiveCall(this.board.engine, this.board.scope, sequence, mine).mismatch(rank, other);
  }

  /** The same call as one that would go by messages: it knows the sentences. */
  asMessages(): CollectiveCall {
    return new CollectiveCall(this.board.engine, this.board.scope, this.sequence, this.signature);
  }

  override wait(): WaitRecord {
    const { scope } = this.board;
    const whom = this.awaitedRank < 0 ? "" : `, for rank ${this.awaitedRank}`;
    return {
      text: `${this.asMessages().describe()}${whom}`,
      context: scope.collectiveContext,
      sequence: this.sequence,
      signature: this.signature,
    };
  }

  endRecord(): WaitRecord {
    return this.asMessages().endRecord();
  }

  mismatch(peer: number, signature: number): Error {
    return this.asMessages().mismatch(peer, signature);
  }
}

/** Copies elements `first` to `first + length` of `source` to `at` in `target`; both hold elements of one type. */
export function copyElements(
  target: TypedArray,
  source: TypedArray,
  at: number,
  first = 0,
  length = source.length,
): void {
  if (length <= LOOP && source instanceof Float64Array && target instanceof Float64Array) {
    for (let i = 0; i < length; i++) target[at + i] = source[first + i];
  } else {
    copyInto(target, length === source.length ? source : source.subarray(first, first + length), at);
  }
}

/** Whether an array fits into a bulk buffer, and keeps little memory alive. */
function isShort(array: TypedArray | undefined, bulkBytes: number): boolean {
  return array === undefined || (array.byteLength <= bulkBytes && array.buffer.byteLength <= KEPT_BYTES);
}
