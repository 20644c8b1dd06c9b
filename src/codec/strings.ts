import { constants } from "node:buffer";
import { LATIN1, SHORT_STRING, SHORT_STRING_LIMIT, UTF16 } from "./format.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** Up to this length a loop over the units beats a call into Node (about 100 ns). */
const LOOP_LIMIT = SHORT_STRING_LIMIT;
/** Up to this length the same holds for reading: String.fromCharCode is compiled inline. */
const UNITS_LIMIT = 12;

// Answers at once for a string that V8 stores with one byte a unit, whatever its length.
const beyondLatin1 = /[^\0-\xff]/;

const units = String.fromCharCode;

/** Writes any string, with its tag. */
export function writeString(writer: Writer, text: string): void {
  const { length } = text;
  if (length < LOOP_LIMIT) {
    writer.reserve(1 + length);
    const { bytes, pos } = writer;
    bytes[pos] = SHORT_STRING | length;
    let i = 0;
    while (i < length) {
      const unit = text.charCodeAt(i++);
      if (unit > 0xff) {
        writeUtf16(writer, text);
        return;
      }
      bytes[pos + i] = unit;
    }
    writer.pos = pos + 1 + length;
  } else if (beyondLatin1.test(text)) {
    writeUtf16(writer, text);
  } else {
    writer.byte(LATIN1);
    writer.varint(length);
    writer.reserve(length);
    writer.text.write(text, writer.pos, "latin1");
    writer.pos += length;
  }
}

function writeUtf16(writer: Writer, text: string): void {
  const { length } = text;
  writer.byte(UTF16);
  writer.varint(length);
  writer.reserve(2 * length);
  if (length < LOOP_LIMIT) {
    const { view, pos } = writer;
    for (let i = 0; i < length; i++) view.setUint16(pos + 2 * i, text.charCodeAt(i), true);
  } else {
    writer.text.write(text, writer.pos, "utf16le");
  }
  writer.pos += 2 * length;
}

/** Reads a string, with its tag. */
export function readString(reader: Reader, what: string): string {
  const at = reader.pos;
  const tag = reader.byte(what);
  if (tag >= SHORT_STRING && tag < SHORT_STRING + SHORT_STRING_LIMIT)
    return readLatin1(reader, tag - SHORT_STRING);
  if (tag === LATIN1) return readLatin1(reader, reader.varint("the length of a string"));
  if (tag === UTF16) return readUtf16(reader, reader.varint("the length of a string"));
  return reader.malformed(what, at);
}

/** Reads `length` units of one byte. */
export function readLatin1(reader: Reader, length: number): string {
  reader.need(length, "a string");
  const { bytes: b, pos: p } = reader;
  reader.pos = p + length;
  if (length > UNITS_LIMIT) {
    if (length > constants.MAX_STRING_LENGTH) tooLong(reader, p);
    return reader.text().toString("latin1", p, p + length);
  }
  // One call with as many arguments as there are units: 11 to 25 ns. Appending unit by unit takes four times
  // that.
  switch (length) {
    case 0:
      return "";
    case 1:
      return units(b[p]);
    case 2:
      return units(b[p], b[p + 1]);
    case 3:
      return units(b[p], b[p + 1], b[p + 2]);
    case 4:
      return units(b[p], b[p + 1], b[p + 2], b[p + 3]);
    case 5:
      return units(b[p], b[p + 1], b[p + 2], b[p + 3], b[p + 4]);
    case 6:
      return units(b[p], b[p + 1], b[p + 2], b[p + 3], b[p + 4], b[p + 5]);
    case 7:
      return units(b[p], b[p + 1], b[p + 2], b[p + 3], b[p + 4], b[p + 5], b[p + 6]);
    case 8:
      return units(b[p], b[p + 1], b[p + 2], b[p + 3], b[p + 4], b[p + 5], b[p + 6], b[p + 7]);
  }
  const head = units(b[p], b[p + 1], b[p + 2], b[p + 3], b[p + 4], b[p + 5], b[p + 6], b[p + 7]);
  switch (length) {
    case 9:
      return head + units(b[p + 8]);
    case 10:
      return head + units(b[p + 8], b[p + 9]);
    case 11:
      return head + units(b[p + 8], b[p + 9], b[p + 10]);
    default:
      return head + units(b[p + 8], b[p + 9], b[p + 10], b[p + 11]);
  }
}

/** Reads `length` units of two bytes. */
export function readUtf16(reader: Reader, length: number): string {
  reader.need(2 * length, "a string");
  const from = reader.pos;
  reader.pos += 2 * length;
  if (length > constants.MAX_STRING_LENGTH) tooLong(reader, from);
  return reader.text().toString("utf16le", from, reader.pos);
}

function tooLong(reader: Reader, at: number): never {
  reader.malformed(
    `a string of at most ${constants.MAX_STRING_LENGTH} units (the limit of this Node version)`,
    at,
  );
}
