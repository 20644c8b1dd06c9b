/**
 * The collectives of a communicator, begun for either face: on the board where it has one and the call suits it, else
 * as an algorithm of messages. What decides is the same on all ranks.
 */
import type { TypedArray } from "../codec/dtype.ts";
import { type Family, Need } from "../collectives/algorithm-names.ts";
import { type AlltoallCounts, alltoallIntoOperation } from "../collectives/alltoall.ts";
import {
  requireAlike,
  requireArray,
  requireEqualBlocks,
  requireLength,
  requireRoot,
  requireType,
} from "../collectives/arguments.ts";
import { copyOf, inPlaceOrApart } from "../collectives/arrays.ts";
import { choose, hasBlocks } from "../collectives/choice.ts";
import type { Algorithm } from "../collectives/context.ts";
import * as algorithms from "../collectives/index.ts";
import { operations } from "../collectives/operations.ts";
import {
  Operator,
  type OperatorFor,
  type Reduced,
  requireReducible,
  toOperator,
} from "../collectives/operator.ts";
import { blocksOf } from "../collectives/reduce-scatter.ts";
import { needsMet } from "../collectives/reduction.ts";
import { BULK_BYTES } from "../transport/board-layout.ts";
import { MAX_BOARD_RANKS } from "../transport/layout.ts";
import type { Board } from "./board.ts";
import { ALL, type BoardCall } from "./board-call.ts";
import { planAlltoall, planBroadcast, planGather, planScatter } from "./board-moves.ts";
import { type Form, planNumberReduction, planReduction } from "./board-reductions.ts";
import type { Core } from "./core.ts";

/** A collective call of this rank, begun. */
export type Begun<T> = Algorithm<T> | BoardCall;

/** Whether the rules choose the board for a call; bytes and needs as in `choose`. */
function isChosen(core: Core, family: Family, bytes: number, met: number): boolean {
  if (core.board === undefined) return false;
  return core.alwaysBoard![family] || choose(family, core, bytes, met | Need.host) === "board";
}

/** The board, for arrays of so many bytes on every rank. */
function boardFor(core: Core, bytes: number): Board | undefined {
  const { board } = core;
  if (board === undefined || (bytes > BULK_BYTES && !board.mayLend)) return undefined;
  core.requireLive();
  return board;
}

/**
 * Whether an array too long for a bulk buffer goes through one piece by piece. While one rank writes a piece, others
 * read the one before, which beats copies from memory to memory where every rank has a core; a rank that combines
 * pieces combines those of all, so that only two ranks should.
 */
function goesInPieces(core: Core, bytes: number, mostRanks: number): boolean {
  const { board, engine } = core;
  if (board === undefined || bytes <= BULK_BYTES || board.size > mostRanks) return false;
  core.requireLive();
  return engine.job!.layout.size <= engine.job!.cores || !board.mayLend;
}

type PlanPiece = (call: BoardCall, from: number, to: number) => void;

/** A collective of many turns, each for a piece of the array. @param plan of the elements `from` to `to` */
function inPieces(
  core: Core,
  signature: number,
  array: TypedArray,
  grain: number,
  plan: PlanPiece,
): Algorithm<void> {
  const piece = Math.floor(BULK_BYTES / array.BYTES_PER_ELEMENT / grain) * grain;
  const turns = Math.ceil(array.length / piece);
  const call = core.board!.calls(turns, core.nextSequence(), signature);
  return takeTurns(call, array.length, piece, plan);
}

function* takeTurns(call: BoardCall, length: number, piece: number, plan: PlanPiece): Algorithm<void> {
  // Of an operator that throws: the others need the pieces after it all the same.
  const failures: unknown[] = [];
  for (let from = 0; from < length; from += piece) {
    call.nextTurn();
    plan(call, from, Math.min(from + piece, length));
    call.extra = length;
    yield call;
    try {
      call.result();
    } catch (error) {
      failures.push(error);
      if (call.hasSeenAll) continue;
      // Ranks that do not agree, or one that has finished: nothing more can come of this.
      for (let rest = from + piece; rest < length; rest += piece) {
        call.nextTurn();
        call.giveUp();
      }
      break;
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** The board, for arrays whose lengths only the rank that has one knows. */
function boardForAny(core: Core): Board | undefined {
  return boardFor(core, Number.POSITIVE_INFINITY);
}

export function broadcastInto(core: Core, target: TypedArray, root: number): Begun<void> {
  const dtype = requireArray("broadcastInto", "target", target);
  const { byteLength, length } = target;
  const met = hasBlocks(length, core.size) ? Need.blocks : Need.nothing;
  const chosen = isChosen(core, "broadcast", byteLength, met);
  const inPart = goesInPieces(core, byteLength, MAX_BOARD_RANKS);
  const board = !chosen ? undefined : inPart ? core.board : boardFor(core, byteLength);
  if (board === undefined) {
    return algorithms.broadcastInto(core.begin(operations.broadcastInto, root), target, root);
  }
  requireRoot("broadcastInto", root, board.size);
  const signature = core.sign(operations.broadcastInto, root);
  if (inPart) {
    return inPieces(core, signature, target, 1, (call, from, to) =>
      planBroadcast(call, target.subarray(from, to), dtype, root),
    );
  }
  const call = board.call(core.nextSequence(), signature);
  planBroadcast(call, target, dtype, root);
  return call;
}

export function scatterInto(
  core: Core,
  target: TypedArray,
  array: TypedArray | undefined,
  root: number,
): Begun<void> {
  const board = isChosen(core, "scatter", 0, Need.nothing) ? boardForAny(core) : undefined;
  if (board === undefined) {
    return algorithms.scatterInto(core.begin(operations.scatterInto, root), target, array, root);
  }
  requireRoot("scatterInto", root, board.size);
  const dtype = requireArray("scatterInto", "target", target);
  const given = board.rank === root ? array : undefined;
  if (board.rank === root) {
    requireArray("scatterInto", "root's array", given);
    requireType("scatterInto", target, given);
  }
  const signature = core.sign(operations.scatterInto, root);
  const call = board.call(core.nextSequence(), signature);
  planScatter(call, target, dtype, given, root);
  return call;
}

export function gatherInto(
  core: Core,
  target: TypedArray | undefined,
  array: TypedArray,
  root: number,
): Begun<void> {
  const board = isChosen(core, "gather", 0, Need.nothing) ? boardForAny(core) : undefined;
  if (board === undefined) {
    return algorithms.gatherInto(core.begin(operations.gatherInto, root), target, array, root);
  }
  requireRoot("gatherInto", root, board.size);
  const dtype = requireArray("gatherInto", "array", array);
  const filled = board.rank === root ? target : undefined;
  if (board.rank === root) {
    requireArray("gatherInto", "root's target", filled);
    requireType("gatherInto", filled!, array);
  }
  const signature = core.sign(operations.gatherInto, root);
  const call = board.call(core.nextSequence(), signature);
  planGather(call, filled, array, dtype, root);
  return call;
}

export function allgatherInto(core: Core, target: TypedArray, array: TypedArray): Begun<void> {
  const dtype = requireArray("allgatherInto", "target", target);
  const block = target.byteLength / core.size;
  const chosen = isChosen(core, "allgather", block, Need.nothing);
  const board = chosen ? boardForAny(core) : undefined;
  if (board === undefined) {
    return algorithms.allgatherInto(core.begin(operations.allgatherInto), target, array);
  }
  requireType("allgatherInto", target, array);
  const signature = core.sign(operations.allgatherInto, 0);
  const call = board.call(core.nextSequence(), signature);
  planGather(call, target, array, dtype, ALL);
  return call;
}

export function alltoallInto(
  core: Core,
  target: TypedArray,
  array: TypedArray,
  counts: AlltoallCounts,
): Begun<void> {
  const dtype = requireArray("alltoallInto", "target", target);
  requireType("alltoallInto", target, array);
  const operation = alltoallIntoOperation(counts);
  const equal = operation === operations.alltoallInto;
  const chosen = equal && isChosen(core, "alltoall", array.byteLength / core.size, Need.equal);
  const board = chosen ? boardFor(core, array.byteLength) : undefined;
  if (board === undefined) return algorithms.alltoallInto(core.begin(operation), target, array, counts);
  requireEqualBlocks("alltoallInto", "array", array, board.size);
  requireLength("alltoallInto", "target", target, array.length, "as many as array");
  const signature = core.sign(operation, 0);
  const call = board.call(core.nextSequence(), signature);
  planAlltoall(call, target, array, dtype);
  return call;
}

/** A reduction of arrays on the board; undefined where it goes by messages. */
function reduceArrays<A extends TypedArray>(
  core: Core,
  operation: "reduceInto" | "allreduceInto" | "scanInto" | "exscanInto",
  form: Form,
  target: A | undefined,
  array: A,
  op: OperatorFor<A>,
  root: number,
): Begun<void> | undefined {
  const dtype = requireArray(operation, "array", array);
  const operator = toOperator(operation, op);
  const { byteLength, length } = array;
  const chosen = isChosen(core, form, byteLength, needsMet(operator, length, core.size));
  const inPart = goesInPieces(core, byteLength, 2);
  const board = !chosen ? undefined : inPart ? core.board : boardFor(core, byteLength);
  if (board === undefined) return undefined;
  requireRoot(operation, root, board.size);
  const filled = form === "reduce" && board.rank !== root ? undefined : target;
  if (filled !== undefined || form !== "reduce" || board.rank === root) {
    requireArray(operation, form === "reduce" ? "root's target" : "target", filled);
    requireAlike(operation, filled!, array);
  }
  requireReducible(operation, operator, array, dtype);
  const given = filled === undefined || inPlaceOrApart(filled, array) ? array : copyOf(array);
  const signature = core.sign(operations[operation], root, op);
  if (inPart) {
    return inPieces(core, signature, given, operator.grain, (call, from, to) =>
      planReduction(call, form, filled?.subarray(from, to), given.subarray(from, to), dtype, operator, root),
    );
  }
  const call = board.call(core.nextSequence(), signature);
  planReduction(call, form, filled, given, dtype, operator, root);
  return call;
}

export function reduceInto<A extends TypedArray>(
  core: Core,
  target: A | undefined,
  array: A,
  op: OperatorFor<A>,
  root: number,
): Begun<void> {
  return (
    reduceArrays(core, "reduceInto", "reduce", target, array, op, root) ??
    algorithms.reduceInto(core.begin(operations.reduceInto, root, op), target, array, op, root)
  );
}

export function allreduceInto<A extends TypedArray>(
  core: Core,
  target: A,
  array: A,
  op: OperatorFor<A>,
): Begun<void> {
  return (
    reduceArrays(core, "allreduceInto", "allreduce", target, array, op, 0) ??
    algorithms.allreduceInto(core.begin(operations.allreduceInto, 0, op), target, array, op)
  );
}

export function scanInto<A extends TypedArray>(
  core: Core,
  target: A,
  array: A,
  op: OperatorFor<A>,
): Begun<void> {
  return (
    reduceArrays(core, "scanInto", "scan", target, array, op, 0) ??
    algorithms.scanInto(core.begin(operations.scanInto, 0, op), target, array, op)
  );
}

export function exscanInto<A extends TypedArray>(
  core: Core,
  target: A,
  array: A,
  op: OperatorFor<A>,
): Begun<void> {
  return (
    reduceArrays(core, "exscanInto", "exscan", target, array, op, 0) ??
    algorithms.exscanInto(core.begin(operations.exscanInto, 0, op), target, array, op)
  );
}

export function reduceScatterInto<A extends TypedArray>(
  core: Core,
  target: A,
  array: A,
  op: OperatorFor<A>,
  counts: readonly number[] | undefined,
): Begun<void> {
  const dtype = requireArray("reduceScatterInto", "array", array);
  const operator = toOperator("reduceScatterInto", op);
  const met = needsMet(operator, 0, core.size);
  const chosen = isChosen(core, "reduceScatter", array.byteLength / core.size, met);
  const board = chosen ? boardFor(core, array.byteLength) : undefined;
  const { reduceScatterInto: operation } = operations;
  if (board === undefined) {
    return algorithms.reduceScatterInto(core.begin(operation, 0, op), target, array, op, counts);
  }
  requireType("reduceScatterInto", target, array);
  requireReducible("reduceScatterInto", operator, array, dtype);
  const offsets = blocksOf("reduceScatterInto", array, operator.grain, board.size, counts);
  const length = offsets[board.rank + 1] - offsets[board.rank];
  requireLength("reduceScatterInto", "target", target, length, `the block of rank ${board.rank}`);
  const signature = core.sign(operation, 0, op);
  const call = board.call(core.nextSequence(), signature);
  planReduction(call, "reduceScatter", target, array, dtype, operator, 0, offsets);
  return call;
}

const numberOperations = {
  reduce: operations.reduceNumber,
  allreduce: operations.allreduceNumber,
  scan: operations.scanNumber,
  exscan: operations.exscanNumber,
} as const;

/** A reduction of a number by one of tsmpi's operators, on the board; undefined where it goes by messages. */
function reduceNumber(
  core: Core,
  form: "reduce" | "allreduce" | "scan" | "exscan",
  value: unknown,
  op: unknown,
  root: number,
): BoardCall | undefined {
  // A function may combine a number with something else, which travels by messages.
  if (typeof value !== "number" || !(op instanceof Operator) || op.code === 0) return undefined;
  const board = isChosen(core, form, 0, needsMet(op, 0, core.size)) ? boardFor(core, 8) : undefined;
  if (board === undefined) return undefined;
  requireRoot(form, root, board.size);
  requireReducible(form, op, value, undefined);
  const signature = core.sign(numberOperations[form], root, op);
  const call = board.call(core.nextSequence(), signature);
  planNumberReduction(call, form, value, op, root);
  return call;
}

export function reduce<T>(
  core: Core,
  value: T,
  op: OperatorFor<T>,
  root: number,
): Begun<Reduced<T> | undefined> {
  return (
    reduceNumber(core, "reduce", value, op, root) ??
    algorithms.reduce(core.begin(operations.reduce, root, op), value, op, root)
  );
}

export function allreduce<T>(core: Core, value: T, op: OperatorFor<T>): Begun<Reduced<T>> {
  return (
    reduceNumber(core, "allreduce", value, op, 0) ??
    algorithms.allreduce(core.begin(operations.allreduce, 0, op), value, op)
  );
}

export function scan<T>(core: Core, value: T, op: OperatorFor<T>): Begun<Reduced<T>> {
  return (
    reduceNumber(core, "scan", value, op, 0) ?? algorithms.scan(core.begin(operations.scan, 0, op), value, op)
  );
}

export function exscan<T>(core: Core, value: T, op: OperatorFor<T>): Begun<Reduced<T> | undefined> {
  return (
    reduceNumber(core, "exscan", value, op, 0) ??
    algorithms.exscan(core.begin(operations.exscan, 0, op), value, op)
  );
}
