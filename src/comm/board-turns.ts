/**
 * Collectives of many turns on a board: a long array goes through the bulk buffers piece by piece, or block by block.
 */
import type { Dtype, TypedArray } from "../codec/dtype.ts";
import { copyOf, overlap } from "../collectives/arrays.ts";
import type { Algorithm } from "../collectives/context.ts";
import { BULK_BYTES } from "../transport/board-layout.ts";
import type { Board } from "./board.ts";
import { ALL, type BoardCall } from "./board-call.ts";
import { planExchange, planExchangeRest } from "./board-moves.ts";
import type { Core } from "./core.ts";

/** Whether every rank has a core: then what writes and what reads overlap, unless copies are forced. */
export function overlaps({ engine }: Core): boolean {
  const { layout, cores, copies } = engine.job!;
  return (layout.size <= cores && !copies.forced) || copies.alwaysLends;
}

/**
 * Whether an array too long for a bulk buffer goes through one piece by piece. While one rank writes a piece, others
 * read the one before, which beats copies from memory to memory where every rank has a core; a rank that combines
 * pieces combines those of all, so that only two ranks should.
 */
export function goesInPieces(core: Core, bytes: number, mostRanks: number): boolean {
  const { board } = core;
  if (board === undefined || bytes <= BULK_BYTES || board.size > mostRanks) return false;
  core.requireLive();
  return overlaps(core) || !board.mayLend;
}

/** Elements of the piece of an array that a bulk buffer holds. */
export function pieceOf(array: TypedArray, grain = 1): number {
  return Math.floor(BULK_BYTES / array.BYTES_PER_ELEMENT / grain) * grain;
}

/** A collective of many turns, or of two, where the bulk buffers are slow. All ranks must give the same. */
export interface Turns {
  readonly count: number;
  /**
   * A rank whose contribution to the first turn all have seen when that is over. It knows how fast it writes to
   * bulk buffers, and says there whether the second turn is the last, and brings all that is left.
   */
  readonly decider: number;
  plan(call: BoardCall, turn: number): void;
  planRest(call: BoardCall): void;
}

/** A collective of many turns, each for a piece of the array. @param plan of the elements `from` to `to` */
export function inPieces(
  core: Core,
  signature: number,
  array: TypedArray,
  grain: number,
  decider: number,
  plan: (call: BoardCall, from: number, to: number) => void,
): Algorithm<void> {
  const { length } = array;
  const piece = pieceOf(array, grain);
  const planPiece = (call: BoardCall, from: number, to: number): void => {
    plan(call, from, to);
    call.extra = length;
  };
  return inTurns(core, signature, {
    count: Math.ceil(length / piece),
    decider,
    plan: (call, turn) => planPiece(call, turn * piece, Math.min((turn + 1) * piece, length)),
    planRest: call => planPiece(call, piece, length),
  });
}

/** A collective of many turns. */
export function inTurns(core: Core, signature: number, turns: Turns): Algorithm<void> {
  const board = core.board!;
  return takeTurns(board, board.calls(turns.count, core.nextSequence(), signature), turns);
}

function* takeTurns(board: Board, call: BoardCall, turns: Turns): Algorithm<void> {
  const { count, decider } = turns;
  const mayHaveRest = count > 2;
  const restFollows = mayHaveRest && board.rank === decider && board.wouldRatherLend();
  // Of an operator that throws: the others need the pieces after it all the same.
  const failures: unknown[] = [];
  let last = count - 1;
  let turn = 0;
  for (let goesOn = true; goesOn && turn <= last; turn++) {
    call.nextTurn();
    if (turn > 0 && last < count - 1) turns.planRest(call);
    else turns.plan(call, turn);
    call.restFollows = turn === 0 && restFollows;
    if (mayHaveRest) call.mayLendShort = false;
    yield call;
    try {
      call.result();
    } catch (error) {
      failures.push(error);
      // Ranks that do not agree, or one that has finished: nothing more can come of this.
      goesOn = call.hasSeenAll;
    }
    if (turn === 0 && goesOn && call.restFollowsFrom(decider)) last = 1;
  }
  for (; turn < count; turn++) {
    call.nextTurn();
    if (failures.length > 0) call.giveUp();
    else call.skip();
  }
  if (failures.length > 0) throw failures[0];
}

/** Pairwise exchange (Thakur, Rabenseifner, Gropp 2005), each block piece by piece. */
export function alltoallInPieces(
  core: Core,
  signature: number,
  target: TypedArray,
  array: TypedArray,
  dtype: Dtype,
): Algorithm<void> {
  const { rank, size } = core.board!;
  const length = array.length / size;
  const piece = pieceOf(array);
  const turnsAStep = Math.ceil(length / piece);
  // With two ranks a piece has been given before the other's comes to its place.
  const given = (size === 2 && target === array) || !overlap(target, array) ? array : copyOf(array);
  return inTurns(core, signature, {
    count: (size - 1) * turnsAStep,
    decider: 0,
    plan(call, turn) {
      const step = 1 + Math.floor(turn / turnsAStep);
      const from = (turn % turnsAStep) * piece;
      const to = Math.min(from + piece, length);
      planExchange(call, target, given, dtype, (rank + step) % size, (rank - step + size) % size, from, to);
      if (turn > 0) return;
      // All look at rank 0, which decides.
      if (rank === 0) call.readers = ALL;
      else call.also = 0;
    },
    planRest: call => planExchangeRest(call, target, given, dtype, Math.min(piece, length)),
  });
}
