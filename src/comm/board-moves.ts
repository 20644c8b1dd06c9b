/** Broadcast, scatter, gather, allgather and alltoall of typed arrays on a board. */
import type { Dtype, TypedArray } from "../codec/dtype.ts";
import { describeLengths, requireTotal } from "../collectives/arguments.ts";
import { copyOf, overlap } from "../collectives/arrays.ts";
import { offsetsOf } from "../collectives/blocks.ts";
import { describeArray } from "../describe.ts";
import { ArgumentError } from "../errors.ts";
import {
  ABOVE,
  ALL,
  ANY_LENGTH,
  type Block,
  type BoardCall,
  copyElements,
  NOBODY,
  type Plan,
} from "./board-call.ts";
import type { BoardMemory } from "./board-memory.ts";

/** So many bytes are copied from another rank's memory at a time; then other work may go on. */
const PIECE_BYTES = 1024 * 1024;

/** Copies blocks that lie in the memory of other ranks. */
function* fill(call: BoardCall, blocks: readonly Block[]): Generator<void> {
  const piece = PIECE_BYTES / call.dtype!.bytes;
  for (const { rank, first, length, at } of blocks) {
    for (let done = 0; done < length; done += piece) {
      call.copyFrom(rank, first + done, Math.min(piece, length - done), call.target!, at + done);
      yield;
    }
  }
}

/** Takes the target from what root contributes, from `first` on. */
function takeFrom(call: BoardCall, root: number, first: number): Iterator<void> | undefined {
  const { target } = call;
  const { length } = target!;
  if (call.isAway(root)) return fill(call, [{ rank: root, first, length, at: 0 }]);
  call.copyFrom(root, first, length, target!, 0);
  return undefined;
}

/** What this rank contributes: a copy where its array lies in the target, and others would read it there meanwhile. */
function giveOf({ board }: BoardCall, target: TypedArray, array: TypedArray, inPlace: boolean): TypedArray {
  return array.byteLength > board.bulkBytes && !inPlace && overlap(target, array) ? copyOf(array) : array;
}

/** A meeting of all. It ends after what was begun before it, so that several under way end in their order. */
export function planBarrier(call: BoardCall): void {
  call.plan = barrierPlan;
  call.end = call.board.size;
}

const barrierPlan: Plan = {
  collect: call => (call.board.isNext(call.turn) ? undefined : awaitTurn(call)),
};

/** Who has come here has written what belongs to earlier turns, too, so this takes another look or two. */
function* awaitTurn(call: BoardCall): Generator<void> {
  while (!call.board.isNext(call.turn)) yield;
}

/** Root's target to all others. */
export function planBroadcast(call: BoardCall, target: TypedArray, dtype: Dtype, root: number): void {
  call.plan = broadcastPlan;
  call.target = target;
  call.dtype = dtype;
  call.root = root;
  if (call.board.rank === root) {
    call.given = target;
  } else {
    call.readers = NOBODY;
    call.from = root;
    call.end = root + 1;
    call.expected = target.length * dtype.bytes;
  }
  call.extra = target.length;
}

const broadcastPlan: Plan = {
  collect(call) {
    const { root } = call;
    return call.board.rank === root || call.comesByMessage(root) ? undefined : takeFrom(call, root, 0);
  },
};

/**
 * Root's array in blocks to all. Each rank says how long its target is, so that those after it know where theirs
 * begins; the last one sees whether all together fit the array.
 * @param array root's
 */
export function planScatter(
  call: BoardCall,
  target: TypedArray,
  dtype: Dtype,
  array: TypedArray | undefined,
  root: number,
): void {
  const { rank, size } = call.board;
  call.plan = scatterPlan;
  call.target = target;
  call.dtype = dtype;
  call.root = root;
  call.given = array;
  call.extra = target.length;
  call.end = rank;
  if (rank === root) return;
  call.readers = ABOVE;
  call.alsoWakes = root;
  call.also = root;
  if (rank === lastBut(root, size)) call.end = size;
}

/** The same at root, when its array is too long for a bulk buffer and it sends long blocks after the turn. */
export function planScatterByMessages(call: BoardCall): void {
  call.plan = scatterByMessagesPlan;
  call.end = call.board.size;
}

const scatterByMessagesPlan: Plan = {
  collect(call) {
    const { given, target } = call;
    const { rank: self, size } = call.board;
    const lengths = Array.from({ length: size }, (_, rank) =>
      rank === self ? target!.length : call.extraFrom(rank) >>> 0,
    );
    const offsets = offsetsOf(lengths);
    call.first = offsets[self];
    call.byMessage = lengths
      .map((length, rank) => ({ rank, first: 0, length, at: offsets[rank] }))
      .filter(({ rank, length }) => rank !== self && isLongBlock(length * call.dtype!.bytes, call.board));
    if (offsets[size] !== given!.length) throw scatterMisfit(call, given!.length, offsets[size]);
    return undefined;
  },
};

/** Whether a block of a scatterInto is worth a message if root's array fits no bulk buffer. */
export function isLongBlock(bytes: number, { size, bulkBytes }: BoardMemory): boolean {
  return bytes * size > bulkBytes;
}

/** The last rank that is not `root`. */
function lastBut(root: number, size: number): number {
  return root === size - 1 ? size - 2 : size - 1;
}

const scatterPlan: Plan = {
  collect(call) {
    const { root, target, end } = call;
    const { rank: self, size } = call.board;
    let first = 0;
    for (let rank = 0; rank < self; rank++) first += call.extraFrom(rank);
    call.first = first;
    // Root's own block comes last: its target may lie on one that others have yet to read.
    if (self === root) return undefined;
    // What root has put on the board need not be sent.
    call.isMessage = call.isMessage && call.isAway(root);
    call.require(root, ANY_LENGTH);
    const length = call.bytesFrom(root) / call.dtype!.bytes;
    let total = first + target!.length;
    if (end === size) for (let rank = self + 1; rank < size; rank++) total += call.extraFrom(rank);
    if (end === size ? total !== length : total > length) throw scatterMisfit(call, length, total);
    return call.isMessage ? undefined : takeFrom(call, root, first);
  },

  finish(call) {
    const { given, target, root, first } = call;
    if (call.board.rank !== root) return;
    const end = first + target!.length;
    if (end > given!.length) throw scatterMisfit(call, given!.length, end);
    copyElements(target!, given!, 0, first, target!.length);
  },
};

function scatterMisfit(call: BoardCall, length: number, total: number): ArgumentError {
  const { rank: self, size } = call.board;
  let have = `those of ranks 0 to ${self} alone have ${total}`;
  if (call.end === size || self === size - 1) {
    const lengthOf = (rank: number) => (rank === self ? call.target!.length : call.extraFrom(rank));
    have = `${describeLengths(Array.from({ length: size }, (_, rank) => lengthOf(rank)))}, ${total} together`;
  }
  return new ArgumentError(
    "scatterInto: the targets of all ranks together must be as long as root's " +
      `${describeArray(call.dtype!.name, length)}; ${have}`,
  );
}

/**
 * The arrays of all ranks, in rank order, to root or to all.
 * @param target undefined where nothing is gathered
 * @param root ALL for every rank
 */
export function planGather(
  call: BoardCall,
  target: TypedArray | undefined,
  array: TypedArray,
  dtype: Dtype,
  root: number,
): void {
  const { rank, size, bulkBytes } = call.board;
  call.plan = gatherPlan;
  call.target = target;
  call.array = array;
  call.dtype = dtype;
  call.root = root;
  call.readers = root;
  call.extra = array.length;
  if (root === ALL) {
    const inPlace = array.byteLength > bulkBytes && isPart(target!, array, rank, size);
    call.given = giveOf(call, target!, array, inPlace);
  } else if (root !== rank) {
    call.given = array;
  }
  if (target === undefined) return;
  call.end = size;
  call.expected = ANY_LENGTH;
}

/** Whether `array`, if it shares memory with `target` at all, is what belongs to a rank there, all being equally long. */
export function isPart(target: TypedArray, array: TypedArray, rank: number, size: number): boolean {
  const { byteLength, byteOffset } = array;
  return target.byteLength === byteLength * size && byteOffset === target.byteOffset + rank * byteLength;
}

/** An array that others read while the target is being filled must not lie elsewhere in it. */
function requirePlace(target: TypedArray, array: TypedArray, lengths: readonly number[], self: number): void {
  if (!overlap(target, array)) return;
  const before = lengths.slice(0, self).reduce((sum, length) => sum + length, 0);
  if (array.byteOffset === target.byteOffset + before * target.BYTES_PER_ELEMENT) return;
  throw new ArgumentError(
    `allgatherInto: the array of rank ${self} lies in its target, but not where it belongs, which is from element ` +
      `${before} on, as ${describeLengths(lengths)}; give a copy of it`,
  );
}

const gatherPlan: Plan = {
  collect(call) {
    const { target, array } = call;
    if (target === undefined || gatherFew(call)) return undefined;
    const { rank: self, size, bulkBytes } = call.board;
    const { bytes } = call.dtype!;
    const own = array!.length;
    let total = 0;
    let before = 0;
    let byMessage: Block[] | undefined;
    for (let rank = 0; rank < size; rank++) {
      const length = rank === self ? own : call.bytesFrom(rank) / bytes;
      if (rank === self) before = total;
      else if (call.comesByMessage(rank)) (byMessage ??= []).push({ rank, first: 0, length, at: total });
      total += length;
    }
    if (byMessage !== undefined) call.byMessage = byMessage;
    if (total !== target.length)
      requireTotal(call.root === ALL ? "allgatherInto" : "gatherInto", target, lengthsOf(call));
    if (call.root === ALL && array!.byteLength > bulkBytes)
      requirePlace(target, call.given!, lengthsOf(call), self);
    // The own array moves first: it may lie where another rank's goes.
    copyElements(target, array!, before);
    let away: Block[] | undefined;
    let at = 0;
    for (let rank = 0; rank < size; rank++) {
      const length = rank === self ? own : call.bytesFrom(rank) / bytes;
      if (rank !== self) {
        if (call.isAway(rank)) (away ??= []).push({ rank, first: 0, length, at });
        else if (!call.comesByMessage(rank)) call.copyFrom(rank, 0, length, target, at);
      }
      at += length;
    }
    return away && fill(call, away);
  },
};

/** The same for a few doubles of each rank: they lie in cells, and nothing else need be found out. */
function gatherFew(call: BoardCall): boolean {
  const { fewTarget: target } = call;
  if (target === undefined) return false;
  const { rank: self, size } = call.board;
  const array = call.array as Float64Array;
  const own = array.length;
  let before = 0;
  let total = own;
  for (let rank = 0; rank < size; rank++) {
    if (rank === self) before = total - own;
    else total += call.bytesFrom(rank) * 0.125;
  }
  if (total !== target.length) return false;
  // The own array moves first: it may lie where another rank's goes.
  copyElements(target, array, before);
  let at = 0;
  for (let rank = 0; rank < size; rank++) {
    if (rank === self) {
      at += own;
    } else {
      const length = call.bytesFrom(rank) * 0.125;
      call.copyFew(rank, 0, length, target, at);
      at += length;
    }
  }
  return true;
}

function lengthsOf(call: BoardCall): number[] {
  const { rank: self, size } = call.board;
  const { bytes } = call.dtype!;
  return Array.from({ length: size }, (_, rank) =>
    rank === self ? call.array!.length : call.bytesFrom(rank) / bytes,
  );
}

/** Block r of each rank's array to rank r. All arrays are of one length. */
export function planAlltoall(call: BoardCall, target: TypedArray, array: TypedArray, dtype: Dtype): void {
  call.plan = alltoallPlan;
  call.target = target;
  call.dtype = dtype;
  call.array = target !== array && overlap(target, array) ? copyOf(array) : array;
  call.given = giveOf(call, target, call.array, false);
  call.end = call.board.size;
  call.expected = array.length * dtype.bytes;
  call.extra = array.length;
}

const alltoallPlan: Plan = {
  collect(call) {
    const { target, array } = call;
    const { rank: self, size } = call.board;
    const length = array!.length / size;
    const first = self * length;
    const { fewTarget } = call;
    if (fewTarget !== undefined) {
      if (target !== array) copyElements(fewTarget, array!, first, first, length);
      for (let rank = 0; rank < size; rank++) {
        if (rank !== self) call.copyFew(rank, first, length, fewTarget, rank * length);
      }
      return undefined;
    }
    if (target !== array) copyElements(target!, array!, first, first, length);
    if (call.expected <= call.board.bulkBytes) {
      for (let rank = 0; rank < size; rank++) {
        if (rank !== self) call.copyFrom(rank, first, length, target!, rank * length);
      }
      return undefined;
    }
    const blocks: Block[] = [];
    for (let step = 1; step < size; step++) {
      const rank = (self + step) % size;
      blocks.push({ rank, first, length, at: rank * length });
    }
    return fill(call, blocks);
  },
};

/**
 * Elements `from` to `to` of the block for rank `dest`, which it takes, and of the block that rank `source` has for this
 * one.
 */
export function planExchange(
  call: BoardCall,
  target: TypedArray,
  array: TypedArray,
  dtype: Dtype,
  dest: number,
  source: number,
  from: number,
  to: number,
): void {
  const { rank, size } = call.board;
  const length = array.length / size;
  call.plan = exchangePlan;
  call.target = target;
  call.array = dest === (rank + 1) % size ? array : undefined;
  call.dtype = dtype;
  call.given = array.subarray(dest * length + from, dest * length + to);
  call.readers = dest;
  call.from = source;
  call.end = source + 1;
  call.root = source;
  call.first = from;
  call.expected = (to - from) * dtype.bytes;
  call.extra = array.length;
}

const exchangePlan: Plan = {
  collect(call) {
    const { array, first, root: source } = call;
    const target = call.target!;
    const length = target.length / call.board.size;
    const count = call.expected / call.dtype!.bytes;
    call.copyFrom(source, 0, count, target, source * length + first);
    // In the first step every rank moves its own block, too.
    const own = call.board.rank * length + first;
    if (array !== undefined && array !== target) copyElements(target, array, own, own, count);
    return undefined;
  },
};
