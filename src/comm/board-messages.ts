/**
 * gatherInto and scatterInto where every rank has a core. Only the board knows how long the blocks are; those that no
 * bulk buffer holds go by messages, for ranks that write to a ring and read from it at the same time move them twice as
 * fast as one that copies from the other's memory.
 */
import type { TypedArray } from "../codec/dtype.ts";
import { copyInto } from "../collectives/arrays.ts";
import type { Algorithm } from "../collectives/context.ts";
import { endReceive, endSends } from "../collectives/receive.ts";
import type { BoardCall } from "./board-call.ts";
import type { CollectiveCall } from "./collective-call.ts";

/** A long array of this rank's to root. */
export function* giveByMessage(
  call: BoardCall,
  messages: CollectiveCall,
  array: TypedArray,
  root: number,
): Algorithm<void> {
  yield call;
  call.result();
  yield* endSends([messages.send(array, root)]);
}

/** At root of a gatherInto: the blocks that come by messages, to their places in the target. */
export function* gatherByMessages(
  call: BoardCall,
  messages: CollectiveCall,
  target: TypedArray,
): Algorithm<void> {
  yield call;
  const blocks = call.byMessage;
  call.result();
  const arrivals = blocks.map(({ rank, at, length }) => {
    const block = target.subarray(at, at + length);
    return { rank, block, pending: messages.recvInto(block, rank) };
  });
  for (const { rank, block, pending } of arrivals) {
    if (!pending.done) yield pending;
    endReceive(pending, "gatherInto", rank, block);
  }
}

/** Of a scatterInto: root's block for a target that may be long enough. */
export function* takeByMessage(
  call: BoardCall,
  messages: CollectiveCall,
  target: TypedArray,
  root: number,
): Algorithm<void> {
  yield call;
  const { isMessage } = call;
  call.result();
  if (!isMessage) return;
  const pending = messages.recvInto(target, root);
  if (!pending.done) yield pending;
  endReceive(pending, "scatterInto", root, target);
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
  call.result();
  yield* endSends(blocks.map(({ rank, at, length }) => messages.send(array.subarray(at, at + length), rank)));
  // Last, for the target may lie on a block that was still to be sent.
  copyInto(target, array.subarray(first, first + target.length));
}
