/**
 * Collectives of many turns on a board: a long array goes through the bulk buffers piece by piece, or block by block.
 */
import type { Dtype, TypedArray } from "../codec/dtype.ts";
import { copyOf, overlap } from "../collectives/arrays.ts";
import type { Algorithm } from "../collectives/context.ts";
import type { BoardCall } from "./board-call.ts";
import { planExchange } from "./board-moves.ts";
import type { Core } from "./core.ts";

/** Whether every rank has a core: then what writes and what reads overlap, unless copies are forced. */
export function overlaps({ engine }: Core): boolean {
  const { layout, cores, copies } = engine.job!;
  return layout.size <= cores && !copies.forced;
}

/**
 * Whether an array too long for a bulk buffer goes through one piece by piece. While one rank writes a piece, others
 * read the one before, which beats copies from memory to memory where every rank has a core; a rank that combines
 * pieces combines those of all, so that only two ranks should. What a single rank gives it writes pieces ahead of those
 * who read, which pays where ranks share cores, too: nobody waits until all have had one.
 */
export function goesInPieces(core: Core, bytes: number, mostRanks: number, isOneWay = false): boolean {
  const { board } = core;
  if (board === undefined || bytes <= board.bulkBytes || board.size > mostRanks) return false;
  core.requireLive();
  return overlaps(core) || !board.mayLend || (isOneWay && !core.engine.job!.copies.forced);
}

type PlanTurn = (call: BoardCall, turn: number) => void;

/** Elements of the piece of an array that a bulk buffer holds. */
export function pieceOf({ board }: Core, array: TypedArray, grain = 1): number {
  return Math.floor(board!.bulkBytes / array.BYTES_PER_ELEMENT / grain) * grain;
}

/** A collective of many turns, each for a piece of the array. @param plan of the elements `from` to `to` */
export function inPieces(
  core: Core,
  signature: number,
  array: TypedArray,
  grain: number,
  plan: (call: BoardCall, from: number, to: number) => void,
): Algorithm<void> {
  const { length } = array;
  const piece = pieceOf(core, array, grain);
  return inTurns(core, signature, Math.ceil(length / piece), (call, turn) => {
    plan(call, turn * piece, Math.min((turn + 1) * piece, length));
    call.extra = length;
  });
}

/** A collective of many turns. All ranks must take equally many. */
export function inTurns(core: Core, signature: number, turns: number, plan: PlanTurn): Algorithm<void> {
  const call = core.board!.calls(turns, core.nextSequence(), signature);
  return takeTurns(call, turns, plan);
}

function* takeTurns(call: BoardCall, turns: number, plan: PlanTurn): Algorithm<void> {
  // Of an operator that throws: the others need the pieces after it all the same.
  const failures: unknown[] = [];
  for (let turn = 0; turn < turns; turn++) {
    call.nextTurn();
    plan(call, turn);
    yield call;
    try {
      call.result();
    } catch (error) {
      failures.push(error);
      if (call.hasSeenAll) continue;
      // Ranks that do not agree, or one that has finished: nothing more can come of this.
      for (let rest = turn + 1; rest < turns; rest++) {
        call.nextTurn();
        call.giveUp();
      }
      break;
    }
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
  const piece = pieceOf(core, array);
  const turnsAStep = Math.ceil(length / piece);
  // With two ranks a piece has been given before the other's comes to its place.
  const given = (size === 2 && target === array) || !overlap(target, array) ? array : copyOf(array);
  return inTurns(core, signature, (size - 1) * turnsAStep, (call, turn) => {
    const step = 1 + Math.floor(turn / turnsAStep);
    const from = (turn % turnsAStep) * piece;
    const to = Math.min(from + piece, length);
    planExchange(call, target, given, dtype, (rank + step) % size, (rank - step + size) % size, from, to);
  });
}
