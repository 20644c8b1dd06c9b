import { runInNewContext } from "node:vm";
import { assert } from "chai";
import { decodeValue } from "../../src/codec/decode.ts";
import { encodeValue } from "../../src/codec/encode.ts";
import { assertSame, hole, holey, messageFor, roundTrip } from "./helpers.ts";

function survives(...values: unknown[]): void {
  for (const value of values) assertSame(roundTrip(value), value);
}

describe("codec: values", () => {
  it("keeps primitives", () => survives(undefined, null, true, false, "", "a", 0, 1n));

  it("keeps every kind of number", () => {
    for (const edge of [
      0,
      63,
      64,
      127,
      128,
      129,
      255,
      256,
      32767,
      32768,
      65535,
      65536,
      2 ** 31,
      2 ** 32,
      2 ** 53,
    ]) {
      survives(edge, -edge, edge - 1, edge + 1, -edge - 1, -edge + 1, edge + 0.5, -edge - 0.5);
    }
    survives(-0, NaN, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE, Number.EPSILON, 3.25);
  });

  it("keeps bigints of any size", () => {
    for (const bits of [0n, 1n, 7n, 8n, 63n, 64n, 65n, 127n, 128n, 1000n, 100_003n]) {
      const edge = 1n << bits;
      survives(edge, -edge, edge - 1n, -edge - 1n, edge + 1n);
    }
    assert.strictEqual(roundTrip(-0n), 0n);
  });

  it("keeps strings at every edge of length and alphabet", () => {
    for (const unit of ["a", "\0", "\xff", "\u0100", "€", "\ud800", "\udc00", "\uffff", "😀"]) {
      for (const length of [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 31, 32, 62, 63, 64, 65, 127, 128, 1000, 70_000,
      ]) {
        const text = unit.repeat(length);
        assert.strictEqual(roundTrip(text), text);
        assert.strictEqual(roundTrip(`${"x".repeat(length)}${unit}`), `${"x".repeat(length)}${unit}`);
      }
    }
    const all = String.fromCharCode(...Array.from({ length: 0x10000 }, (_, i) => i));
    assert.strictEqual(roundTrip(all), all);
  });

  it("keeps dates, also invalid ones", () => {
    survives(new Date(0), new Date(-1), new Date(8.64e15));
    // isDeepStrictEqual of Node 20 holds two invalid dates for different.
    const invalid = decodeValue(messageFor(new Date(NaN)));
    assert.instanceOf(invalid, Date);
    assert.isNaN(invalid.getTime());
  });

  it("keeps regular expressions and starts them afresh", () => {
    const pattern = /a(?<n>[^/]+)\/é/dgimsuy;
    pattern.lastIndex = 4;
    const sets = "v"; // As a literal it would need a newer target.
    const copy = roundTrip(pattern);
    assert.deepEqual([copy.source, copy.flags, copy.lastIndex], [pattern.source, pattern.flags, 0]);
    survives(/(?:)/, /(?:)/, new RegExp("[\\p{L}--[a-z]]", sets), /\n/);
  });

  it("keeps boxed primitives", () => {
    survives(
      Object(1),
      Object(-0),
      Object("s"),
      Object("😀"),
      Object(true),
      Object(false),
      Object(1n << 80n),
    );
  });

  it("keeps maps and sets in order, with any keys", () => {
    survives(
      new Map(),
      new Set(),
      new Map<unknown, unknown>([
        ["b", 1],
        [{ k: 1 }, [2]],
        [NaN, -0],
        ["a", undefined],
      ]),
    );
    survives(new Set([3, "1", { a: new Map([[1, new Set([2])]]) }, null]));
    class Sub<K, V> extends Map<K, V> {
      override *[Symbol.iterator](): MapIterator<never> {}
      override forEach(): void {}
    }
    assertSame(roundTrip(new Sub<number, number>().set(1, 2)), new Map([[1, 2]]));
  });

  it("keeps arrays: dense, mixed, with holes", () => {
    survives(
      [],
      [1],
      [undefined, null],
      [1, "a", -0, 2.5],
      [[[]]],
      holey(hole, 1, hole, undefined, hole),
      new Array(5),
      new Array(2000),
    );
    for (const length of [15, 16, 17, 1000]) {
      survives(Array.from({ length }, (_, i) => i * 70_000 - 5));
      survives(Array.from({ length }, (_, i) => i / 3));
      survives([...Array.from({ length }, (_, i) => i), -0], [...Array.from({ length }, (_, i) => i), NaN]);
      survives(
        [...Array.from({ length }, (_, i) => i), "x"],
        holey(...Array.from({ length }, (_, i) => i), hole, 2 ** 31),
      );
    }
    class Sub extends Array {}
    assertSame(roundTrip(Sub.from([1, 2])), [1, 2]);
  });

  it("keeps sparse arrays without allocating their length", () => {
    for (const length of [1e9, 2 ** 32 - 1]) {
      const sparse: unknown[] = [];
      sparse.length = length;
      sparse[7] = "seven";
      sparse[length - 2] = { end: true };
      assert.isBelow(messageFor(sparse).length, 60);
      const copy = roundTrip(sparse) as unknown[];
      assert.strictEqual(copy.length, length);
      assert.deepEqual(Object.keys(copy), ["7", String(length - 2)]);
      assert.deepEqual(copy[length - 2], { end: true });
    }
    const last: number[] = [];
    last[0xffff_fffe] = 1;
    assert.deepEqual(Object.entries(roundTrip(last)), [["4294967294", 1]]);
  });

  it("sends the elements of an array, no other properties", () => {
    const match = /b/.exec("abc")!;
    assertSame(roundTrip([...match]), ["b"]);
    assert.deepEqual(Object.keys(roundTrip(match)), ["0"]);
    const holed = Object.assign(holey(1, hole, 3), { extra: 1, "-1": 2, "01": 3 });
    assert.deepEqual(Object.keys(roundTrip(holed)), ["0", "2"]);
  });

  it("keeps plain objects, key order included", () => {
    survives(
      {},
      { a: 1 },
      { b: 1, a: { c: undefined } },
      { 10: 1, 9: 2, x: 3, "": 4, "ü😀\ud800": 5, "a b": 6 },
    );
    assert.deepEqual(Object.keys(roundTrip({ z: 1, 3: 1, a: 1, 1: 1 })), ["1", "3", "z", "a"]);
    for (const size of [63, 64, 65, 1000]) {
      survives(Object.fromEntries(Array.from({ length: size }, (_, i) => [`key${i}`, i])));
    }
    survives(Object.fromEntries(Array.from({ length: 64 }, (_, i) => ["€".repeat(198) + String(10 + i), i])));
    survives({ ["k".repeat(199)]: 1 }, { ["k".repeat(201)]: 1, b: 2 }, { ["k".repeat(100_000)]: 1 });
  });

  it("keeps keys that mean something to JavaScript, and pollutes nothing", () => {
    const value = JSON.parse(
      '{"__proto__": {"polluted": 1}, "constructor": 2, "toString": 3, "hasOwnProperty": 4}',
    );
    for (let i = 0; i < 100; i++) {
      const copy = roundTrip({ rows: [value] }).rows[0];
      assertSame(copy, value);
      assert.isTrue(Object.hasOwn(copy, "__proto__"));
      assert.strictEqual(Object.getPrototypeOf(copy), Object.prototype);
    }
    assert.isUndefined(({} as { polluted?: number }).polluted);
    const many = JSON.parse(
      `{"__proto__": 1, ${Array.from({ length: 80 }, (_, i) => `"k${i}": ${i}`).join()}}`,
    );
    assertSame(roundTrip(many), many);
    const nasty = { '"]; throw 1; //': 1, "\\": 2, "\u2028\n`${1}": 3, "\ud800": 4 };
    survives(Array.from({ length: 100 }, () => ({ ...nasty })));
  });

  it("flattens class instances and objects without a prototype", () => {
    class Point {
      x = 1;
      #secret = 2;
      get sum(): number {
        return this.x + this.#secret;
      }
    }
    assertSame(roundTrip([new Point(), new Point()]), [{ x: 1 }, { x: 1 }]);
    assertSame(roundTrip(Object.assign(Object.create(null), { a: 1 })), { a: 1 });
    assertSame(roundTrip(Object.assign(Object.create({ inherited: 1 }), { own: 2 })), { own: 2 });
    assertSame(roundTrip(Object.create(Map.prototype)), {});
    assertSame(roundTrip({ [Symbol("s")]: 1, shown: 2 }), { shown: 2 });
    assertSame(roundTrip(Object.defineProperty({ a: 1 }, "hidden", { value: 1 })), { a: 1 });
  });

  it("sends own keys only, also when Object.prototype has enumerable ones", () => {
    const base = Object.prototype as { stray?: number };
    base.stray = 1;
    try {
      assert.deepEqual(Object.keys(decodeValue(messageFor({ a: 1 })) as object), ["a"]);
    } finally {
      delete base.stray;
    }
  });

  it("reads getters once, in order", () => {
    const calls: string[] = [];
    const value = {
      get b() {
        return calls.push("b");
      },
      get a() {
        return calls.push("a");
      },
    };
    assertSame(decodeValue(messageFor(value)), { b: 1, a: 2 });
    assert.deepEqual(calls, ["b", "a"]);
  });

  it("keeps shared references and cycles", () => {
    const shared = { s: 1 };
    const value: { [key: string]: unknown } = { a: shared, b: [shared, shared] };
    value.self = value;
    value.map = new Map<unknown, unknown>([
      [shared, value],
      [value, shared],
    ]);
    value.set = new Set([value, shared]);
    for (const object of [
      new Date(1),
      /x/g,
      Object("s"),
      new ArrayBuffer(3),
      new Float32Array(2),
      new DataView(new ArrayBuffer(1)),
    ]) {
      value[object.constructor.name] = [object, object];
    }
    value.numbers = [Array.from({ length: 20 }, (_, i) => i), Array.from({ length: 20 }, (_, i) => i / 3)];
    value.again = [...(value.numbers as object[])];
    value.holes = holey(hole, value, hole, shared);
    survives(value);
    const error = new Error("loop") as Error & { me?: unknown };
    error.cause = error;
    error.me = [error];
    const copy = roundTrip(error);
    assert.strictEqual(copy.cause, copy);
    assert.strictEqual((copy.me as unknown[])[0], copy);
  });

  it("keeps identity among many objects", () => {
    const objects = Array.from({ length: 300 }, (_, i) => ({ i }));
    survives([...objects, ...objects].flatMap((object, i) => [object, { ref: objects[(i * 7) % 300] }]));
    // Around the sizes at which identity.ts changes how it looks, and beyond all of them.
    for (const count of [15, 16, 17, 4094, 4095, 4096, 4097, 8192, 40_000]) {
      const many = Array.from({ length: count }, (_, i) => ({ i }));
      const value = many.flatMap((object, i) => {
        if (i % 5 === 0) return [object, many[(i * 31) % (i + 1)]];
        return [object];
      });
      value.push(...many.map((_, i) => many[(i * 7919) % count]));
      const copy = roundTrip(value);
      const first = new Map<number, { i: number }>();
      assert.lengthOf(copy, value.length);
      for (const [at, { i }] of value.entries()) {
        if (!first.has(i)) first.set(i, copy[at]);
        if (copy[at] !== first.get(i) || copy[at].i !== i)
          assert.fail(`${count} objects: item ${at} is not object ${i}`);
      }
      assert.strictEqual(new Set(copy).size, count);
    }
  });

  it("keeps tables of one shape, of several and of none", () => {
    const row = (i: number) => ({
      id: i,
      name: `row ${i}`,
      value: i + 0.25,
      ok: i % 2 === 0,
      tags: ["a", "b"],
    });
    survives(Array.from({ length: 200 }, (_, i) => row(i)));
    survives(
      Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? { id: i } : { ...row(i), [`k${i % 5}`]: i })),
    );
  });

  it("goes on when the shapes of a process run out", () => {
    const strangers = Array.from({ length: 12_000 }, (_, i) => ({ [`stranger${i}`]: i }));
    for (let i = 0; i < 3; i++) survives(strangers, [{ a: 1 }, { a: 2 }]);
  });

  it("knows objects of another realm", () => {
    const foreign = runInNewContext(
      "({ m: new Map([[1, new Date(5)]]), s: new Set([/x/g]), a: [1, , 2], o: { e: new RangeError('far') }, u: new Uint8Array([1, 2]) })",
    );
    const { o, ...rest } = roundTrip(foreign);
    assertSame(rest, {
      m: new Map([[1, new Date(5)]]),
      s: new Set([/x/g]),
      a: holey(1, hole, 2),
      u: new Uint8Array([1, 2]),
    });
    assert.instanceOf(o.e, RangeError);
    assert.strictEqual(o.e.message, "far");
  });

  it("takes what Node can hold at the depth limit", () => {
    let list: unknown = null;
    for (let i = 0; i < 499; i++) list = i % 2 === 0 ? { next: list } : new Map([[1, list]]);
    survives(list);
  });

  it("starts every message with the version", () => {
    assert.strictEqual(encodeValue(1)[0][0], 1);
  });
});
