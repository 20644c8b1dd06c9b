/** What the programs share: both faces under one name, arrays of every type, expected failures. */
import { expect } from "chai";
import { type Communicator, type TsmpiError, type TypedArray, world } from "tsmpi";

/**
 * The blocking twin, typed as the awaiting face: `await` also takes a plain outcome, so that one text tests both.
 */
export function blocking(comm: Communicator): Communicator {
  return comm.sync as unknown as Communicator;
}

export const faces: readonly Communicator[] = [world, blocking(world)];

/** This rank on the awaiting face and its neighbours on the blocking one, and the other way round. */
export const mixedFaces: readonly Communicator[] =
  world.rank % 2 === 0 ? [world, blocking(world)] : [blocking(world), world];

export type ArrayType = {
  new (length: number): TypedArray;
  new (elements: Float64Array): TypedArray;
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
};

const float16 = (globalThis as { Float16Array?: ArrayType }).Float16Array;

export const integerTypes: readonly ArrayType[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
] as readonly ArrayType[];

export const arrayTypes: readonly ArrayType[] = [
  ...integerTypes,
  Float32Array as ArrayType,
  Float64Array as ArrayType,
  // From Node 24 on.
  ...(float16 === undefined ? [] : [float16]),
];

/** An array of any type from small whole numbers. */
export function arrayOf(type: ArrayType, length: number, element: (index: number) => number): TypedArray {
  // A loop over arrays of many types takes many times as long as one over doubles and a conversion by the engine.
  const numbers = doubles(length, element);
  if (!type.name.startsWith("Big")) return new type(numbers);
  const array = new type(length);
  for (let i = 0; i < length; i++) array[i] = BigInt(numbers[i]);
  return array;
}

export function doubles(length: number, element: (index: number) => number): Float64Array {
  const array = new Float64Array(length);
  for (let i = 0; i < length; i++) array[i] = element(i);
  return array;
}

/** Bytes that tell place and seed apart, for arrays too long for chai. */
export function pattern(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = (seed * 2654435761) | 1;
  const words = new Int32Array(bytes.buffer, 0, length >> 2);
  for (let i = 0; i < words.length; i++) words[i] = state = (Math.imul(state, 1664525) + 1013904223) | 0;
  for (let i = length & ~3; i < length; i++) bytes[i] = seed + i;
  return bytes;
}

/** Equal in type, length and every bit. */
export function expectSame(came: unknown, expected: TypedArray, what: string): void {
  expect(came, what).to.be.instanceOf(expected.constructor as new () => unknown);
  const array = came as TypedArray;
  expect(array.length, `${what}: length`).to.equal(expected.length);
  const bytes = (view: TypedArray): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  if (bytes(array).equals(bytes(expected))) return;
  let at = 0;
  while (Object.is(array[at], expected[at])) at++;
  throw new Error(`${what}: element ${at} of ${expected.length} is ${array[at]}, not ${expected[at]}`);
}

/** What an operation on either face fails with. */
export async function failure(operation: () => unknown): Promise<unknown> {
  let value: unknown;
  try {
    value = await operation();
  } catch (error) {
    return error;
  }
  throw new Error(`expected a failure; got ${String(value)}`);
}

type ErrorClass = abstract new (...args: never[]) => TsmpiError;

/** Expects an error of a class with given fields; the sentence is matched. */
export async function expectFailure(
  operation: () => unknown,
  expected: ErrorClass,
  code: string,
  sentence: RegExp | string,
  fields: Partial<Record<"rank" | "peer" | "tag" | "communicator" | "path", unknown>> = {},
): Promise<void> {
  const error = (await failure(operation)) as TsmpiError;
  const what = String(error?.stack ?? error);
  expect(error, what).to.be.instanceOf(expected);
  expect(error.code, what).to.equal(code);
  expect(error.name, what).to.equal(expected.name);
  if (typeof sentence === "string") expect(error.message).to.include(sentence);
  else expect(error.message).to.match(sentence);
  expect(error).to.include(fields);
}

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, milliseconds));

export function compute(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** The same sequence of numbers from 0 to 1 on every rank, for equal seeds. */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const everyRank: readonly number[] = Array.from({ length: world.size }, (_, rank) => rank);
export const right = (world.rank + 1) % world.size;
export const left = (world.rank + world.size - 1) % world.size;

/** The last line of a program. */
export function ok(): void {
  console.log(`rank ${world.rank} ok`);
}
