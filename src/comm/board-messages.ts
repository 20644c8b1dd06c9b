/**
 * gatherInto, allgatherInto and scatterInto where every rank has a core, and broadcastInto of two ranks. Only the board knows how long the blocks are;
 * those that no bulk buffer holds go by messages, for ranks that write to a ring and read from it at the same time move
 * them twice as fast as one that copies from the other's memory.
 */
import type { TypedArray } from "../codec/dtype.ts";
import { copyInto } from "../collectives/arrays.ts";
import type { Algorithm, Pending } from "../collectives/context.ts";
import { endReceive, endSends } from "../collectives/receive.ts";
import type { Block, BoardCall } from "./board-call.ts";
import type { CollectiveCall } from "./collective-call.ts";

/** What this rank found wrong when it had seen all contributions: the others do not know, and exchange messages with it. */
function failureOf(call: BoardCall): unknown[] {
  const seen = call.hasSeenAll;
  try {
    call.result();
    return [];
  } catch (error) {
    if (!seen) throw error;
    return [error];
  }
}

/** Receives blocks to their places in the target; nowhere when there has been a failure. */
function* takeBlocks(
  messages: CollectiveCall,
  operation: string,
  blocks: readonly Block[],
  target: TypedArray,
  failed: boolean,
): Algorithm<void> {
  const arrivals = blocks.map(({ rank, at, length }) => {
    const block = target.subarray(at, at + length);
    const pending: Pending<unknown> = failed ? messages.recv(rank) : messages.recvInto(block, rank);
    return { rank, block, pending };
  });
  for (const { rank, block, pending } of arrivals) {
    if (!pending.done) yield pending;
    endReceive(pending, operation, rank, block);
  }
}

/** A long array of this rank's to another one. */
export function* giveByMessage(
  call: BoardCall,
  messages: CollectiveCall,
  array: TypedArray,
  dest: number,
): Algorithm<void> {
  yield call;
  call.result();
  yield* endSends([messages.send(array, dest)]);
}

/** At root of a gatherInto. */
export function* gatherByMessages(
  call: BoardCall,
  messages: CollectiveCall,
  target: TypedArray,
): Algorithm<void> {
  yield call;
  const blocks = call.byMessage;
  const failure = failureOf(call);
  yield* takeBlocks(messages, "gatherInto", blocks, target, failure.length > 0);
  if (failure.length > 0) throw failure[0];
}

/** @param array this rank's, apart from the places of others in the target */
export function* allgatherByMessages(
  call: BoardCall,
  messages: CollectiveCall,
  target: TypedArray,
  array: TypedArray,
): Algorithm<void> {
  yield call;
  const { byMessage: blocks, isMessage } = call;
  const { rank, size } = messages;
  const failure = failureOf(call);
  const sends: Pending<void>[] = [];
  for (let step = 1; isMessage && step < size; step++) sends.push(messages.send(array, (rank + step) % size));
  yield* takeBlocks(messages, "allgatherInto", blocks, target, failure.length > 0);
  yield* endSends(sends);
  if (failure.length > 0) throw failure[0];
}

/** Of a scatterInto or broadcastInto: root's block for a target that may be long enough. */
export function* takeByMessage(
  call: BoardCall,
  messages: CollectiveCall,
  operation: string,
  target: TypedArray,
  root: number,
): Algorithm<void> {
  yield call;
  const { isMessage } = call;
  const failure = failureOf(call);
  const block = { rank: root, first: 0, length: target.length, at: 0 };
  if (isMessage) yield* takeBlocks(messages, operation, [block], target, failure.length > 0);
  if (failure.length > 0) throw failure[0];
}

/** At root of a scatterInto: the long blocks to their ranks, then the own one. */
export function* scatterByMessages(
  call: BoardCall,
  messages: CollectiveCall,
  target: TypedArray,
  array: TypedArray,
): Algorithm<void> {
  yield call;
  const { byMessage: blocks, first } = call;
  const failure = failureOf(call);
  // Also of an array that does not fit: the others wait for their blocks, and what comes tells them.
  yield* endSends(blocks.map(({ rank, at, length }) => messages.send(array.subarray(at, at + length), rank)));
  if (failure.length > 0) throw failure[0];
  // Last, for the target may lie on a block that was still to be sent.
  copyInto(target, array.subarray(first, first + target.length));
}
