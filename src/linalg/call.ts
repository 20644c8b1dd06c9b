/** Calls of native routines: their numbers go through one array that both sides know, their arrays as arguments. */
import { BlasMissingError } from "../errors.ts";
import { checkFixedLength } from "../fixed-length.ts";
import { type Native, native } from "../native.ts";
import type { FloatArray, Mode, Returned, Scalar } from "./types.ts";

const names = [
  "dot",
  "axpy",
  "nrm2",
  "asum",
  "iamax",
  "scal",
  "copy",
  "swap",
  "rot",
  "gemv",
  "ger",
  "hemv",
  "trsv",
  "trmv",
  "gemm",
  "gemmBatched",
  "syrk",
  "symm",
  "trsm",
  "trmm",
  "copyMatrix",
  "potrf",
  "potrs",
  "getrf",
  "getrs",
  "gesv",
  "det",
  "geqrf",
  "orgqr",
  "gesdd",
  "syevd",
  "gels",
  "gelsd",
] as const;

/** The places of the routines in the list that the addon is given. */
export const routine: { readonly [name in (typeof names)[number]]: number } = Object.fromEntries(
  names.map((name, place) => [name, place]),
) as { [name in (typeof names)[number]]: number };

let addon: Native;
let block: Float64Array | undefined;

function attach(): Float64Array {
  addon = native();
  const { failure } = addon.linalgInfo();
  if (failure !== undefined) throw new BlasMissingError(failure);
  block = addon.linalgAttach(names);
  return block;
}

/**
 * Begins a call. The routine's own numbers go from place 2 on of the array returned; what was checked before must
 * not change, and nothing may be called in between.
 */
export function begin(code: number, dtype: number): Float64Array {
  const numbers = block ?? attach();
  numbers[0] = code;
  numbers[1] = dtype;
  return numbers;
}

/** Writes a factor in the two places that it takes, and returns the place after them. */
export function putScalar(numbers: Float64Array, place: number, value: Scalar): number {
  if (typeof value === "number") {
    numbers[place] = value;
    numbers[place + 1] = 0;
  } else {
    numbers[place] = value[0];
    numbers[place + 1] = value[1];
  }
  return place + 2;
}

type Elements = FloatArray | Int32Array;

/**
 * Runs the call that was begun on these arrays; `finish` makes the result of the numbers that the routine has left,
 * or throws what went wrong.
 */
export type Run<M extends Mode> = <R>(
  finish: (numbers: Float64Array) => R,
  a: Elements,
  b?: Elements,
  c?: Elements,
  d?: Elements,
) => Returned<M, R>;

// No rest parameter: on the way of small calls it costs as much as all their checks.
const runSync: Run<"sync"> = (finish, a, b, c, d) => {
  if (d !== undefined) addon.linalgCall(a, b!, c!, d);
  else if (c !== undefined) addon.linalgCall(a, b!, c);
  else if (b !== undefined) addon.linalgCall(a, b);
  else addon.linalgCall(a);
  return finish(block!);
};

/**
 * The arrays are held until the call is over. They must not be transferred to another thread meanwhile: their new owner
 * may free the memory.
 */
const runAsync: Run<"async"> = <R>(
  finish: (numbers: Float64Array) => R,
  ...given: (Elements | undefined)[]
) => {
  const arrays = given.filter(array => array !== undefined);
  arrays.forEach(checkFixedLength);
  return new Promise<R>((resolve, reject) => {
    addon.linalgStart(
      () => {
        try {
          resolve(finish(block!));
        } catch (error) {
          reject(error as Error);
        }
      },
      ...arrays,
    );
  });
};

/** One of the two ways to run: what blocks, or what is awaited. */
export interface Face<M extends Mode> {
  run: Run<M>;
  /** The result that `finish` makes when all the calls begun are over; fails when one of them has failed. */
  after<R>(calls: Returned<M, unknown>[], finish: (results: unknown[]) => R): Returned<M, R>;
}

export const sync: Face<"sync"> = { run: runSync, after: (calls, finish) => finish(calls) };

export const asynchronous: Face<"async"> = {
  run: runAsync,
  after: (calls, finish) => Promise.all(calls).then(finish),
};

export function nothing(): void {}
