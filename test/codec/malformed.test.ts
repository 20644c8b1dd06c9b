import { assert } from "chai";
import { decodeValue } from "../../src/codec/decode.ts";
import * as format from "../../src/codec/format.ts";
import { MalformedFrameError } from "../../src/errors.ts";
import { assertSame, messageFor, roundTrip } from "./helpers.ts";

/** Decodes a message of these bytes after the header. */
function decode(bytes: number[]): unknown {
  return decodeValue(Uint8Array.from([format.VERSION, format.FLAG_REFERENCES].concat(bytes)));
}

function refuses(words: RegExp, bytes: number[]): void {
  try {
    decode(bytes);
  } catch (error) {
    assert.instanceOf(error, MalformedFrameError);
    assert.match(error.message, /^malformed message: at byte \d+ of \d+, expected /);
    assert.match(error.message, words);
    return;
  }
  assert.fail("nothing was thrown");
}

const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];

describe("codec: malformed messages", () => {
  it("refuses a wrong version, unknown flags, no value, a second value", () => {
    assert.throws(
      () => decodeValue(new Uint8Array()),
      MalformedFrameError,
      /at byte 0 of 0, expected a version/,
    );
    assert.throws(
      () => decodeValue(Uint8Array.of(9, 0, 1)),
      MalformedFrameError,
      /version 1 of the format, got 9/,
    );
    assert.throws(() => decodeValue(Uint8Array.of(1, 2, 1)), MalformedFrameError, /flags/);
    refuses(/at byte 2 of 2, expected a value, but the message ends/, []);
    refuses(/at byte 3 of 4, expected the end of the message/, [1, 1]);
  });

  it("refuses every tag that has no meaning", () => {
    for (let tag = format.DATA_VIEW + 1; tag < 256; tag++) refuses(/the tag of a value/, [tag]);
  });

  it("refuses counts beyond the message without allocating", () => {
    const tags = [
      format.LATIN1,
      format.UTF16,
      format.OBJECT_KEYED,
      format.ARRAY,
      format.INT32_ARRAY,
      format.DOUBLE_ARRAY,
      format.MAP,
      format.SET,
      format.ARRAY_BUFFER,
      format.DATA_VIEW,
      format.RESIZABLE_BUFFER,
    ];
    for (const tag of tags) refuses(/fits into|are left/, [tag, ...huge]);
    refuses(/fits into/, [format.TYPED_ARRAY, 9, ...huge]);
    refuses(/fits into/, [format.BIGINT, 0, ...huge]);
    refuses(/fits into/, [format.ERROR, 0, ...huge]);
    refuses(/fits into/, [format.SPARSE_ARRAY, 5, ...huge]);
    refuses(/fewer than 2\^32/, [format.SPARSE_ARRAY, ...huge, 0]);
    refuses(/a shape/, [format.OBJECT_DEFINE, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0]);
    refuses(/length of a shape/, [format.OBJECT_DEFINE, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    refuses(/below 2\^53/, [format.ARRAY, 0xff, ...huge, 1]);
  });

  it("refuses wrong references, shapes, indices, types", () => {
    refuses(/one of 0 objects, got 0/, [format.REF, 0]);
    refuses(/one of 1 objects, got 1/, [format.ARRAY, 1, format.REF, 1]);
    assert.throws(
      () => decodeValue(Uint8Array.of(1, 0, format.ARRAY, 1, format.REF, 0)),
      MalformedFrameError,
    );
    refuses(/a shape below 0/, [format.OBJECT_SHAPE, 0]);
    refuses(/an index from 3 to 9, got 2/, [format.SPARSE_ARRAY, 10, 2, 2, 1, 2, 1]);
    refuses(/an index from 0 to 9, got 10/, [format.SPARSE_ARRAY, 10, 1, 10, 1]);
    refuses(/an element type/, [format.TYPED_ARRAY, 0, 0]);
    refuses(/an element type/, [format.TYPED_ARRAY, 200, 0]);
    refuses(/a multiple of 8 bytes, got 3/, [format.TYPED_ARRAY, 9, 3, ...new Array(6).fill(0)]);
    refuses(/a boolean, number/, [format.BOXED, format.UNDEFINED]);
    refuses(/a boolean, number/, [format.BOXED, format.DATE, ...new Array(8).fill(0)]);
    refuses(/the class of an error, got 8/, [format.ERROR, 8, 0, 0]);
    refuses(/a sign of 0 or 1/, [format.BIGINT, 2, 1, 1]);
    refuses(/a regular expression/, [format.REGEXP, 0x81, 0x28, 0x80]);
    refuses(/a regular expression/, [format.REGEXP, 0x80, 0x81, 0x71]);
    refuses(/expected a key/, [format.OBJECT_KEYED, 1, 5, 5]);
    refuses(/this machine can hold/, [format.RESIZABLE_BUFFER, 0, ...huge, ...new Array(8).fill(0)]);
    refuses(/ends with its last key/, [format.OBJECT_DEFINE, 1, 0, 0, 0, 7, 0, 0, 0, 0x82, 97, 98, 1]);
  });

  it("bounds the depth", () => {
    refuses(/nested at most 500 levels/, [...new Array(100_000).fill([format.ARRAY, 1]).flat(), 0]);
    refuses(/nested at most 500 levels/, [...new Array(100_000).fill([format.MAP, 1, 0]).flat(), 0]);
    refuses(/nested at most 500 levels/, [...new Array(100_000).fill(format.BOXED), 0]);
    assert.isArray(decode([...new Array(500).fill([format.ARRAY, 1]).flat(), 0]));
  });

  it("does not believe the hash of a shape", () => {
    const message = messageFor({ first: 1 });
    const other = messageFor({ other: 2 });
    assertSame(decodeValue(message), { first: 1 });
    // Version, flags, tag, length, then the hash.
    other.set(message.subarray(7, 11), 7);
    assertSame(decodeValue(other), { other: 2 });
    assertSame(decodeValue(message), { first: 1 });
  });

  it("takes memory in proportion to the message", () => {
    const claims: number[] = [];
    for (let i = 0; i < 20_000; i++) claims.push(format.SPARSE_ARRAY, 0x80, 0x80, 0x80, 0x0f, 0);
    const before = process.memoryUsage().heapUsed;
    const arrays = decode([format.ARRAY, 0xa0, 0x9c, 0x01, ...claims]) as unknown[][];
    assert.isBelow(process.memoryUsage().heapUsed - before, 64 << 20);
    assert.isTrue(arrays.every(array => array.length === 0x0f << 21));
    // Each array claims all of what is left; none gets it before its items are there.
    const nested: number[] = [];
    for (let i = 0; i < 400; i++) nested.push(format.ARRAY, 0x80, 0x80, 0x10);
    const message = [...nested, ...new Array(0x40000).fill(format.NULL)];
    const start = process.memoryUsage().heapUsed;
    refuses(/but the message ends/, message);
    assert.isBelow(process.memoryUsage().heapUsed - start, 64 << 20);
  });

  it("reads nothing outside the part it was given", () => {
    const message = messageFor({ text: "a long string of more than a few units", list: [1, 2, 3], d: 0.1 });
    const around = new Uint8Array(3 * message.length);
    around.set(message, message.length);
    around.set(message.subarray(-5), 2 * message.length);
    const { length } = message;
    for (let cut = 1; cut <= length; cut++) {
      assert.throws(() => decodeValue(around, length, 2 * length - cut), MalformedFrameError);
    }
    assert.throws(
      () => decodeValue(around, length, 2 * length + 1),
      MalformedFrameError,
      /the end of the message/,
    );
  });

  it("works where code may not be made from strings", () => {
    const table = Array.from({ length: 100 }, (_, i) => ({ uncompiled: i }));
    const original = globalThis.Function;
    globalThis.Function = class {
      constructor() {
        throw new EvalError("Code generation from strings disallowed for this context");
      }
    } as never;
    try {
      assertSame(roundTrip(table), table);
    } finally {
      globalThis.Function = original;
    }
  });
});
