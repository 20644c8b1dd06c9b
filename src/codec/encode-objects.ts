import { detachedRefusal, isDetached } from "./detached.ts";
import { bytesOf, dtypeOf } from "./dtype.ts";
import { baseOf, hiddenParts, visibleParts } from "./error-values.ts";
import * as format from "./format.ts";
import * as kinds from "./kinds.ts";
import { writeString } from "./strings.ts";
import { Refusal } from "./unsendable.ts";
import type { ValueWriter } from "./writer.ts";

/** Writes an object of a kind other than PLAIN, which the encoder has numbered. */
export function writeObject(encoder: ValueWriter, object: object, kind: number): void {
  switch (kind) {
    case kinds.DATE:
      writeDate(encoder, object as Date);
      break;
    case kinds.MAP:
      writeMap(encoder, object as Map<unknown, unknown>);
      break;
    case kinds.SET:
      writeSet(encoder, object as Set<unknown>);
      break;
    case kinds.ERROR:
      writeError(encoder, object as Error);
      break;
    case kinds.REGEXP:
      writeRegExp(encoder, object as RegExp);
      break;
    case kinds.BOXED:
      writeBoxed(encoder, object);
      break;
    case kinds.BUFFER:
      writeBuffer(encoder, object as ResizableBuffer);
      break;
    default:
      writeView(encoder, object as ArrayBufferView);
  }
}

// Not in the library types of the oldest Node that is supported.
interface ResizableBuffer extends ArrayBuffer {
  readonly resizable: boolean;
  readonly maxByteLength: number;
}

function writeDate({ writer }: ValueWriter, date: Date): void {
  writer.byte(format.DATE);
  writer.double(Date.prototype.getTime.call(date));
}

// Map and Set are walked with their own forEach, since a subclass may iterate over something else, and from a
// copy, since a getter further down may add to them.

function writeMap(encoder: ValueWriter, map: Map<unknown, unknown>): void {
  const entries: unknown[] = [];
  Map.prototype.forEach.call(map, (value, key) => entries.push(key, value));
  writeItems(encoder, format.MAP, entries.length / 2, entries);
}

function writeSet(encoder: ValueWriter, set: Set<unknown>): void {
  const items: unknown[] = [];
  Set.prototype.forEach.call(set, item => items.push(item));
  writeItems(encoder, format.SET, items.length, items);
}

function writeItems(encoder: ValueWriter, tag: number, count: number, items: unknown[]): void {
  encoder.enter();
  encoder.writer.byte(tag);
  encoder.writer.varint(count);
  for (const item of items) encoder.value(item);
  encoder.leave();
}

function writeError(encoder: ValueWriter, error: Error): void {
  const { writer } = encoder;
  encoder.enter();
  const base = baseOf(error);
  const hidden = hiddenParts(error, base);
  const visible = visibleParts(error, hidden);
  writer.byte(format.ERROR);
  writer.byte(base);
  for (const parts of [hidden, visible]) {
    const keys = Object.keys(parts);
    writer.varint(keys.length);
    for (const key of keys) {
      writeString(writer, key);
      encoder.value(parts[key]);
    }
  }
  encoder.leave();
}

function writeRegExp({ writer }: ValueWriter, pattern: RegExp): void {
  writer.byte(format.REGEXP);
  writeString(writer, pattern.source);
  writeString(writer, pattern.flags);
}

function writeBoxed(encoder: ValueWriter, object: object): void {
  encoder.writer.byte(format.BOXED);
  encoder.value(unbox(object));
}

// Not `valueOf`, which a program may replace.
function unbox(object: object): unknown {
  for (const { prototype } of [Number, String, Boolean, BigInt]) {
    try {
      return (prototype.valueOf as (this: unknown) => unknown).call(object);
    } catch {
      // Of another class.
    }
  }
  return undefined;
}

function writeBuffer({ writer }: ValueWriter, buffer: ResizableBuffer): void {
  if (isDetached(buffer)) throw new Refusal(detachedRefusal);
  writer.byte(buffer.resizable === true ? format.RESIZABLE_BUFFER : format.ARRAY_BUFFER);
  writer.varint(buffer.byteLength);
  if (buffer.resizable === true) writer.varint(buffer.maxByteLength);
  writer.raw(new Uint8Array(buffer));
}

function writeView({ writer }: ValueWriter, view: ArrayBufferView): void {
  if (isDetached(view.buffer)) throw new Refusal(detachedRefusal);
  const dtype = dtypeOf(view);
  const bytes = bytesOf(view);
  if (dtype === undefined) {
    writer.byte(format.DATA_VIEW);
  } else {
    writer.byte(format.TYPED_ARRAY);
    writer.byte(dtype.code);
  }
  writer.varint(bytes.length);
  writer.raw(bytes);
}
