import { ARRAY, DOUBLE_ARRAY, INT32_ARRAY, SPARSE_ARRAY } from "./format.ts";
import { isInt32 } from "./numbers.ts";
import type { ValueWriter, Writer } from "./writer.ts";

/** From this many numbers on a block costs less than a tag for each. */
const BLOCK_LENGTH = 16;

/** Writes an array, which the encoder has numbered. Only elements are sent, no other properties. */
export function writeArray(encoder: ValueWriter, array: unknown[]): void {
  const { length } = array;
  if (length >= BLOCK_LENGTH && typeof array[0] === "number" && writeBlock(encoder, array)) return;
  encoder.enter();
  if (hasHole(array)) {
    writeSparse(encoder, array);
  } else {
    const { writer } = encoder;
    writer.byte(ARRAY);
    writer.varint(length);
    // A getter further down may shorten the array: `length` items it is.
    for (let i = 0; i < length; i++) encoder.value(array[i]);
  }
  encoder.leave();
}

/** Writes an array of nothing but numbers; false where it is not one. */
function writeBlock(encoder: ValueWriter, array: unknown[]): boolean {
  const { length } = array;
  let isInts = true;
  for (let i = 0; i < length; i++) {
    const item = array[i];
    if (typeof item !== "number") return false;
    if (isInts && !isInt32(item)) isInts = false;
  }
  if (isInts) writeInts(encoder.writer, array as number[]);
  else writeDoubles(encoder.writer, array as number[]);
  return true;
}

function writeInts(writer: Writer, numbers: number[]): void {
  const { view, pos } = beginBlock(writer, INT32_ARRAY, numbers.length, 4);
  for (let i = 0; i < numbers.length; i++) view.setInt32(pos + 4 * i, numbers[i], true);
}

function writeDoubles(writer: Writer, numbers: number[]): void {
  const { view, pos } = beginBlock(writer, DOUBLE_ARRAY, numbers.length, 8);
  for (let i = 0; i < numbers.length; i++) view.setFloat64(pos + 8 * i, numbers[i], true);
}

/** Makes room for `length` items of `size` bytes and says where. */
function beginBlock(
  writer: Writer,
  tag: number,
  length: number,
  size: number,
): { view: DataView; pos: number } {
  writer.byte(tag);
  writer.varint(length);
  writer.align();
  writer.reserve(size * length);
  const { view, pos } = writer;
  writer.pos = pos + size * length;
  return { view, pos };
}

function hasHole(array: unknown[]): boolean {
  for (let i = 0; i < array.length; i++) if (array[i] === undefined && !(i in array)) return true;
  return false;
}

/** By key, so that the time goes with the items and not with the length, which may be 4 billion. */
function writeSparse(encoder: ValueWriter, array: unknown[]): void {
  const { writer } = encoder;
  const { length } = array;
  const indices = Object.keys(array).filter(key => String(Number(key) >>> 0) === key && Number(key) < length);
  writer.byte(SPARSE_ARRAY);
  writer.varint(length);
  writer.varint(indices.length);
  for (const index of indices) {
    writer.varint(Number(index));
    encoder.value(array[Number(index)]);
  }
}
