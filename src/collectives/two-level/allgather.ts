import { bytesOf, dtypeOf, dtypes, type TypedArray } from "../../codec/dtype.ts";
import { TypeMismatchError } from "../../errors.ts";
import { allgather as flatAllgather } from "../allgather.ts";
import { requireArray, requireType } from "../arguments.ts";
import { copyInto, copyOf, overlap } from "../arrays.ts";
import { offsetsOf } from "../blocks.ts";
import { limits } from "../choice.ts";
import type { Algorithm, Pending } from "../context.ts";
import { lengthsOf } from "../contributions.ts";
import { endReceive, endSends } from "../receive.ts";
import { borrow, release } from "../scratch.ts";
import type { Levels } from "./levels.ts";

/** Of a record, what comes before the elements. */
const HEADER_DOUBLES = 2;

/** The first rank of each host collects what its ranks have, exchanges that with other hosts, and passes all on. */
export function* allgather<T>(levels: Levels, value: T): Algorithm<T[]> {
  const { context, placement, part } = levels;
  const items = yield* levels.within(part.gather(value, 0));
  let lists: T[][] | undefined;
  if (items !== undefined) {
    const lane = levels.lane(0);
    lists = yield* levels.between(lane, flatAllgather(lane, items));
  }
  const all = yield* levels.within(part.broadcast(lists, 0));
  const result = new Array<T>(context.size);
  placement.hosts.forEach((ranks, host) => {
    ranks.forEach((rank, index) => {
      result[rank] = all[host][index];
    });
  });
  result[context.rank] = value;
  return result;
}

/**
 * Short arrays are shared together with all lengths. A long one goes to one rank of each other host, each of which gets
 * equally many of a host's, and they share them there [after Kandalla et al., "Designing multi-leader-based allgather
 * algorithms", 2009].
 */
export function* allgatherInto(levels: Levels, target: TypedArray, array: TypedArray): Algorithm<void> {
  const { context, placement, part, host, operation } = levels;
  requireArray(operation, "target", target);
  requireType(operation, target, array);
  const announcements = yield* announce(levels, target, array);
  const lengths = lengthsOf(operation, target, announcements);
  const offsets = offsetsOf(lengths);
  if (announcements.every(announcement => typeof announcement !== "number")) {
    announcements.forEach((announcement, rank) => {
      copyInto(target, announcement as TypedArray, offsets[rank]);
    });
    return;
  }

  // Ranks of one host lie side by side in `gathered`.
  const order = placement.hosts.flat();
  const places = placement.isOrdered ? offsets : offsetsOf(order.map(rank => lengths[rank]));
  const gathered = placement.isOrdered ? target : borrow(target, target.length);
  const starts = offsetsOf(placement.hosts.map(members => members.length));
  const piece = (from: number, to: number) => gathered.subarray(places[from], places[to]);
  const source = overlap(array, target) ? copyOf(array) : array;

  const sends: Pending<void>[] = [];
  const arrivals: Pending<void>[][] = [];
  const size = placement.hosts.length;
  for (let step = 1; step < size; step++) {
    const from = (host - step + size) % size;
    const [first, last] = runOf(part.rank, part.size, placement.hosts[from].length);
    const incoming: Pending<void>[] = [];
    for (let index = first; index < last; index++) {
      const at = starts[from] + index;
      incoming.push(context.recvInto(piece(at, at + 1), order[at]));
    }
    arrivals.push(incoming);
  }
  for (let step = 1; step < size; step++) {
    const members = placement.hosts[(host + step) % size];
    const taker = members.findIndex((_, index) => {
      const [first, last] = runOf(index, members.length, part.size);
      return part.rank >= first && part.rank < last;
    });
    sends.push(context.send(source, members[taker]));
  }
  yield* levels.within(part.allgatherInto(piece(starts[host], starts[host + 1]), source));
  for (let step = 1; step < size; step++) {
    const from = (host - step + size) % size;
    const [first, last] = runOf(part.rank, part.size, placement.hosts[from].length);
    for (let index = first; index < last; index++) {
      const arrival = arrivals[step - 1][index - first];
      const at = starts[from] + index;
      if (!arrival.done) yield arrival;
      endReceive(arrival, operation, order[at], piece(at, at + 1));
    }
    const run = piece(starts[from] + first, starts[from] + last);
    yield* levels.within(part.allgatherInto(piece(starts[from], starts[from + 1]), run));
  }
  yield* endSends(sends);
  if (gathered === target) return;
  order.forEach((rank, at) => {
    copyInto(target, piece(at, at + 1), offsets[rank]);
  });
  release(gathered);
}

/**
 * What each rank gives: the array where it is short, else its length. They go in records of equal length (code of the
 * type, length, elements if there is room), which need no encoding and may go by shared memory; how long these are
 * follows from the target.
 */
function* announce(
  levels: Levels,
  target: TypedArray,
  array: TypedArray,
): Algorithm<(TypedArray | number)[]> {
  const { context, placement, part, host, operation } = levels;
  const share = Math.ceil(target.byteLength / context.size / 8);
  const room = share * 8 < limits.announced ? share : 0;
  const length = HEADER_DOUBLES + room;
  const own = new Float64Array(length);
  own[0] = dtypeOf(array)!.code;
  own[1] = array.length;
  if (array.byteLength <= room * 8) bytesOf(own).set(bytesOf(array), HEADER_DOUBLES * 8);

  // Ranks of one host lie side by side.
  const records = new Float64Array(context.size * length);
  const starts = offsetsOf(placement.hosts.map(members => members.length * length));
  const piece = records.subarray(starts[host], starts[host + 1]);
  yield* levels.within(part.gatherInto(part.rank === 0 ? piece : undefined, own, 0));
  if (part.rank === 0) {
    const lane = levels.lane(0);
    const pieces = yield* levels.between(lane, flatAllgather<Float64Array>(lane, piece));
    for (const [of, came] of pieces.entries()) {
      if (came.length !== starts[of + 1] - starts[of]) {
        const [peer] = placement.hosts[of];
        throw new TypeMismatchError(
          `${operation}: the target of rank ${peer} is not as long as that of this rank`,
          { peer },
        );
      }
      if (of !== host) copyInto(records, came, starts[of]);
    }
  }
  yield* levels.within(part.broadcastInto(records, 0));

  const announcements = new Array<TypedArray | number>(context.size);
  for (const [at, rank] of placement.hosts.flat().entries()) {
    const [code, elements] = records.subarray(at * length);
    const { bytes, create } = dtypes[code]!;
    const start = (at * length + HEADER_DOUBLES) * 8;
    announcements[rank] =
      elements * bytes <= room * 8 ? new create(records.buffer, start, elements) : elements;
  }
  return announcements;
}

/** Which of `count` blocks the rank `index` of `size` takes. */
function runOf(index: number, size: number, count: number): [first: number, last: number] {
  return [Math.floor((index * count) / size), Math.floor(((index + 1) * count) / size)];
}
