import { assert } from "chai";
import { decodeValue } from "../../src/codec/decode.ts";
import { dtypes, type TypedArray } from "../../src/codec/dtype.ts";
import { encodedLength, encodeValue } from "../../src/codec/encode.ts";
import { assertSame, messageFor, roundTrip } from "./helpers.ts";

const kinds = dtypes.filter(dtype => dtype !== undefined);

describe("codec: binary data", () => {
  it("keeps every kind of typed array, at every size around the limits", () => {
    for (const { create, bytes } of kinds) {
      for (const size of [0, 1, 2, 3, 1023, 1024, 1025, 5000].map(length => Math.ceil(length / bytes))) {
        const array = new create(size);
        new Uint8Array(array.buffer).forEach((_, i, all) => {
          all[i] = (i * 31) & 0x3f;
        });
        const copy = roundTrip({ before: "odd", array, after: 1 });
        assertSame(copy, { before: "odd", array, after: 1 });
        assert.strictEqual(copy.array.buffer.byteLength, array.byteLength);
      }
    }
  });

  it("sends the part that a view shows, each view with memory of its own", () => {
    const buffer = new Float64Array([1, 2, 3, 4, 5]).buffer;
    const [a, b, view, whole] = roundTrip<[Float64Array, Uint8Array, DataView, ArrayBuffer]>([
      new Float64Array(buffer, 8, 2),
      new Uint8Array(buffer, 3, 9),
      new DataView(buffer, 16, 8),
      buffer,
    ]);
    assert.deepEqual([...a], [2, 3]);
    assert.deepEqual([...b], [...new Uint8Array(buffer, 3, 9)]);
    assert.strictEqual(view.getFloat64(0, true), 3);
    assert.strictEqual(view.byteLength, 8);
    assert.deepEqual([...new Float64Array(whole)], [1, 2, 3, 4, 5]);
    const memories = new Set<unknown>([a.buffer, b.buffer, view.buffer, whole]);
    assert.strictEqual(memories.size, 4);
    assert.deepEqual([a.buffer.byteLength, b.buffer.byteLength], [16, 9]);
  });

  it("turns Buffers and arrays over shared memory into ordinary ones", () => {
    for (const size of [10, 4096]) {
      const text = roundTrip(Buffer.alloc(size, 7));
      assert.strictEqual(Object.getPrototypeOf(text), Uint8Array.prototype);
      assert.strictEqual(text.buffer.byteLength, size);
      const shared = new Int32Array(new SharedArrayBuffer(4 * size)).fill(9);
      const copy = roundTrip(shared);
      assert.instanceOf(copy.buffer, ArrayBuffer);
      assert.deepEqual([...copy], [...shared]);
    }
  });

  it("keeps ArrayBuffers that can grow", () => {
    const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer;
    const buffer = new Resizable(16, { maxByteLength: 1 << 20 }) as ArrayBuffer & {
      resizable: boolean;
      maxByteLength: number;
      resize(length: number): void;
    };
    const tracking = new Uint8Array(buffer).fill(3);
    const copy = roundTrip({ buffer, tracking });
    assert.deepInclude(copy.buffer, { resizable: true, maxByteLength: 1 << 20, byteLength: 16 });
    copy.buffer.resize(32);
    assert.deepEqual([...new Uint8Array(copy.buffer, 0, 17)], [...new Array(16).fill(3), 0]);
    assert.strictEqual(copy.tracking.buffer.byteLength, 16);
  });

  it("hands out large contents as chunks over the caller's memory, aligned", () => {
    const odd = new Uint8Array(2001).fill(1);
    const doubles = new Float64Array(1000).fill(2);
    const buffer = new ArrayBuffer(4096);
    const chunks = encodeValue(["x", odd, "yy", doubles, new Uint8Array(100), buffer, "end"]);
    const memories: ArrayBufferLike[] = [odd.buffer, doubles.buffer, buffer];
    for (const memory of memories) {
      assert.lengthOf(
        chunks.filter(chunk => chunk.buffer === memory),
        1,
      );
    }
    assert.lengthOf(chunks, 7);
    let at = 0;
    for (const chunk of chunks) {
      if (memories.includes(chunk.buffer)) assert.strictEqual(at % 8, 0);
      at += chunk.length;
    }
    assert.strictEqual(encodedLength(chunks), at);
    odd[0] = 42;
    assert.strictEqual(chunks[1][0], 42);
    const small = new Uint8Array(1023);
    assert.isFalse(encodeValue([small]).some(chunk => chunk.buffer === small.buffer));
  });

  it("copies small contents at multiples of 8", () => {
    const message = messageFor(["a", new Float64Array([1.5])]);
    const at = message.findIndex(
      (_, i) => i + 8 <= message.length && new DataView(message.buffer, i).getFloat64(0, true) === 1.5,
    );
    assert.strictEqual(at % 8, 0);
  });

  it("aliases nothing of the message", () => {
    const message = messageFor([
      new Uint8Array(8),
      new Uint8Array(4000),
      new ArrayBuffer(8),
      new DataView(new ArrayBuffer(8)),
    ]);
    for (const bytes of [
      message,
      Buffer.from(message),
      new Uint8Array(new SharedArrayBuffer(message.length)),
    ]) {
      bytes.set(message);
      for (const part of decodeValue(bytes) as (ArrayBuffer | TypedArray)[]) {
        const memory = part instanceof ArrayBuffer ? part : part.buffer;
        assert.notStrictEqual(memory, bytes.buffer);
        assert.instanceOf(memory, ArrayBuffer);
      }
    }
  });

  it("keeps a message whole that outgrows the scratch half way", () => {
    const value = [
      new Uint8Array(3000).fill(1),
      "x".repeat(100_000),
      new Uint8Array(1500).fill(2),
      "ü€".repeat(300_000),
    ];
    assertSame(roundTrip(value), value);
  });

  it("reuses the scratch and gives a huge one back", () => {
    const scratch = () => encodeValue(1)[0].buffer.byteLength;
    scratch();
    const usual = scratch();
    assert.strictEqual(encodeValue(1)[0].buffer, encodeValue(2)[0].buffer);
    assert.isAbove(encodeValue("x".repeat(4 << 20))[0].buffer.byteLength, 4 << 20);
    scratch();
    assert.strictEqual(scratch(), usual);
  });
});
