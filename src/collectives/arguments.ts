import { withArticle } from "../article.ts";
import { detachedRefusal, hasDetached } from "../codec/detached.ts";
import { type Dtype, dtypeOf, type TypedArray } from "../codec/dtype.ts";
import { describe, describeArray } from "../describe.ts";
import { ArgumentError } from "../errors.ts";

/** Checks that every operation makes before it sends anything; `operation` begins the sentence. */

export function requireRoot(operation: string, root: number, size: number): void {
  if (Number.isInteger(root) && root >= 0 && root < size) return;
  const range = size === 1 ? "0, the only rank" : `a rank from 0 to ${size - 1}`;
  throw new ArgumentError(`${operation}: root must be ${range} of this communicator; got ${describe(root)}`);
}

export function requireArray(operation: string, name: string, value: unknown): Dtype {
  const dtype = dtypeOf(value);
  if (dtype === undefined)
    throw new ArgumentError(`${operation}: ${name} must be a typed array; got ${describe(value)}`);
  requireAttached(operation, name, value as TypedArray);
  return dtype;
}

/** The memory of an array must not have been transferred away. */
export function requireAttached(operation: string, name: string, array: TypedArray): void {
  if (hasDetached(array)) throw new ArgumentError(`${operation}: ${name} cannot be used: ${detachedRefusal}`);
}

/** `target` must hold elements of the type of `array`. */
export function requireType(operation: string, target: TypedArray, array: unknown, name = "array"): void {
  const expected = requireArray(operation, "target", target);
  const came = requireArray(operation, name, array);
  if (came.code === expected.code) return;
  throw new ArgumentError(
    `${operation}: target and ${name} must have the same element type; target is ${withArticle(expected.name)}, ` +
      `${name} ${withArticle(came.name)}`,
  );
}

/** `target` must hold elements of the type of `array`, and as many. */
export function requireAlike(operation: string, target: TypedArray, array: TypedArray): void {
  requireType(operation, target, array);
  requireLength(operation, "target", target, array.length, "as many as array");
}

export function requireLength(
  operation: string,
  name: string,
  array: TypedArray,
  length: number,
  reason: string,
): void {
  if (array.length === length) return;
  throw new ArgumentError(
    `${operation}: ${name} must have ${length} elements, ${reason}; got ${describe(array)}`,
  );
}

/** One item for each rank. */
export function requireItems(
  operation: string,
  items: unknown,
  size: number,
): asserts items is readonly unknown[] {
  if (Array.isArray(items) && items.length === size) return;
  throw new ArgumentError(
    `${operation}: the list must have ${size} items, one for each rank; got ${describe(items)}`,
  );
}

/**
 * Block lengths in rank order that cut an array of `length` elements completely. `grain` is the number of
 * elements that must stay together.
 */
export function requireCounts(
  operation: string,
  name: string,
  counts: readonly number[],
  size: number,
  length: number,
  grain = 1,
): void {
  if (!Array.isArray(counts) || counts.length !== size) {
    throw new ArgumentError(
      `${operation}: ${name} must be a list of ${size} block lengths, one for each rank; got ${describe(counts)}`,
    );
  }
  let total = 0;
  for (let rank = 0; rank < size; rank++) {
    const count = counts[rank];
    if (!Number.isSafeInteger(count) || count < 0 || count % grain !== 0) {
      const kind = grain === 1 ? "whole numbers from 0" : `multiples of ${grain} from 0`;
      throw new ArgumentError(
        `${operation}: ${name} must be ${kind}; ${name}[${rank}] is ${describe(count)}`,
      );
    }
    total += count;
  }
  if (total === length) return;
  throw new ArgumentError(
    `${operation}: ${name} must add up to the ${length} elements of the array; ` +
      `${counts.join(" + ")} is ${total}`,
  );
}

/** The length of equal blocks, one for each rank. */
export function requireEqualBlocks(operation: string, name: string, array: TypedArray, size: number): number {
  const block = array.length / size;
  if (Number.isInteger(block)) return block;
  throw new ArgumentError(
    `${operation}: the length of ${name} must be a multiple of ${size}, one block for each rank; got ` +
      `${describe(array)} (pass sendCounts and recvCounts for blocks of different lengths)`,
  );
}

/** The blocks of all ranks must fill `target`; `lengths` are theirs in rank order. */
export function requireTotal(operation: string, target: TypedArray, lengths: readonly number[]): void {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total === target.length) return;
  throw new ArgumentError(
    `${operation}: the arrays of all ranks must fill the target; it is ` +
      `${describeArray(target[Symbol.toStringTag], target.length)}, and ${describeLengths(lengths)}, ${total} together`,
  );
}

export function describeLengths(lengths: readonly number[]): string {
  return lengths.map((length, rank) => `rank ${rank} has ${length}`).join(", ");
}
