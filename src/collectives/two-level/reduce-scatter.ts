import type { TypedArray } from "../../codec/dtype.ts";
import { requireLength, requireType } from "../arguments.ts";
import { copyInto, emptyLike } from "../arrays.ts";
import { offsetsOf } from "../blocks.ts";
import type { Algorithm, Pending } from "../context.ts";
import type { OperatorFor } from "../operator.ts";
import { endReceive, endSends } from "../receive.ts";
import { reduceOwnBlock } from "../reduce-blocks.ts";
import { blocksOf } from "../reduce-scatter.ts";
import { Reduction } from "../reduction.ts";
import { borrow, release } from "../scratch.ts";
import type { Levels } from "./levels.ts";

export function* reduceScatter<A extends TypedArray>(
  levels: Levels,
  array: A,
  op: OperatorFor<A>,
  counts?: readonly number[],
): Algorithm<A> {
  const { rank, size } = levels.context;
  const { grain } = new Reduction(levels.operation, array, op).op;
  const offsets = blocksOf(levels.operation, array, grain, size, counts);
  const target = emptyLike(array, offsets[rank + 1] - offsets[rank]);
  yield* reduceScatterInto(levels, target, array, op, counts);
  return target;
}

/**
 * Some ranks of each host have to do with some blocks of every host each: they get them combined on their host,
 * combine them with those of other hosts, and pass on what is not their own.
 */
export function* reduceScatterInto<A extends TypedArray>(
  levels: Levels,
  target: A,
  array: A,
  op: OperatorFor<A>,
  counts?: readonly number[],
): Algorithm<void> {
  const { context, placement, part, host, ranks, operation } = levels;
  requireType(operation, target, array);
  const reduction = new Reduction(operation, array, op);
  const offsets = blocksOf(operation, array, reduction.op.grain, context.size, counts);
  const lengthOf = (rank: number) => offsets[rank + 1] - offsets[rank];
  requireLength(operation, "target", target, lengthOf(context.rank), `the block of rank ${context.rank}`);

  const lanes = levels.sharesOf(array, reduction.op.grain)[0] < array.length ? placement.fewest : 1;
  // The blocks that a lane has to do with on a host.
  const blocks = (lane: number, of: number) =>
    placement.hosts[of].filter((_, index) => index % lanes === lane);
  const total = (owners: readonly number[]) => owners.reduce((sum, owner) => sum + lengthOf(owner), 0);
  const all = placement.hosts.map((_, index) => index);
  const order = Array.from({ length: lanes }, (_, lane) => all.flatMap(of => blocks(lane, of)));
  const arranged = arrange(array, offsets, order.flat());
  const shares = ranks.map((_, index) => total(order[index] ?? []));
  const share = borrow(array, shares[part.rank]);
  yield* levels.within(part.reduceScatterInto(share, arranged, op, shares));
  if (arranged !== array) release(arranged);

  if (part.rank >= lanes) {
    const source = ranks[part.rank % lanes];
    const arrival = context.recvInto(target, source);
    if (!arrival.done) yield arrival;
    endReceive(arrival, operation, source, target);
  } else {
    const lane = levels.lane(part.rank);
    const borders = offsetsOf(all.map(of => total(blocks(part.rank, of))));
    const combined = borrow(array, borders[host + 1] - borders[host]);
    const step = reduceOwnBlock(lane, new Reduction(operation, share, op), borders, combined);
    yield* levels.between(lane, step);
    const sends: Pending<void>[] = [];
    let at = 0;
    for (const owner of blocks(part.rank, host)) {
      const block = combined.subarray(at, at + lengthOf(owner));
      at += block.length;
      if (owner === context.rank) copyInto(target, block);
      else sends.push(context.send(block, owner));
    }
    yield* endSends(sends);
    release(combined);
  }
  release(share);
}

/** The blocks in this order; the array itself where that is its own. */
function arrange<A extends TypedArray>(array: A, offsets: readonly number[], order: readonly number[]): A {
  if (order.every((owner, index) => owner === index)) return array;
  const arranged = borrow(array, array.length);
  let at = 0;
  for (const owner of order) {
    const block = array.subarray(offsets[owner], offsets[owner + 1]);
    copyInto(arranged, block, at);
    at += block.length;
  }
  return arranged;
}
