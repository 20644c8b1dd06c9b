/** Brings the results of a map together, in the order of items. */
import { ArgumentError } from "../errors.ts";
import { type Communicator, max } from "../index.ts";
import type { Part } from "./run.ts";
import { refusals } from "./sendable.ts";
import { failureOf, TaskError, type TaskFailure, TasksError } from "./task-error.ts";

/** Arrays of numbers that results may fill. */
export type NumberArrayType =
  | Float64ArrayConstructor
  | Float32ArrayConstructor
  | Int32ArrayConstructor
  | Uint32ArrayConstructor
  | Int16ArrayConstructor
  | Uint16ArrayConstructor
  | Int8ArrayConstructor
  | Uint8ArrayConstructor
  | Uint8ClampedArrayConstructor;

type NumberArray = InstanceType<NumberArrayType>;

type Results<R> = Pick<Part<R>, "indices" | "values">;

/** What a rank sends: the results that it has, all of them numbers or not. */
interface Parcel<R> {
  readonly indices: Uint32Array;
  readonly values: R[] | NumberArray;
}

export interface Gathering {
  /** Undefined: every rank. */
  readonly root: number | undefined;
  /** Undefined: a list. */
  readonly type: NumberArrayType | undefined;
  readonly total: number;
  /** Names the call and the task. */
  readonly what: string;
  readonly collect: boolean;
}

/**
 * All ranks call it, whether or not their tasks have thrown; all throw when one has.
 * @throws {TaskError} @throws {TasksError} where the rest was collected
 */
export async function gatherResults<R>(
  comm: Communicator,
  part: Part<R>,
  gathering: Gathering,
): Promise<R[] | NumberArray | undefined> {
  const { root, type, what, collect } = gathering;
  const parcel = packed(part, type);
  const travels = comm.size > 1 && root !== comm.rank && Array.isArray(parcel.values);
  const unsendable = travels ? unsendableOf(part) : [];
  const failures = await allFailures(comm, [...part.failures, ...unsendable]);
  if (failures.length > 0 && !collect) throw new TaskError(what, first(failures));
  const sent = unsendable.length === 0 ? parcel : packed(without(part, unsendable), type);
  const results = await collectParts(comm, sent, gathering);
  if (failures.length > 0) throw new TasksError(what, failures, results as R[] | undefined);
  return root === undefined || root === comm.rank ? results : undefined;
}

/**
 * For maps that have no results to send: all ranks throw when a task of any has thrown.
 * @throws {TaskError} @throws {TasksError}
 */
export async function agreeOnFailures(
  comm: Communicator,
  mine: readonly TaskFailure[],
  what: string,
  collect: boolean,
): Promise<void> {
  const failures = await allFailures(comm, mine);
  if (failures.length === 0) return;
  throw collect ? new TasksError(what, failures, undefined) : new TaskError(what, first(failures));
}

/** Those of all ranks, on all ranks. */
async function allFailures(
  comm: Communicator,
  failures: readonly TaskFailure[],
): Promise<readonly TaskFailure[]> {
  if ((await comm.allreduce(failures.length, max)) === 0) return [];
  return (await comm.allgather(failures)).flat();
}

/** Results that cannot be sent, as failures of their tasks. */
function unsendableOf({ indices, values }: Part<unknown>): TaskFailure[] {
  return Array.from(refusals(values), ([place, error]) => failureOf(indices[place], error));
}

function without<R>({ indices, values }: Part<R>, failures: readonly TaskFailure[]): Results<R> {
  const failed = new Set(failures.map(({ index }) => index));
  const kept = indices.map((_, i) => i).filter(i => !failed.has(indices[i]));
  return { indices: kept.map(i => indices[i]), values: kept.map(i => values[i]) };
}

/** The one of the lowest item. */
function first(failures: readonly TaskFailure[]): TaskFailure {
  return failures.reduce((least, each) => (each.index < least.index ? each : least));
}

async function collectParts<R>(
  comm: Communicator,
  parcel: Parcel<R>,
  { root, type, total }: Gathering,
): Promise<R[] | NumberArray | undefined> {
  const parcels =
    comm.size === 1
      ? [parcel]
      : root === undefined
        ? await comm.allgather(parcel)
        : await comm.gather(parcel, { root });
  if (parcels === undefined) return undefined;
  const results = type === undefined ? new Array<R>(total) : new type(total);
  for (const { indices, values } of parcels) {
    for (let i = 0; i < indices.length; i++) results[indices[i]] = values[i] as never;
  }
  return results;
}

function areNumbers(values: readonly unknown[]): boolean {
  for (let i = 0; i < values.length; i++) if (typeof values[i] !== "number") return false;
  return true;
}

/** Numbers travel as a typed array, without being looked at one by one. */
function packed<R>({ indices, values }: Results<R>, type: NumberArrayType | undefined): Parcel<R> {
  const numbers = type ?? (areNumbers(values) ? Float64Array : undefined);
  const packed = numbers === undefined ? values : new numbers(values as number[]);
  return { indices: new Uint32Array(indices), values: packed };
}

/** @throws {ArgumentError} */
export function requireType(operation: string, type: unknown): void {
  const name = typeof type === "function" ? type.name : String(type);
  const isArrayOfNumbers = /^(Float(32|64)|U?[Ii]nt(8|16|32)|Uint8Clamped)Array$/.test(name);
  if (isArrayOfNumbers && typeof type === "function") return;
  throw new ArgumentError(
    `${operation}: as must be the constructor of a typed array of numbers, such as Float64Array; got ${typeof type} ${name}.`,
  );
}
