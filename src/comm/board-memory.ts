import type { LocalJob } from "../job/local-job.ts";
import type { Engine } from "../p2p/engine.ts";
import type { Scope } from "../p2p/scope.ts";
import { BULKS, CELLS, Cell } from "../transport/board-layout.ts";
import { Cells } from "../transport/cells.ts";
import { look } from "../transport/look.ts";
import { publish } from "../transport/publish.ts";
import { SharedWriter } from "../transport/shared-writer.ts";

/** A rank says how far it has read at least this often: those that wait for a bulk buffer must hear of it. */
const REPORT_AFTER = BULKS;

/** A call, as far as its board knows it here. */
interface Looker {
  readonly turn: number;
  readonly sequence: number;
  readonly signature: number;
  /** It goes on once a word that is a rank's has another value. */
  waitFor(rank: number, word: number, value: number): void;
}

/** What the calls of a board have in common: where its ranks write, and how far each of them has read. See board.ts. */
export abstract class BoardMemory {
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
  /** All turns up to this one have been read by this rank; then those read out of order. */
  protected read: number;
  private readonly readEarly = new Set<number>();
  private reported: number;
  /** The latest turn of this rank's that somebody waits to hear of. */
  private lastUrgent: number;
  /** All ranks have read at least so far. */
  private readByAll: number;

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
    this.read = Atomics.load(words, this.cells.lastTurnWord);
    this.reported = this.read;
    this.lastUrgent = this.read;
    this.readByAll = this.read;
  }

  /** The next call with the arguments of this one begins it again. */
  abstract keep(call: Looker): void;

  /** A call that is over and has told its result may serve again. */
  abstract recycle(call: Looker): void;

  /** Whether arrays may be read from the memory of the rank that has them. */
  get mayLend(): boolean {
    return this.job.copies.allowed;
  }

  /**
   * Whether what this rank wrote `depth` turns before `turn` may be overwritten. If not, `call` is told what to
   * wait for.
   */
  isFree(turn: number, depth: typeof CELLS | typeof BULKS, call: Looker): boolean {
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
  hasRead(rank: number, turn: number, call: Looker): boolean {
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

  /**
   * The oldest turn still to be seen that another rank has called under another name than this one; where it can no
   * longer be seen, the last.
   */
  disagreement(rank: number, call: Looker): { sequence: number; mine: number; other: number } {
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
