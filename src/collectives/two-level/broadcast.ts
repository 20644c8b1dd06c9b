import type { TypedArray } from "../../codec/dtype.ts";
import { requireArray, requireRoot } from "../arguments.ts";
import { broadcast as flatBroadcast } from "../broadcast.ts";
import { limits } from "../choice.ts";
import type { Algorithm, Pending } from "../context.ts";
import { endReceive, endSends } from "../receive.ts";
import { segmentsOf } from "../segments.ts";
import { binomialDistances, binomialParent } from "../tree.ts";
import type { Levels } from "./levels.ts";

/** Root's value goes through a tree of hosts, and then to the ranks of each. */
export function* broadcast<T>(levels: Levels, value: T | undefined, root: number): Algorithm<T> {
  const { context, placement, part, host, ranks } = levels;
  requireRoot(levels.operation, root, context.size);
  const head = levels.headOf(host, root);
  let held = value;
  if (context.rank === head) {
    const heads = levels.heads(root);
    held = yield* levels.between(heads, flatBroadcast(heads, value, placement.hostOf[root]));
  }
  return yield* levels.within(part.broadcast(held, ranks.indexOf(head)));
}

/**
 * The same for arrays, segment by segment: while the ranks of a host share one, the next is on its way. An array of
 * many segments goes through a chain of hosts, so that none sends it twice [van de Geijn 1994]; others through a
 * binomial tree.
 */
export function* broadcastInto(levels: Levels, target: TypedArray, root: number): Algorithm<void> {
  const { context, placement, part, host, ranks, operation } = levels;
  requireArray(operation, "target", target);
  requireRoot(operation, root, context.size);
  const size = placement.hosts.length;
  const top = placement.hostOf[root];
  const relative = (host - top + size) % size;
  const segments = segmentsOf(target, 1, limits.hostSegment).map(([from, to]) => target.subarray(from, to));
  // An empty array is passed on, too: its sender may have found that the arrays differ.
  if (segments.length === 0) segments.push(target);
  const isChain = segments.length > size;
  const head = levels.headOf(host, root);
  const parent = levels.headOf(
    ((isChain ? relative - 1 + size : binomialParent(relative)) + top) % size,
    root,
  );
  const distances = isChain ? [1].filter(() => relative < size - 1) : binomialDistances(relative, size);
  const children = distances
    .reverse()
    .map(distance => levels.headOf((relative + distance + top) % size, root));
  const isHead = context.rank === head;
  const arrivals = isHead && relative > 0 ? segments.map(segment => context.recvInto(segment, parent)) : [];
  const sends: Pending<void>[] = [];
  for (let index = 0; index < segments.length; index++) {
    const segment = segments[index];
    const arrival = arrivals[index];
    if (arrival !== undefined) {
      if (!arrival.done) yield arrival;
      endReceive(arrival, operation, parent, segment);
    }
    if (isHead) for (const child of children) sends.push(context.send(segment, child));
    yield* levels.within(part.broadcastInto(segment, ranks.indexOf(head)));
  }
  yield* endSends(sends);
}
