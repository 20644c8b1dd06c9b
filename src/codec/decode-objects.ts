import { dtypes } from "./dtype.ts";
import { createError, setPart } from "./error-values.ts";
import * as format from "./format.ts";
import type { Values } from "./makers.ts";
import type { Reader } from "./reader.ts";
import { readString } from "./strings.ts";

/** The decoder, as far as objects need it. */
interface Decoder extends Values {
  readonly reader: Reader;
  /** Numbers an object, which its own values may refer to: before they are read. */
  add<T extends object>(object: T): T;
  /** Goes down into an object that holds others; `leave` comes back. */
  enter(): void;
  leave(): void;
}

/** Reads an object with a class of its own, after its tag. */
export function readObject(decoder: Decoder, tag: number): object {
  switch (tag) {
    case format.DATE:
      return decoder.add(new Date(decoder.reader.double()));
    case format.MAP:
      return readMap(decoder);
    case format.SET:
      return readSet(decoder);
    case format.ERROR:
      return readError(decoder);
    case format.REGEXP:
      return readRegExp(decoder);
    case format.BOXED:
      return readBoxed(decoder);
    case format.ARRAY_BUFFER:
      return decoder.add(readBytes(decoder, "an ArrayBuffer").buffer);
    case format.RESIZABLE_BUFFER:
      return readResizable(decoder);
    case format.TYPED_ARRAY:
      return readTypedArray(decoder);
    case format.DATA_VIEW:
      return decoder.add(new DataView(readBytes(decoder, "a DataView").buffer));
    default:
      return decoder.reader.malformed(`the tag of a value, got ${tag}`, decoder.reader.pos - 1);
  }
}

function readMap(decoder: Decoder): object {
  const count = decoder.reader.count("a number of entries", 2);
  decoder.enter();
  const map = decoder.add(new Map<unknown, unknown>());
  for (let i = 0; i < count; i++) {
    const key = decoder.value();
    map.set(key, decoder.value());
  }
  decoder.leave();
  return map;
}

function readSet(decoder: Decoder): object {
  const count = decoder.reader.count("a number of items", 1);
  decoder.enter();
  const set = decoder.add(new Set<unknown>());
  for (let i = 0; i < count; i++) set.add(decoder.value());
  decoder.leave();
  return set;
}

function readError(decoder: Decoder): object {
  const { reader } = decoder;
  const base = reader.byte("the class of an error");
  const error = createError(base);
  if (error === undefined) return reader.malformed(`the class of an error, got ${base}`, reader.pos - 1);
  decoder.enter();
  decoder.add(error);
  for (const enumerable of [false, true]) {
    const count = reader.count("a number of properties", 2);
    for (let i = 0; i < count; i++) {
      const key = readString(reader, "a key");
      setPart(error, key, decoder.value(), enumerable);
    }
  }
  decoder.leave();
  return error;
}

function readRegExp(decoder: Decoder): object {
  const { reader } = decoder;
  const at = reader.pos;
  const source = readString(reader, "a pattern");
  const flags = readString(reader, "flags");
  try {
    return decoder.add(new RegExp(source, flags));
  } catch {
    return reader.malformed("a regular expression that this version of Node knows", at);
  }
}

function readBoxed(decoder: Decoder): object {
  const { reader } = decoder;
  const at = reader.pos;
  decoder.enter();
  const value = decoder.value();
  decoder.leave();
  if (value === undefined || value === null || typeof value === "object") {
    return reader.malformed("a boolean, number, bigint or string", at);
  }
  return decoder.add(Object(value) as object);
}

function readBytes(decoder: Decoder, what: string): Uint8Array<ArrayBuffer> {
  const { reader } = decoder;
  return reader.raw(reader.count(`the length of ${what}`, 1), what);
}

function readResizable(decoder: Decoder): object {
  const { reader } = decoder;
  const at = reader.pos;
  const length = reader.count("the length of an ArrayBuffer", 1);
  const maxByteLength = reader.varint("the maximum length of an ArrayBuffer");
  const bytes = reader.raw(length, "an ArrayBuffer");
  try {
    const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer;
    const buffer = new Resizable(length, { maxByteLength });
    new Uint8Array(buffer).set(bytes);
    return decoder.add(buffer);
  } catch {
    return reader.malformed(`an ArrayBuffer that this machine can hold, got ${maxByteLength} bytes`, at);
  }
}

function readTypedArray(decoder: Decoder): object {
  const { reader } = decoder;
  const at = reader.pos;
  const code = reader.byte("an element type");
  const dtype = dtypes[code];
  if (dtype === undefined)
    return reader.malformed(`an element type that this version of Node knows, got ${code}`, at);
  const bytes = readBytes(decoder, dtype.name);
  if (bytes.length % dtype.bytes !== 0)
    reader.malformed(`a multiple of ${dtype.bytes} bytes, got ${bytes.length}`, at);
  // A Uint8Array is what was read.
  return decoder.add(dtype.create === Uint8Array ? bytes : new dtype.create(bytes.buffer));
}
