import type { TypedArray } from "../../codec/dtype.ts";
import { requireEqualBlocks, requireLength, requireType } from "../arguments.ts";
import { copyInto } from "../arrays.ts";
import type { Algorithm, Pending } from "../context.ts";
import { endReceive, endSends } from "../receive.ts";
import { borrow, release } from "../scratch.ts";
import type { Levels } from "./levels.ts";

/**
 * For equal short blocks: the first rank of each host collects all that its ranks have, sends to each other host what
 * goes there in one message, and gives its ranks what has come for them. Longer blocks are worth a message each.
 */
export function* alltoallInto(levels: Levels, target: TypedArray, array: TypedArray): Algorithm<void> {
  const { context, placement, part, host, ranks, operation } = levels;
  requireType(operation, target, array);
  const length = requireEqualBlocks(operation, "array", array, context.size);
  requireLength(operation, "target", target, array.length, "as many as array");
  if (part.rank > 0) {
    yield* levels.within(part.gatherInto(undefined, array, 0));
    return yield* levels.within(part.scatterInto(target, undefined, 0));
  }
  const { hosts } = placement;
  const row = context.size * length;
  const collected = borrow(array, part.size * row);
  yield* levels.within(part.gatherInto(collected, array, 0));

  // Messages hold, for each rank of the sender's host, its blocks for the ranks of the receiver's.
  const size = hosts.length;
  const messages = hosts.map(members => borrow(array, part.size * members.length * length));
  const incoming = messages.map(message => borrow(array, message.length));
  const arrivals: Pending<void>[] = [];
  const sends: Pending<void>[] = [];
  for (let step = 1; step < size; step++) {
    const from = (host - step + size) % size;
    arrivals.push(context.recvInto(incoming[from], hosts[from][0]));
  }
  for (let step = 0; step < size; step++) {
    const to = (host + step) % size;
    const members = hosts[to];
    for (let index = 0; index < part.size; index++) {
      for (let slot = 0; slot < members.length; slot++) {
        const at = index * row + members[slot] * length;
        const block = collected.subarray(at, at + length);
        copyInto(messages[to], block, (index * members.length + slot) * length);
      }
    }
    if (to !== host) sends.push(context.send(messages[to], members[0]));
  }
  // `collected` becomes what each rank of this host gets.
  for (let step = 0; step < size; step++) {
    const from = (host - step + size) % size;
    const members = hosts[from];
    if (step > 0) {
      const arrival = arrivals[step - 1];
      if (!arrival.done) yield arrival;
      endReceive(arrival, operation, members[0], incoming[from]);
    }
    const came = step === 0 ? messages[host] : incoming[from];
    for (let slot = 0; slot < members.length; slot++) {
      for (let index = 0; index < ranks.length; index++) {
        const at = (slot * ranks.length + index) * length;
        copyInto(collected, came.subarray(at, at + length), index * row + members[slot] * length);
      }
    }
  }
  yield* levels.within(part.scatterInto(target, collected, 0));
  yield* endSends(sends);
  for (const scratch of [collected, ...messages, ...incoming]) release(scratch);
}
