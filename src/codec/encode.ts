/** Values to messages. The format is in format.ts; objects with a class of their own are in encode-objects.ts. */

import { writeArray } from "./encode-arrays.ts";
import { writeObject } from "./encode-objects.ts";
import * as format from "./format.ts";
import { Identity } from "./identity.ts";
import { kindOf, PLAIN, primitiveRefusal, tooDeepRefusal } from "./kinds.ts";
import { writeBigint, writeNumber } from "./numbers.ts";
import { emptyShape, type Shape } from "./shapes.ts";
import { writeString } from "./strings.ts";
import { notSendable, Refusal } from "./unsendable.ts";
import { type ValueWriter, Writer } from "./writer.ts";

// Object.hasOwn takes five times as long in a loop over keys.
// oxlint-disable-next-line typescript/unbound-method -- only ever used with call
const hasOwn = Object.prototype.hasOwnProperty;

/** Above this the stacks of an encoder are dropped after a message instead of wiped. */
const KEEP_STACK = 4096;

let messages = 0;

/** The encoder that nobody uses; undefined while a getter that runs inside an encoder asks for another. */
let idle: Encoder | undefined;

/**
 * Encodes a value. The chunks together are the message; they are valid until the next call and until the caller
 * changes the value's large typed arrays, over which some of them lie.
 *
 * Everything that structured clone allows can be sent, with these differences: a Buffer arrives as a Uint8Array;
 * two views of one ArrayBuffer arrive as two arrays with memory of their own; of an array only the elements are
 * sent; an error of a class of the program's own arrives as the nearest standard class with the name kept.
 *
 * @throws NotSendableError with the path to the part that cannot be sent.
 */
export function encodeValue(value: unknown): Uint8Array[] {
  const encoder = idle ?? new Encoder();
  idle = undefined;
  try {
    const chunks = encoder.message(value);
    encoder.forget();
    // An encoder that failed is dropped, with everything that it held half way.
    idle = encoder;
    return chunks;
  } catch (error) {
    throw error instanceof Refusal ? notSendable(value, error) : error;
  }
}

/**
 * Fails as a send of the value would, and sends nothing. For values that go into a collective: a rank whose value cannot be
 * sent fails alone, and leaves the others waiting. Costs as much as the send, without what is copied of large typed arrays.
 * @throws {NotSendableError} with the path to the part that cannot be sent
 */
export function requireSendable(value: unknown): void {
  encodeValue(value);
}

/** The length in bytes of a message. */
export function encodedLength(chunks: readonly Uint8Array[]): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}

class Encoder implements ValueWriter {
  readonly writer = new Writer();
  private readonly identity = new Identity();
  private hasReferences = false;
  private depth = 0;
  /** Which message of the process this is: shapes remember it. */
  private number = 0;
  private shapes = 0;
  private root: Shape = emptyShape();
  /** Nobody has given Object.prototype an enumerable key. */
  private isBaseClean = true;
  // Keys and values of the plain objects under way, each object's on top of its parent's: all values of an
  // object are read before any is written, in one pass that V8 does without looking keys up.
  private keys: string[] = [];
  private values: unknown[] = [];
  private top = 0;
  private high = 0;

  message(value: unknown): Uint8Array[] {
    const { writer } = this;
    this.number = ++messages;
    this.root = emptyShape();
    this.isBaseClean = Object.keys(Object.prototype).length === 0;
    writer.begin();
    writer.byte(format.VERSION);
    writer.byte(0);
    this.value(value);
    return writer.finish(this.hasReferences ? format.FLAG_REFERENCES : 0);
  }

  /** Lets go of everything that belongs to the message. */
  forget(): void {
    this.identity.clear();
    this.hasReferences = false;
    this.shapes = 0;
    if (this.high > KEEP_STACK) {
      this.keys = [];
      this.values = [];
    } else {
      for (let i = 0; i < this.high; i++) this.values[i] = undefined;
    }
    this.high = 0;
  }

  value(value: unknown): void {
    const { writer } = this;
    switch (typeof value) {
      case "string":
        writeString(writer, value);
        break;
      case "number":
        writeNumber(writer, value);
        break;
      case "object":
        if (value === null) writer.byte(format.NULL);
        else this.object(value);
        break;
      case "boolean":
        writer.byte(value ? format.TRUE : format.FALSE);
        break;
      case "undefined":
        writer.byte(format.UNDEFINED);
        break;
      case "bigint":
        writeBigint(writer, value);
        break;
      default:
        throw new Refusal(primitiveRefusal(value));
    }
  }

  enter(): void {
    if (this.depth++ >= format.MAX_DEPTH) throw new Refusal(tooDeepRefusal(format.MAX_DEPTH));
  }

  leave(): void {
    this.depth--;
  }

  private object(object: object): void {
    const { writer } = this;
    const number = this.identity.number(object);
    if (number >= 0) {
      this.hasReferences = true;
      writer.byte(format.REF);
      writer.varint(number);
      return;
    }
    if (Array.isArray(object)) {
      writeArray(this, object);
      return;
    }
    const prototype = Object.getPrototypeOf(object);
    const isPlain = prototype === Object.prototype;
    const kind = isPlain ? PLAIN : kindOf(object, prototype);
    if (kind === PLAIN) this.plain(object as { [key: string]: unknown }, isPlain && this.isBaseClean);
    else if (typeof kind === "string") throw new Refusal(kind);
    else writeObject(this, object, kind);
  }

  private plain(object: { [key: string]: unknown }, allOwn: boolean): void {
    this.enter();
    const base = this.top;
    const { keys, values } = this;
    let top = base;
    let shape: Shape | undefined = this.root;
    for (const key in object) {
      // The prototype may have enumerable keys too. The test would be a third of the time for a table.
      if (!allOwn && !hasOwn.call(object, key)) continue;
      keys[top] = key;
      values[top++] = object[key];
      if (shape !== undefined) shape = shape.with(key);
    }
    this.top = top;
    if (top > this.high) this.high = top;
    if (shape !== undefined) {
      this.shape(shape);
      for (let i = base; i < top; i++) this.value(values[i]);
    } else {
      this.writer.byte(format.OBJECT_KEYED);
      this.writer.varint(top - base);
      for (let i = base; i < top; i++) {
        writeString(this.writer, keys[i]);
        this.value(values[i]);
      }
    }
    this.top = base;
    this.leave();
  }

  private shape(shape: Shape): void {
    const { writer } = this;
    if (shape.message === this.number) {
      writer.byte(format.OBJECT_SHAPE);
      writer.varint(shape.number);
    } else {
      shape.message = this.number;
      shape.number = this.shapes++;
      writer.byte(format.OBJECT_DEFINE);
      shape.write(writer);
    }
  }
}
