import { dtypeOf, type TypedArray } from "../codec/dtype.ts";

/**
 * Working memory for long reductions, kept between calls: fresh memory costs a page fault per 4 KiB, which for
 * arrays of megabytes is ten times the time of the copy that it receives.
 */

const maxKept = 6;
const maxBytes = 4 * 1024 * 1024;
// Sizes are rounded up, because the blocks of one call differ by an element.
const roundBytes = 4096;
const kept: ArrayBuffer[] = [];

/** An array like `array` with arbitrary contents; hand it back with `release` once nothing reads or writes it. */
export function borrow<A extends TypedArray>(array: A, length: number): A {
  const dtype = dtypeOf(array)!;
  const bytes = Math.ceil((length * dtype.bytes) / roundBytes) * roundBytes;
  let index = -1;
  for (let i = 0; i < kept.length; i++) {
    const { byteLength } = kept[i];
    if (byteLength >= bytes && (index < 0 || byteLength < kept[index].byteLength)) index = i;
  }
  const buffer = index < 0 ? new ArrayBuffer(bytes) : kept.splice(index, 1)[0];
  return new dtype.create(buffer, 0, length) as A;
}

/**
 * An algorithm that fails keeps what it borrowed, because a message may still be on its way into it; the garbage
 * collector takes it then.
 */
export function release(array: TypedArray): void {
  const buffer = array.buffer as ArrayBuffer;
  if (buffer.byteLength > maxBytes) return;
  if (kept.length === maxKept) kept.shift();
  kept.push(buffer);
}
