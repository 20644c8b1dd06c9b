/**
 * Collectives in shared memory, for a communicator whose ranks share a host. Every collective is a turn: each rank
 * writes what it contributes where all can read it, and reads what it needs of the others. A contribution stays for
 * CELLS turns, so ranks that only give need not wait for those that get; before a cell is used again its readers
 * must have said that they are past it. What is too long to be copied there is read straight from the memory of the
 * rank that has it, which then waits until the others are done.
 */

import type { TypedArray } from "../codec/dtype.ts";
import { operations } from "../collectives/operations.ts";
import type { LocalJob } from "../job/job.ts";
import type { BoardEnd, Engine, Leftover } from "../p2p/engine.ts";
import type { Scope } from "../p2p/scope.ts";
import { BULKS, CELLS, Cell } from "../transport/board-layout.ts";
import { Cells } from "../transport/cells.ts";
import { look } from "../transport/look.ts";
import { publish } from "../transport/publish.ts";
import { SharedWriter } from "../transport/shared-writer.ts";
import { BoardCall, mix } from "./board-call.ts";
import { signatureOf } from "./signature.ts";

const BARRIER = signatureOf(operations.barrier, 0);

/** A rank says how far it has read at least this often: those that wait for a bulk buffer must hear of it. */
const REPORT_AFTER = BULKS;

export class Board implements BoardEnd {
  readonly engine: Engine;
  readonly scope: Scope;
  readonly job: LocalJob;
  readonly cells: Cells;
  /** Of a bulk buffer. */
  readonly bulkBytes: number;
  readonly rank: number;
  readonly size: number;
  /** World ranks of the ranks of this communicator. */
  readonly worldRanks: readonly number[];
  /** To bulk buffers. */
  readonly writer: SharedWriter;
  /** The turn begun last, and the signatures of all turns so far. */
  private turn: number;
  private history = 0;
  /** All turns up to this one have been read by this rank; then those read out of order. */
  private read: number;
  private readonly readEarly = new Set<number>();
  private reported: number;
  /** The latest turn of this rank's that somebody waits to hear of. */
  private lastUrgent: number;
  /** All ranks have read at least so far. */
  private readByAll: number;
  /** Whether this rank has called any collective here. */
  private used = false;
  private spare: BoardCall | undefined = undefined;
  /** By operation: the last call of a short array, checked, for the next one with the same arguments. */
  private readonly kept: (BoardCall | undefined)[] = [];

  /** @param slot number of a slot that only this communicator uses */
  constructor(engine: Engine, scope: Scope, slot: number) {
    this.engine = engine;
    this.scope = scope;
    this.job = engine.job!;
    this.rank = scope.rank;
    this.size = scope.size;
    this.worldRanks = scope.worldRanks();
    const { segment, words, layout, streamInto } = this.job;
    this.writer = new SharedWriter(streamInto);
    const { boardRanks, bulkBytes } = layout;
    this.bulkBytes = bulkBytes;
    this.cells = new Cells(segment, words, layout.boardStart(slot), boardRanks, bulkBytes);
    this.turn = Atomics.load(words, this.cells.lastTurnWord);
    this.read = this.turn;
    this.reported = this.turn;
    this.lastUrgent = this.turn;
    this.readByAll = this.turn;
    engine.boards.push(this);
  }

  /** Whether arrays may be read from the memory of the rank that has them. */
  get mayLend(): boolean {
    return this.job.copies.allowed;
  }

  /** Whether no call of this rank is under way. */
  get isIdle(): boolean {
    return this.read === this.turn;
  }

  /** Begins the next turn. */
  call(sequence: number, signature: number): BoardCall {
    const { spare } = this;
    let call: BoardCall;
    if (spare === undefined) {
      call = new BoardCall(this);
    } else {
      call = spare;
      this.spare = undefined;
      call.reset();
    }
    call.signature = signature;
    this.begin(call, sequence);
    return call;
  }

  /** A call that takes the next turn. */
  private begin(call: BoardCall, sequence: number): void {
    const { signature } = call;
    this.turn = (this.turn + 1) | 0;
    this.history = mix(this.history, signature);
    this.used = true;
    call.turn = this.turn;
    call.history = this.history;
    call.sequence = sequence;
    // To store a pointer to a young object costs as much as a third of a short call.
    if (this.engine.lastCollective !== call) this.engine.lastCollective = call;
  }

  /**
   * Begins the next turn with the arguments of an earlier call, which have been checked then. Programs call collectives
   * in loops, and checking and planning take longer than the rest of a short call. Undefined: no such call is known.
   */
  again(
    core: { nextSequence(): number },
    operation: number,
    target: TypedArray | undefined,
    array: TypedArray | undefined,
    op: unknown,
    root: number,
  ): BoardCall | undefined {
    const call = this.kept[operation];
    if (call === undefined || !call.isOver || !call.isFor(target, array, op, root)) return undefined;
    call.startAgain();
    this.begin(call, core.nextSequence());
    return call;
  }

  /** The next call with the arguments of this one begins it again. */
  keep(call: BoardCall): void {
    this.kept[call.operation] = call;
  }

  /**
   * Begins the turns of a collective that takes several, all at once: which ones they are must not depend on what else
   * this rank calls before it gets to them. The call stands before the first of them.
   */
  calls(count: number, sequence: number, signature: number): BoardCall {
    const call = new BoardCall(this);
    call.ofMany = true;
    call.turn = this.turn;
    call.history = this.history;
    call.sequence = sequence;
    call.signature = signature;
    this.turn = (this.turn + count) | 0;
    for (let i = 0; i < count; i++) this.history = mix(this.history, signature);
    this.used = true;
    this.engine.lastCollective = call.asMessages();
    return call;
  }

  /** A call that is over and has told its result may serve again. */
  recycle(call: BoardCall): void {
    if (!call.ofMany) this.spare = call;
  }

  /**
   * Whether what this rank wrote `depth` turns before `turn` may be overwritten. If not, `call` is told what to
   * wait for.
   */
  isFree(turn: number, depth: typeof CELLS | typeof BULKS, call: BoardCall): boolean {
    const needed = (turn - depth) | 0;
    if (((this.readByAll - needed) | 0) >= 0) return true;
    let least = this.read;
    for (let rank = 0; rank < this.size; rank++) {
      if (rank === this.rank) continue;
      if (!this.hasRead(rank, needed, call)) return false;
      const read = look(this.cells.words, this.cells.readWord(rank));
      if (((read - least) | 0) < 0) least = read;
    }
    this.readByAll = least;
    return ((least - needed) | 0) >= 0;
  }

  /** Whether a rank has said that it has read a turn. If not, `call` is told what to wait for. */
  hasRead(rank: number, turn: number, call: BoardCall): boolean {
    const word = this.cells.readWord(rank);
    // A word left by an earlier communicator of this slot is behind, too, and so counts as nothing read.
    if (((look(this.cells.words, word) - turn) | 0) >= 0) return true;
    const read = Atomics.load(this.cells.words, word);
    if (((read - turn) | 0) >= 0) return true;
    call.waitFor(rank, word, read);
    return false;
  }

  /** Whether this rank has done with all turns before this one. */
  isNext(turn: number): boolean {
    return turn === ((this.read + 1) | 0);
  }

  /** This rank has read all that it wants of a turn. @param urgent somebody waits to hear that */
  markRead(turn: number, urgent: boolean): void {
    if (this.isNext(turn)) {
      this.read = turn;
      while (this.readEarly.size > 0 && this.readEarly.delete((this.read + 1) | 0))
        this.read = (this.read + 1) | 0;
    } else {
      this.readEarly.add(turn);
    }
    if (urgent && ((turn - this.lastUrgent) | 0) > 0) this.lastUrgent = turn;
    // An urgent turn read early is reported when those before it have been read, too.
    const news = (this.read - this.reported) | 0;
    if (news >= REPORT_AFTER || (news > 0 && ((this.lastUrgent - this.reported) | 0) > 0)) this.report();
  }

  /** Tells the others how far this rank has read. */
  report(): void {
    this.reported = this.read;
    publish(this.cells.words, this.cells.readWord(this.rank), this.read);
    for (const rank of this.worldRanks) if (rank !== this.engine.rank) this.engine.wake(rank);
  }

  /** Gives the slot to a later communicator; all ranks have come to the same turn. */
  release(): void {
    Atomics.store(this.cells.words, this.cells.lastTurnWord, this.turn);
  }

  /** Forgets the board of a communicator that has been freed. */
  close(): void {
    this.engine.boards.splice(this.engine.boards.indexOf(this), 1);
    this.kept.length = 0;
  }

  /**
   * At the end of this rank: a collective that another rank has called and this one has not, or has called under
   * another name.
   */
  leftover(): Leftover | undefined {
    const { words } = this.cells;
    for (let rank = 0; rank < this.size; rank++) {
      if (rank === this.rank) continue;
      for (const turn of [this.turn, (this.turn + 1) | 0]) {
        const at = this.cells.cellWord(rank, turn);
        if (Atomics.load(words, at + Cell.turn) !== turn) continue;
        if (turn === this.turn && (words[at + Cell.history] === this.history || !this.used)) continue;
        // Who waits in a barrier learns that it cannot end, and loses nothing.
        if (turn !== this.turn && words[at + Cell.signature] === BARRIER) continue;
        return {
          context: this.scope.collectiveContext,
          sequence: words[at + Cell.sequence],
          signature: words[at + Cell.signature],
          source: this.worldRanks[rank],
        };
      }
    }
    return undefined;
  }

  /**
   * The oldest turn still to be seen that another rank has called under another name than this one; where it can no
   * longer be seen, the last.
   */
  disagreement(rank: number, call: BoardCall): { sequence: number; mine: number; other: number } {
    const { words } = this.cells;
    for (let back = CELLS - 1; back > 0; back--) {
      const turn = (call.turn - back) | 0;
      const mine = this.cells.cellWord(this.rank, turn);
      const other = this.cells.cellWord(rank, turn);
      if (words[mine] !== turn || words[other] !== turn) continue;
      if (words[mine + Cell.signature] === words[other + Cell.signature]) continue;
      return {
        mine: words[mine + Cell.signature],
        other: words[other + Cell.signature],
        sequence: words[mine + Cell.sequence],
      };
    }
    const other = words[this.cells.cellWord(rank, call.turn) + Cell.signature];
    return { sequence: call.sequence, mine: call.signature, other };
  }
}
