/**
 * Collectives, begun for either face: in two levels where ranks are on several hosts and the call suits it, else as
 * collectives.ts does them. What decides is the same on all ranks.
 */
import { isTypedArray, type TypedArray } from "../codec/dtype.ts";
import { type Family, Need } from "../collectives/algorithm-names.ts";
import { type AlltoallCounts, alltoallIntoOperation } from "../collectives/alltoall.ts";
import { choose } from "../collectives/choice.ts";
import type { Algorithm } from "../collectives/context.ts";
import * as algorithms from "../collectives/index.ts";
import { type OperationName, operations } from "../collectives/operations.ts";
import { type OperatorFor, type Reduced, toOperator } from "../collectives/operator.ts";
import { needsMet } from "../collectives/reduction.ts";
import type { Scattered } from "../collectives/scatter.ts";
import * as twoLevel from "../collectives/two-level/index.ts";
import type { Levels } from "../collectives/two-level/levels.ts";
import type { Begun } from "./collectives.ts";
import * as flat from "./collectives.ts";
import type { Core } from "./core.ts";
import { TwoLevel } from "./two-level.ts";

export { gatherInto, scatterInto } from "./collectives.ts";

/** The communicator's collectives in two levels, for a call that is to go that way; bytes and needs as in `choose`. */
function levelsFor(core: Core, family: Family, bytes: number, met: number): TwoLevel | undefined {
  const { placement } = core;
  if (placement === undefined) return undefined;
  const chosen: string = choose(family, core, bytes, met | Need.hosts);
  if (chosen !== "two-level") return undefined;
  return TwoLevel.of(core, placement);
}

/** The same for an array of so many blocks; 0 bytes for what is no array, which the operation itself will say. */
function levelsForArray(
  core: Core,
  family: Family,
  array: TypedArray,
  blocks: number,
  met: number,
): TwoLevel | undefined {
  // To look what a value is takes 15 ns, as long as a third of a short call.
  if (core.placement === undefined) return undefined;
  return levelsFor(core, family, isTypedArray(array) ? array.byteLength / blocks : 0, met);
}

/** The same for reductions, which keep the order of ranks only where hosts do. */
function levelsToReduce(
  core: Core,
  family: Family,
  operation: OperationName,
  value: unknown,
  op: unknown,
): TwoLevel | undefined {
  const { placement } = core;
  if (placement === undefined) return undefined;
  const operator = toOperator(operation, op);
  const isPrefix = family === "scan" || family === "exscan";
  if (!placement.isOrdered && (isPrefix || !operator.commutative)) return undefined;
  const array = isTypedArray(value) ? value : undefined;
  const blocks = family === "reduceScatter" ? core.size : 1;
  return levelsFor(
    core,
    family,
    (array?.byteLength ?? 0) / blocks,
    needsMet(operator, array?.length ?? 0, core.size),
  );
}

/** Undefined: as the communicator itself does it. */
export function barrier(core: Core): Begun<void> | undefined {
  return (
    flat.barrier(core) ?? levelsFor(core, "barrier", 0, Need.nothing)?.begin("barrier", twoLevel.barrier)
  );
}

export function broadcast<T>(core: Core, value: T | undefined, root: number): Algorithm<T> {
  return (
    levelsFor(core, "broadcast", 0, Need.nothing)?.begin(
      "broadcast",
      levels => twoLevel.broadcast(levels, value, root),
      root,
    ) ?? algorithms.broadcast(core.begin(operations.broadcast, root), value, root)
  );
}

export function broadcastInto(core: Core, target: TypedArray, root: number): Begun<void> {
  return (
    levelsForArray(core, "broadcast", target, 1, Need.nothing)?.begin(
      "broadcastInto",
      levels => twoLevel.broadcastInto(levels, target, root),
      root,
    ) ?? flat.broadcastInto(core, target, root)
  );
}

export function allgather<T>(core: Core, value: T): Algorithm<T[]> {
  return (
    levelsFor(core, "allgather", 0, Need.nothing)?.begin("allgather", levels =>
      twoLevel.allgather(levels, value),
    ) ?? algorithms.allgather(core.begin(operations.allgather), value)
  );
}

export function allgatherInto(core: Core, target: TypedArray, array: TypedArray): Begun<void> {
  return (
    levelsForArray(core, "allgather", target, core.size, Need.nothing)?.begin("allgatherInto", levels =>
      twoLevel.allgatherInto(levels, target, array),
    ) ?? flat.allgatherInto(core, target, array)
  );
}

export function alltoallInto(
  core: Core,
  target: TypedArray,
  array: TypedArray,
  counts: AlltoallCounts,
): Begun<void> {
  const equal = alltoallIntoOperation(counts) === operations.alltoallInto;
  const levels = equal ? levelsForArray(core, "alltoall", array, core.size, Need.equal) : undefined;
  return (
    levels?.begin("alltoallInto", of => twoLevel.alltoallInto(of, target, array)) ??
    flat.alltoallInto(core, target, array, counts)
  );
}

export function reduce<T>(
  core: Core,
  value: T,
  op: OperatorFor<T>,
  root: number,
): Begun<Reduced<T> | undefined> {
  return (
    levelsToReduce(core, "reduce", "reduce", value, op)?.begin(
      "reduce",
      levels => twoLevel.reduce(levels, value, op, root),
      root,
      op,
    ) ?? flat.reduce(core, value, op, root)
  );
}

export function reduceInto<A extends TypedArray>(
  core: Core,
  target: A | undefined,
  array: A,
  op: OperatorFor<A>,
  root: number,
): Begun<void> {
  return (
    levelsToReduce(core, "reduce", "reduceInto", array, op)?.begin(
      "reduceInto",
      levels => twoLevel.reduceInto(levels, target, array, op, root),
      root,
      op,
    ) ?? flat.reduceInto(core, target, array, op, root)
  );
}

export function allreduce<T>(core: Core, value: T, op: OperatorFor<T>): Begun<Reduced<T>> {
  return (
    levelsToReduce(core, "allreduce", "allreduce", value, op)?.begin(
      "allreduce",
      levels => twoLevel.allreduce(levels, value, op),
      0,
      op,
    ) ?? flat.allreduce(core, value, op)
  );
}

export function allreduceInto<A extends TypedArray>(
  core: Core,
  target: A,
  array: A,
  op: OperatorFor<A>,
): Begun<void> {
  return (
    levelsToReduce(core, "allreduce", "allreduceInto", array, op)?.begin(
      "allreduceInto",
      levels => twoLevel.allreduceInto(levels, target, array, op),
      0,
      op,
    ) ?? flat.allreduceInto(core, target, array, op)
  );
}

/** A list goes straight from rank to rank: what its items hold only their ranks know. */
export function reduceScatter<P extends TypedArray | readonly unknown[]>(
  core: Core,
  parts: P,
  op: OperatorFor<Scattered<P>>,
  counts: readonly number[] | undefined,
): Algorithm<Scattered<P>> {
  if (isTypedArray(parts)) {
    const by = op as OperatorFor<typeof parts>;
    const levels = levelsToReduce(core, "reduceScatter", "reduceScatter", parts, by);
    const make = (of: Levels) => twoLevel.reduceScatter(of, parts, by, counts);
    if (levels !== undefined) return levels.begin("reduceScatter", make, 0, by) as Algorithm<Scattered<P>>;
  }
  return algorithms.reduceScatter(core.begin(operations.reduceScatter, 0, op), parts, op, counts);
}

export function reduceScatterInto<A extends TypedArray>(
  core: Core,
  target: A,
  array: A,
  op: OperatorFor<A>,
  counts: readonly number[] | undefined,
): Begun<void> {
  return (
    levelsToReduce(core, "reduceScatter", "reduceScatterInto", array, op)?.begin(
      "reduceScatterInto",
      levels => twoLevel.reduceScatterInto(levels, target, array, op, counts),
      0,
      op,
    ) ?? flat.reduceScatterInto(core, target, array, op, counts)
  );
}

export function scan<T>(core: Core, value: T, op: OperatorFor<T>): Begun<Reduced<T>> {
  return (
    levelsToReduce(core, "scan", "scan", value, op)?.begin(
      "scan",
      levels => twoLevel.scan(levels, value, op),
      0,
      op,
    ) ?? flat.scan(core, value, op)
  );
}

export function scanInto<A extends TypedArray>(
  core: Core,
  target: A,
  array: A,
  op: OperatorFor<A>,
): Begun<void> {
  return (
    levelsToReduce(core, "scan", "scanInto", array, op)?.begin(
      "scanInto",
      levels => twoLevel.scanInto(levels, target, array, op),
      0,
      op,
    ) ?? flat.scanInto(core, target, array, op)
  );
}

export function exscan<T>(core: Core, value: T, op: OperatorFor<T>): Begun<Reduced<T> | undefined> {
  return (
    levelsToReduce(core, "exscan", "exscan", value, op)?.begin(
      "exscan",
      levels => twoLevel.exscan(levels, value, op),
      0,
      op,
    ) ?? flat.exscan(core, value, op)
  );
}

export function exscanInto<A extends TypedArray>(
  core: Core,
  target: A,
  array: A,
  op: OperatorFor<A>,
): Begun<void> {
  return (
    levelsToReduce(core, "exscan", "exscanInto", array, op)?.begin(
      "exscanInto",
      levels => twoLevel.exscanInto(levels, target, array, op),
      0,
      op,
    ) ?? flat.exscanInto(core, target, array, op)
  );
}
