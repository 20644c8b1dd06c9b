/** Messages to values. The format is in format.ts; objects with a class of their own are in decode-objects.ts. */

import { readObject } from "./decode-objects.ts";
import * as format from "./format.ts";
import { type Maker, readShape, setKey } from "./makers.ts";
import { readBigint, readBigint64 } from "./numbers.ts";
import { Reader } from "./reader.ts";
import { readLatin1, readString, readUtf16 } from "./strings.ts";

/** Arrays of up to this length are allocated before their items are there. */
const PREALLOCATE = 16;

/**
 * Decodes the message in `bytes[start, end)`. Nothing in the result shares memory with `bytes`.
 *
 * The bytes may come from anyone: whatever they are, the outcome is a value or a MalformedFrameError, and memory
 * is taken only in proportion to their length.
 */
export function decodeValue(bytes: Uint8Array, start = 0, end = bytes.length): unknown {
  const decoder = new Decoder(bytes, start, end);
  return decoder.message();
}

export class Decoder {
  readonly reader: Reader;
  private readonly shapes: Maker[] = [];
  /** The objects so far by number; undefined where the message refers to none. */
  private objects: object[] | undefined;
  private depth = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.reader = new Reader(bytes, start, end);
  }

  message(): unknown {
    const { reader } = this;
    const version = reader.byte("a version");
    if (version !== format.VERSION) {
      reader.malformed(
        `version ${format.VERSION} of the format, got ${version} (do all ranks run one tsmpi?)`,
        0,
      );
    }
    const flags = reader.byte("flags");
    if (flags > format.FLAG_REFERENCES)
      reader.malformed(`flags that are known, got ${flags}`, reader.pos - 1);
    if (flags & format.FLAG_REFERENCES) this.objects = [];
    const value = this.value();
    if (reader.pos !== reader.end) reader.malformed("the end of the message");
    return value;
  }

  /** Reads any value. */
  value(): unknown {
    const { reader } = this;
    const tag = reader.byte("a value");
    if (tag < format.SMALL_INT_LIMIT) return tag;
    if (tag < format.SHORT_STRING + format.SHORT_STRING_LIMIT)
      return readLatin1(reader, tag - format.SHORT_STRING);
    switch (tag) {
      case format.UNDEFINED:
        return undefined;
      case format.NULL:
        return null;
      case format.FALSE:
        return false;
      case format.TRUE:
        return true;
      case format.INT8:
        return reader.int(1);
      case format.INT16:
        return reader.int(2);
      case format.INT32:
        return reader.int(4);
      case format.DOUBLE:
        return reader.double();
      case format.OBJECT_SHAPE:
        return this.shaped(this.knownShape());
      case format.ARRAY:
        return this.array();
      case format.OBJECT_DEFINE:
        return this.shaped(this.newShape());
      case format.LATIN1:
        return readLatin1(reader, reader.varint("the length of a string"));
      case format.UTF16:
        return readUtf16(reader, reader.varint("the length of a string"));
      case format.REF:
        return this.reference();
      case format.BIGINT64:
        return readBigint64(reader);
      case format.BIGINT:
        return readBigint(reader);
      case format.OBJECT_KEYED:
        return this.keyed();
      case format.INT32_ARRAY:
        return this.ints();
      case format.DOUBLE_ARRAY:
        return this.doubles();
      case format.SPARSE_ARRAY:
        return this.sparse();
      default:
        return readObject(this, tag);
    }
  }

  add<T extends object>(object: T): T {
    if (this.objects !== undefined) this.objects.push(object);
    return object;
  }

  enter(): void {
    if (this.depth++ >= format.MAX_DEPTH) {
      this.reader.malformed(`values nested at most ${format.MAX_DEPTH} levels deep`);
    }
  }

  leave(): void {
    this.depth--;
  }

  private knownShape(): Maker {
    const at = this.reader.pos;
    const number = this.reader.varint("the number of a shape");
    if (number >= this.shapes.length) {
      this.reader.malformed(`a shape below ${this.shapes.length}, got ${number}`, at);
    }
    return this.shapes[number];
  }

  private newShape(): Maker {
    const maker = readShape(this.reader);
    this.shapes.push(maker);
    return maker;
  }

  private shaped(maker: Maker): object {
    this.reader.need(maker.keys.length, "the values of an object");
    this.enter();
    const object = this.add(maker.create());
    maker.fill(object, this);
    this.leave();
    return object;
  }

  private keyed(): object {
    const { reader } = this;
    const count = reader.count("a number of keys", 2);
    this.enter();
    const object = this.add({});
    for (let i = 0; i < count; i++) setKey(object, readString(reader, "a key"), this.value());
    this.leave();
    return object;
  }

  private reference(): object {
    const { reader } = this;
    const at = reader.pos;
    const number = reader.varint("the number of an object");
    const count = this.objects?.length ?? 0;
    if (number >= count) reader.malformed(`a reference to one of ${count} objects, got ${number}`, at);
    return this.objects![number];
  }

  private array(): unknown[] {
    const length = this.reader.count("the length of an array", 1);
    this.enter();
    // A message may open many arrays that claim to be long before it turns out to be too short for them, so long
    // ones grow as their items come.
    const array = this.add(length <= PREALLOCATE ? new Array<unknown>(length) : []);
    for (let i = 0; i < length; i++) array[i] = this.value();
    this.leave();
    return array;
  }

  private sparse(): unknown[] {
    const { reader } = this;
    const at = reader.pos;
    const length = reader.varint("the length of an array");
    if (length > 0xffff_ffff) reader.malformed("an array of fewer than 2^32 items", at);
    const count = reader.count("a number of items", 2);
    this.enter();
    const array: unknown[] = this.add([]);
    // An item far out makes V8 turn to a dictionary, so that `length` allocates nothing.
    array[0xffff_fffe] = undefined;
    array.length = length;
    Reflect.deleteProperty(array, 0xffff_fffe);
    let next = 0;
    for (let i = 0; i < count; i++) {
      const from = reader.pos;
      const index = reader.varint("an index");
      if (index < next || index >= length)
        reader.malformed(`an index from ${next} to ${length - 1}, got ${index}`, from);
      array[index] = this.value();
      next = index + 1;
    }
    this.leave();
    return array;
  }

  private ints(): number[] {
    const length = this.reader.count("the length of an array", 4);
    const view = this.reader.rawView(4 * length, "numbers");
    const array = this.add(new Array<number>(length));
    for (let i = 0; i < length; i++) array[i] = view.getInt32(4 * i, true);
    return array;
  }

  private doubles(): number[] {
    const length = this.reader.count("the length of an array", 8);
    const view = this.reader.rawView(8 * length, "numbers");
    const array = this.add(new Array<number>(length));
    for (let i = 0; i < length; i++) array[i] = view.getFloat64(8 * i, true);
    return array;
  }
}
