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
import { copyOf, inPlaceOrApart, overlap } from "../collectives/arrays.ts";
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
import { MAX_BOARD_RANKS } from "../transport/layout.ts";
import type { Board } from "./board.ts";
import { ALL, type BoardCall } from "./board-call.ts";
import {
  allgatherByMessages,
  gatherByMessages,
  giveByMessage,
  scatterByMessages,
  takeByMessage,
} from "./board-messages.ts";
import {
  isLongBlock,
  planAlltoall,
  planBarrier,
  planBroadcast,
  planGather,
  planScatter,
  planScatterByMessages,
} from "./board-moves.ts";
import { type Form, planNumberReduction, planReduceScatterPiece, planReduction } from "./board-reductions.ts";
import { alltoallInPieces, goesInPieces, inPieces, inTurns, overlaps, pieceOf } from "./board-turns.ts";
import type { CollectiveCall } from "./collective-call.ts";
import type { Core } from "./core.ts";

/** What is longer than a ring goes to one other rank fastest as a message: both copy at once. */
const MESSAGE_BYTES = 256 * 1024;

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
  if (board === undefined || (bytes > board.bulkBytes && !board.mayLend)) return undefined;
  core.requireLive();
  return board;
}

/** The messages that follow a call's turn. */
function messagesOf(core: Core, call: BoardCall): CollectiveCall {
  const messages = call.asMessages();
  core.latest = messages;
  return messages;
}

/** The board, for arrays whose lengths only the rank that has one knows. */
function boardForAny(core: Core): Board | undefined {
  return boardFor(core, Number.POSITIVE_INFINITY);
}

/** The collective begun as an earlier one was, with the same arguments; undefined when there was none. */
function again(
  core: Core,
  operation: number,
  target: TypedArray | undefined,
  array: TypedArray | undefined,
  op: unknown,
  root: number,
): BoardCall | undefined {
  // In a step of a collective in two levels a call has the signature of that, which may be another each time.
  return core.signature === undefined
    ? core.board?.again(core, operation, target, array, op, root)
    : undefined;
}

/** A barrier on the board; undefined where it goes another way. */
export function barrier(core: Core): BoardCall | undefined {
  const known = again(core, operations.barrier, undefined, undefined, undefined, 0);
  if (known !== undefined) return known;
  const board = isChosen(core, "barrier", 0, Need.nothing) ? boardFor(core, 0) : undefined;
  if (board === undefined) return undefined;
  const call = board.call(core.nextSequence(), core.sign(operations.barrier, 0));
  planBarrier(call);
  return call.keep(operations.barrier, undefined, undefined);
}

export function broadcastInto(core: Core, target: TypedArray, root: number): Begun<void> {
  const { broadcastInto: operation } = operations;
  const known = again(core, operation, target, undefined, undefined, root);
  if (known !== undefined) return known;
  const dtype = requireArray("broadcastInto", "target", target);
  const { byteLength, length } = target;
  const met = hasBlocks(length, core.size) ? Need.blocks : Need.nothing;
  const chosen = isChosen(core, "broadcast", byteLength, met);
  const inPart = goesInPieces(core, byteLength, MAX_BOARD_RANKS, true);
  const board = !chosen ? undefined : inPart ? core.board : boardFor(core, byteLength);
  if (board === undefined) {
    return algorithms.broadcastInto(core.begin(operations.broadcastInto, root), target, root);
  }
  requireRoot("broadcastInto", root, board.size);
  const signature = core.sign(operations.broadcastInto, root);
  if (inPart && board.size === 2 && byteLength > MESSAGE_BYTES && overlaps(core)) {
    const call = board.call(core.nextSequence(), signature);
    planBroadcast(call, target, dtype, root);
    call.isMessage = true;
    const messages = messagesOf(core, call);
    return board.rank === root
      ? giveByMessage(call, messages, target, 1 - root)
      : takeByMessage(call, messages, "broadcastInto", target, root);
  }
  if (inPart) {
    return inPieces(core, signature, target, 1, (call, from, to) =>
      planBroadcast(call, target.subarray(from, to), dtype, root),
    );
  }
  const call = board.call(core.nextSequence(), signature);
  planBroadcast(call, target, dtype, root);
  return call.keep(operation, target, undefined);
}

export function scatterInto(
  core: Core,
  target: TypedArray,
  array: TypedArray | undefined,
  root: number,
): Begun<void> {
  const { scatterInto: operation } = operations;
  const known = again(core, operation, target, array, undefined, root);
  if (known !== undefined) return known;
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
  const long =
    given === undefined ? isLongBlock(target.byteLength, board) : given.byteLength > board.bulkBytes;
  if (long && overlaps(core)) {
    const messages = messagesOf(core, call);
    if (given !== undefined) {
      planScatterByMessages(call);
      return scatterByMessages(call, messages, target, given);
    }
    call.isMessage = true;
    return takeByMessage(call, messages, "scatterInto", target, root);
  }
  return call.keep(operation, target, array);
}

export function gatherInto(
  core: Core,
  target: TypedArray | undefined,
  array: TypedArray,
  root: number,
): Begun<void> {
  const { gatherInto: operation } = operations;
  const known = again(core, operation, target, array, undefined, root);
  if (known !== undefined) return known;
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
  if ((filled ?? array).byteLength > board.bulkBytes && overlaps(core)) {
    const messages = messagesOf(core, call);
    if (filled !== undefined) return gatherByMessages(call, messages, filled);
    call.isMessage = true;
    return giveByMessage(call, messages, array, root);
  }
  return call.keep(operation, target, array);
}

export function allgatherInto(core: Core, target: TypedArray, array: TypedArray): Begun<void> {
  const { allgatherInto: operation } = operations;
  const known = again(core, operation, target, array, undefined, ALL);
  if (known !== undefined) return known;
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
  if (Math.max(target.byteLength, array.byteLength) > board.bulkBytes && overlaps(core)) {
    call.isMessage = array.byteLength > board.bulkBytes;
    return allgatherByMessages(call, messagesOf(core, call), target, call.given!);
  }
  return call.keep(operation, target, array);
}

export function alltoallInto(
  core: Core,
  target: TypedArray,
  array: TypedArray,
  counts: AlltoallCounts,
): Begun<void> {
  const operation = alltoallIntoOperation(counts);
  const equal = operation === operations.alltoallInto;
  const known = equal ? again(core, operation, target, array, undefined, 0) : undefined;
  if (known !== undefined) return known;
  const dtype = requireArray("alltoallInto", "target", target);
  requireType("alltoallInto", target, array);
  const chosen = equal && isChosen(core, "alltoall", array.byteLength / core.size, Need.equal);
  const board = chosen ? boardFor(core, array.byteLength) : undefined;
  if (board === undefined) return algorithms.alltoallInto(core.begin(operation), target, array, counts);
  requireEqualBlocks("alltoallInto", "array", array, board.size);
  requireLength("alltoallInto", "target", target, array.length, "as many as array");
  const signature = core.sign(operation, 0);
  if (goesInPieces(core, array.byteLength, MAX_BOARD_RANKS)) {
    return alltoallInPieces(core, signature, target, array, dtype);
  }
  const call = board.call(core.nextSequence(), signature);
  planAlltoall(call, target, array, dtype);
  return call.keep(operation, target, array);
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
  const known = again(core, operations[operation], target, array, op, root);
  if (known !== undefined) return known;
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
  return call.keep(operations[operation], target, array, op);
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
  const { reduceScatterInto: operation } = operations;
  const known = counts === undefined ? again(core, operation, target, array, op, 0) : undefined;
  if (known !== undefined) return known;
  const dtype = requireArray("reduceScatterInto", "array", array);
  const operator = toOperator("reduceScatterInto", op);
  const met = needsMet(operator, 0, core.size);
  const chosen = isChosen(core, "reduceScatter", array.byteLength / core.size, met);
  const board = chosen ? boardFor(core, array.byteLength) : undefined;
  if (board === undefined) {
    return algorithms.reduceScatterInto(core.begin(operation, 0, op), target, array, op, counts);
  }
  requireType("reduceScatterInto", target, array);
  requireReducible("reduceScatterInto", operator, array, dtype);
  const offsets = blocksOf("reduceScatterInto", array, operator.grain, board.size, counts);
  const length = offsets[board.rank + 1] - offsets[board.rank];
  requireLength("reduceScatterInto", "target", target, length, `the block of rank ${board.rank}`);
  const signature = core.sign(operation, 0, op);
  if (goesInPieces(core, array.byteLength, 2)) {
    const given = overlap(target, array) ? copyOf(array) : array;
    const piece = pieceOf(core, array, operator.grain);
    const turns = Math.ceil(Math.max(offsets[1], array.length - offsets[1]) / piece);
    return inTurns(core, signature, turns, (call, turn) =>
      planReduceScatterPiece(call, target, given, dtype, operator, offsets, turn * piece, (turn + 1) * piece),
    );
  }
  const call = board.call(core.nextSequence(), signature);
  planReduction(call, "reduceScatter", target, array, dtype, operator, 0, offsets);
  return counts === undefined ? call.keep(operation, target, array, op) : call;
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
  requireReducible(form, op, value, undefined);
  const operation = numberOperations[form];
  const known = again(core, operation, undefined, undefined, op, root);
  if (known !== undefined) {
    known.plain = value;
    return known;
  }
  const board = isChosen(core, form, 0, needsMet(op, 0, core.size)) ? boardFor(core, 8) : undefined;
  if (board === undefined) return undefined;
  requireRoot(form, root, board.size);
  const signature = core.sign(operation, root, op);
  const call = board.call(core.nextSequence(), signature);
  planNumberReduction(call, form, value, op, root);
  return call.keep(operation, undefined, undefined, op);
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
