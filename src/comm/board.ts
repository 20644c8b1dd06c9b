/**
 * Collectives in shared memory, for a communicator whose ranks share a host. Every collective is a turn: each rank
 * writes what it contributes where all can read it, and reads what it needs of the others. A contribution stays for
 * CELLS turns, so ranks that only give need not wait for those that get; before a cell is used again its readers
 * must have said that they are past it. What is too long to be copied there is read straight from the memory of the
 * rank that has it, which then waits until the others are done.
 */

import type { TypedArray } from "../codec/dtype.ts";
import { operations } from "../collectives/operations.ts";
import type { BoardEnd, Engine, Leftover } from "../p2p/engine.ts";
import type { Scope } from "../p2p/scope.ts";
import { Cell } from "../transport/board-layout.ts";
import { BoardCall } from "./board-call.ts";
import { BoardMemory } from "./board-memory.ts";
import { mix, signatureOf } from "./signature.ts";

const BARRIER = signatureOf(operations.barrier, 0);

export class Board extends BoardMemory implements BoardEnd {
  /** The turn begun last, and the signatures of all turns so far. */
  private turn: number;
  private history = 0;
  /** Whether this rank has called any collective here. */
  private used = false;
  private spare: BoardCall | undefined = undefined;
  /** By operation: the last call of a short array, checked, for the next one with the same arguments. */
  private readonly kept: (BoardCall | undefined)[] = [];

  /** @param slot number of a slot that only this communicator uses */
  constructor(engine: Engine, scope: Scope, slot: number) {
    super(engine, scope, slot);
    this.turn = this.read;
    engine.boards.push(this);
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

  recycle(call: BoardCall): void {
    if (!call.ofMany) this.spare = call;
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
}
