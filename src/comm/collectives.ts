/**
 * The collectives of a communicator, begun for either face: on the board where it has one and the call suits it, else
 * as an algorithm of messages. What decides is the same on all ranks.
 */
import type { TypedArray } from "../codec/dtype.ts";
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
import { BULK_BYTES } from "../transport/board-layout.ts";
import type { Board } from "./board.ts";
import { ALL, type BoardCall } from "./board-call.ts";
import { planAlltoall, planBroadcast, planGather, planScatter } from "./board-moves.ts";
import { type Form, planNumberReduction, planReduction } from "./board-reductions.ts";
import type { Core } from "./core.ts";
import { signatureOf } from "./signature.ts";

/** A collective call of this rank, begun. */
export type Begun<T> = Algorithm<T> | BoardCall;

/** The board, for arrays of so many bytes on every rank. */
function boardFor(core: Core, bytes: number): Board | undefined {
  const { board } = core;
  if (board === undefined || (bytes > BULK_BYTES && !board.mayLend)) return undefined;
  core.requireLive();
  return board;
}

/** The board, for arrays whose lengths only the rank that has one knows. */
function boardForAny(core: Core): Board | undefined {
  return boardFor(core, Number.POSITIVE_INFINITY);
}

export function broadcastInto(core: Core, target: TypedArray, root: number): Begun<void> {
  const dtype = requireArray("broadcastInto", "target", target);
  const board = boardFor(core, target.byteLength);
  if (board === undefined) {
    return algorithms.broadcastInto(core.begin(operations.broadcastInto, root), target, root);
  }
  requireRoot("broadcastInto", root, board.size);
  const signature = signatureOf(operations.broadcastInto, root);
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
  const board = boardForAny(core);
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
  const signature = signatureOf(operations.scatterInto, root);
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
  const board = boardForAny(core);
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
  const signature = signatureOf(operations.gatherInto, root);
  const call = board.call(core.nextSequence(), signature);
  planGather(call, filled, array, dtype, root);
  return call;
}

export function allgatherInto(core: Core, target: TypedArray, array: TypedArray): Begun<void> {
  const board = boardForAny(core);
  if (board === undefined) {
    return algorithms.allgatherInto(core.begin(operations.allgatherInto), target, array);
  }
  const dtype = requireArray("allgatherInto", "target", target);
  requireType("allgatherInto", target, array);
  const signature = signatureOf(operations.allgatherInto, 0);
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
  const board = operation === operations.alltoallInto ? boardFor(core, array.byteLength) : undefined;
  if (board === undefined) return algorithms.alltoallInto(core.begin(operation), target, array, counts);
  requireEqualBlocks("alltoallInto", "array", array, board.size);
  requireLength("alltoallInto", "target", target, array.length, "as many as array");
  const signature = signatureOf(operation, 0);
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
): BoardCall | undefined {
  const dtype = requireArray(operation, "array", array);
  const board = boardFor(core, array.byteLength);
  if (board === undefined) return undefined;
  requireRoot(operation, root, board.size);
  const filled = form === "reduce" && board.rank !== root ? undefined : target;
  if (filled !== undefined || form !== "reduce" || board.rank === root) {
    requireArray(operation, form === "reduce" ? "root's target" : "target", filled);
    requireAlike(operation, filled!, array);
  }
  const operator = toOperator(operation, op);
  requireReducible(operation, operator, array, dtype);
  const given = filled === undefined || inPlaceOrApart(filled, array) ? array : copyOf(array);
  const signature = signatureOf(operations[operation], root, op);
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
  const board = boardFor(core, array.byteLength);
  const { reduceScatterInto: operation } = operations;
  if (board === undefined) {
    return algorithms.reduceScatterInto(core.begin(operation, 0, op), target, array, op, counts);
  }
  requireType("reduceScatterInto", target, array);
  const operator = toOperator("reduceScatterInto", op);
  requireReducible("reduceScatterInto", operator, array, dtype);
  const offsets = blocksOf("reduceScatterInto", array, operator.grain, board.size, counts);
  const length = offsets[board.rank + 1] - offsets[board.rank];
  requireLength("reduceScatterInto", "target", target, length, `the block of rank ${board.rank}`);
  const signature = signatureOf(operation, 0, op);
  const call = board.call(core.nextSequence(), signature);
  planReduction(call, "reduceScatter", target, array, dtype, operator, 0, offsets);
  return call;
}

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
  const board = boardFor(core, 8);
  if (board === undefined) return undefined;
  requireRoot(form, root, board.size);
  requireReducible(form, op, value, undefined);
  const signature = signatureOf(operations[form], root, op);
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
