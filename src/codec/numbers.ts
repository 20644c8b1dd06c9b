import { BIGINT, BIGINT64, DOUBLE, INT8, INT16, INT32, SMALL_INT_LIMIT } from "./format.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** True for what fits an i32 without loss; -0 does not. */
export function isInt32(value: number): boolean {
  return (value | 0) === value && (value !== 0 || 1 / value > 0);
}

/** Writes any number, with its tag. */
export function writeNumber(writer: Writer, value: number): void {
  writer.reserve(9);
  const { bytes, view, pos } = writer;
  if (!isInt32(value)) {
    bytes[pos] = DOUBLE;
    view.setFloat64(pos + 1, value, true);
    writer.pos = pos + 9;
  } else if (value >= 0 && value < SMALL_INT_LIMIT) {
    bytes[pos] = value;
    writer.pos = pos + 1;
  } else if ((value << 24) >> 24 === value) {
    bytes[pos] = INT8;
    bytes[pos + 1] = value;
    writer.pos = pos + 2;
  } else if ((value << 16) >> 16 === value) {
    bytes[pos] = INT16;
    bytes[pos + 1] = value;
    bytes[pos + 2] = value >> 8;
    writer.pos = pos + 3;
  } else {
    bytes[pos] = INT32;
    view.setInt32(pos + 1, value, true);
    writer.pos = pos + 5;
  }
}

/** Writes any bigint, with its tag. */
export function writeBigint(writer: Writer, value: bigint): void {
  if (BigInt.asIntN(64, value) === value) {
    writer.byte(BIGINT64);
    writer.reserve(8);
    writer.view.setBigInt64(writer.pos, value, true);
    writer.pos += 8;
    return;
  }
  // Hexadecimal is the only form that V8 converts in linear time.
  const hex = (value < 0n ? -value : value).toString(16);
  const magnitude = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  writer.byte(BIGINT);
  writer.byte(value < 0n ? 1 : 0);
  writer.varint(magnitude.length);
  writer.copy(magnitude);
}

/** Reads what follows BIGINT64. */
export function readBigint64(reader: Reader): bigint {
  return new BigInt64Array(reader.take(8, "a bigint").buffer)[0];
}

/** Reads what follows BIGINT. */
export function readBigint(reader: Reader): bigint {
  const at = reader.pos;
  const sign = reader.byte("a sign");
  if (sign > 1) reader.malformed("a sign of 0 or 1", at);
  const length = reader.count("the length of a bigint", 1);
  const hex = Buffer.from(reader.take(length, "a bigint").buffer).toString("hex");
  try {
    const magnitude = BigInt(`0x0${hex}`);
    return sign === 1 ? -magnitude : magnitude;
  } catch {
    return reader.malformed("a bigint that this version of Node can hold", at);
  }
}
