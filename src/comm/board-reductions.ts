/** Reductions on a board. All combine in rank order, so every rank that combines the same gets the same bits. */
import { bytesOf, type Dtype, type TypedArray } from "../codec/dtype.ts";
import { copyInto } from "../collectives/arrays.ts";
import { evenOffsets, type Offsets } from "../collectives/blocks.ts";
import type { Operator } from "../collectives/operator.ts";
import { borrow, release } from "../collectives/scratch.ts";
import { ABOVE, ALL, type BoardCall, copyElements, NOBODY, type Plan } from "./board-call.ts";

/** So many bytes of each rank are combined at a time: what two of them need stays in a core's own cache. */
const CHUNK_BYTES = 64 * 1024;
/** After so many bytes other work may go on. */
const PIECE_BYTES = 1024 * 1024;

export type Form = "reduce" | "allreduce" | "reduceScatter" | "scan" | "exscan";

/** How many ranks, from rank 0 on, a rank combines. */
function combinedBy(form: Form, rank: number, size: number, root: number): number {
  switch (form) {
    case "reduce":
      return rank === root ? size : 0;
    case "scan":
      return rank + 1;
    case "exscan":
      return rank;
    default:
      return size;
  }
}

function readersOf(form: Form, rank: number, root: number): number {
  if (form === "scan" || form === "exscan") return ABOVE;
  if (form !== "reduce") return ALL;
  return rank === root ? NOBODY : root;
}

/**
 * Arrays combined element by element into `target`.
 * @param target undefined where no result is wanted; the same memory as `array`, or apart from it; of a
 * reduceScatter anywhere
 * @param offsets of a reduceScatter: the blocks
 */
export function planReduction(
  call: BoardCall,
  form: Form,
  target: TypedArray | undefined,
  array: TypedArray,
  dtype: Dtype,
  op: Operator,
  root: number,
  offsets?: Offsets,
): void {
  const { rank, size } = call.board;
  const bytes = array.length * dtype.bytes;
  call.op = op;
  call.target = target;
  call.root = root;
  call.given = array;
  call.dtype = dtype;
  call.expected = bytes;
  call.extra = array.length;
  call.offsets = offsets;
  if (offsets !== undefined) call.first = offsets[rank];
  if (bytes > call.board.bulkBytes) {
    // Every rank combines a part.
    call.plan = partPlans[form];
    call.end = size;
    if (form !== "reduceScatter") call.opened = target;
  } else {
    call.plan = wholePlan;
    call.end = combinedBy(form, rank, size, root);
    call.readers = readersOf(form, rank, root);
  }
}

/**
 * Of a reduceScatter of two ranks: elements `from` to `to` of each one's block, as far as it has them.
 * @param target apart from `array`
 */
export function planReduceScatterPiece(
  call: BoardCall,
  target: TypedArray,
  array: TypedArray,
  dtype: Dtype,
  op: Operator,
  offsets: Offsets,
  from: number,
  to: number,
): void {
  const { rank } = call.board;
  const pieceOf = (block: number) =>
    array.subarray(
      Math.min(offsets[block] + from, offsets[block + 1]),
      Math.min(offsets[block] + to, offsets[block + 1]),
    );
  const other = 1 - rank;
  const own = pieceOf(rank);
  call.plan = pairPlan;
  call.target = target.subarray(from, from + own.length);
  call.array = own;
  call.dtype = dtype;
  call.op = op;
  call.given = pieceOf(other);
  call.end = 2;
  call.expected = own.length * dtype.bytes;
  call.extra = array.length;
}

/** This rank's array with the other's, in rank order. */
const pairPlan: Plan = {
  collect(call) {
    const { array, op, dtype, expected } = call;
    const { rank } = call.board;
    if (expected === 0) return undefined;
    const other = call.viewOf(1 - rank, 0, array!.length);
    const kernel = op!.kernel(dtype!)!;
    if (rank === 0) kernel(call.target, array, other);
    else kernel(call.target, other, array);
    return undefined;
  },
};

const wholePlan: Plan = {
  collect(call) {
    const { target, end, first, op, dtype } = call;
    if (end === 0 || target === undefined) return undefined;
    const { length } = target;
    const fewKernel = call.few === undefined || end === 1 ? undefined : op!.fewKernel;
    if (fewKernel !== undefined) {
      const { cells } = call.board;
      const { doubles } = cells;
      const { turn } = call;
      const to = target as Float64Array;
      const left = cells.payloadDouble(0, turn) + first;
      fewKernel(to, doubles, left, doubles, cells.payloadDouble(1, turn) + first, length);
      for (let rank = 2; rank < end; rank++) {
        fewKernel(to, to, 0, doubles, cells.payloadDouble(rank, turn) + first, length);
      }
      return undefined;
    }
    if (end === 1) {
      if (call.few !== undefined && call.board.rank === 0) copyElements(target, call.few, 0, first, length);
      else copyElements(target, call.viewOf(0, first, length), 0);
      return undefined;
    }
    const kernel = op!.kernel(dtype!)!;
    kernel(target, call.viewOf(0, first, length), call.viewOf(1, first, length));
    for (let rank = 2; rank < end; rank++) kernel(target, target, call.viewOf(rank, first, length));
    return undefined;
  },
};

/**
 * Each rank combines a part of the arrays of all, read from their memory chunk by chunk, and writes the result into
 * the memory of those who want it: a reduce-scatter and an allgather without a step between them.
 */
function* combinePart(call: BoardCall, form: Form): Generator<void> {
  const { dtype, root } = call;
  const { rank: self, size } = call.board;
  const array = call.given!;
  const op = call.op!;
  const { bytes } = dtype!;
  const offsets = call.offsets ?? evenOffsets(array.length, size, op.grain);
  const kernel = op.kernel(dtype!)!;
  if (form === "reduceScatter") call.aside = borrow(array, call.target!.length);
  const chunk = Math.max(op.grain, CHUNK_BYTES / bytes);
  const partial = borrow(array, chunk);
  const incoming = borrow(array, chunk);
  let moved = 0;
  for (let at = offsets[self]; at < offsets[self + 1]; at += chunk) {
    const length = Math.min(chunk, offsets[self + 1] - at);
    const result = partial.subarray(0, length);
    const spare = incoming.subarray(0, length);
    for (let rank = 0; rank < size; rank++) {
      let next: TypedArray;
      if (rank === self) {
        next = array.subarray(at, at + length);
        // In place the own result goes where the own array is.
        if (form === "exscan" && rank > 0) {
          copyInto(spare, next);
          next = spare;
        }
      } else {
        next = rank === 0 ? result : spare;
        call.copyFrom(rank, at, length, next, 0);
      }
      if (form === "exscan" && rank > 0) deliver(call, rank, result, at);
      if (rank > 0) kernel(result, result, next);
      else if (next !== result) copyInto(result, next);
      if (form === "scan") deliver(call, rank, result, at);
    }
    if (form === "reduce") deliver(call, root, result, at);
    if (form === "reduceScatter") copyInto(call.aside!, result, at - offsets[self]);
    if (form === "allreduce") for (let rank = 0; rank < size; rank++) deliver(call, rank, result, at);
    moved += length * bytes * size;
    if (moved < PIECE_BYTES) continue;
    moved = 0;
    yield;
  }
  release(partial);
  release(incoming);
}

/** Writes `result` at element `at` of a rank's target. */
function deliver(call: BoardCall, rank: number, result: TypedArray, at: number): void {
  if (rank === call.board.rank) {
    copyInto(call.target!, result, at);
    return;
  }
  const { worldRanks, job } = call.board;
  const address = call.addressFrom(rank, 1) + at * call.dtype!.bytes;
  job.copies.to(worldRanks[rank], address, bytesOf(result), 0, result.byteLength);
}

function partPlan(form: Form): Plan {
  return {
    collect: call => combinePart(call, form),
    finish(call) {
      if (call.aside === undefined) return;
      copyInto(call.target!, call.aside);
      release(call.aside);
    },
  };
}

const partPlans: Record<Form, Plan> = {
  reduce: partPlan("reduce"),
  allreduce: partPlan("allreduce"),
  reduceScatter: partPlan("reduceScatter"),
  scan: partPlan("scan"),
  exscan: partPlan("exscan"),
};

/** Numbers, combined by one of tsmpi's operators. The outcome is undefined where no result is wanted. */
export function planNumberReduction(
  call: BoardCall,
  form: Form,
  value: number,
  op: Operator,
  root: number,
): void {
  const { rank, size } = call.board;
  call.plan = numberPlan;
  call.op = op;
  call.root = root;
  call.plain = value;
  call.isPlain = true;
  call.expected = 8;
  call.end = combinedBy(form, rank, size, root);
  call.readers = readersOf(form, rank, root);
}

const numberPlan: Plan = {
  collect(call) {
    const { end } = call;
    if (end === 0) return undefined;
    const op = call.op!;
    let outcome: unknown = call.numberFrom(0);
    for (let rank = 1; rank < end; rank++) outcome = op.combineValues(outcome, call.numberFrom(rank));
    call.outcome = outcome;
    return undefined;
  },
};
