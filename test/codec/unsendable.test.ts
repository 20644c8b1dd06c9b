import { generateKeyPairSync } from "node:crypto";
import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { runInNewContext } from "node:vm";
import { MessageChannel, Worker } from "node:worker_threads";
import { assert } from "chai";
import { decodeValue } from "../../src/codec/decode.ts";
import { encodeValue } from "../../src/codec/encode.ts";
import { NotSendableError } from "../../src/errors.ts";
import { assertSame, hole, holey, messageFor, roundTrip } from "./helpers.ts";

function refused(value: unknown): NotSendableError {
  try {
    encodeValue(value);
  } catch (error) {
    assert.instanceOf(error, NotSendableError);
    // Whatever went wrong, the encoder works again.
    assertSame(roundTrip({ a: [1, "x"] }), { a: [1, "x"] });
    return error;
  }
  return assert.fail("nothing was thrown");
}

function isRefused(value: unknown, words: RegExp): void {
  const error = refused({ deep: [value] });
  assert.strictEqual(error.path, "value.deep[0]");
  assert.match(error.message, /^cannot send value\.deep\[0\]: it/);
  assert.match(error.message, words);
}

const f = () => {};

describe("codec: what cannot be sent", () => {
  it("says what to do about a function", () => {
    assert.strictEqual(
      refused({ options: { callback: f } }).message,
      "cannot send value.options.callback: it is a function (functions stay in their process; " +
        "send data and call the function on the receiving rank)",
    );
    assert.strictEqual(refused(f).path, "value");
    assert.strictEqual(refused(class {}).path, "value");
  });

  it("names the path through every container", () => {
    const key = { bad: f };
    for (const [value, path] of [
      [{ rows: [1, 2, 3, { when: f }] }, "value.rows[3].when"],
      [new Map([["key", { x: f }]]), 'value.get("key").x'],
      [
        new Map<unknown, unknown>([
          [1, 2],
          [7n, [f]],
        ]),
        "value.get(7n)[0]",
      ],
      [
        new Map<unknown, unknown>([
          [0, 1],
          [key, 1],
        ]),
        "value[Map key 1].bad",
      ],
      [new Map([[{}, f]]), "value[Map value 0]"],
      [new Set([1, 2, { x: f }]), "value[Set item 2].x"],
      [new Error("x", { cause: [f] }), "value.cause[0]"],
      [new AggregateError([1, f]), "value.errors[1]"],
      [Object.assign(new Error("x"), { retry: f }), "value.retry"],
      [{ "two words": { "": f } }, 'value["two words"][""]'],
      [{ größe: { $1: { "1a": f } } }, 'value.größe.$1["1a"]'],
      [holey(hole, hole, { x: f }), "value[2].x"],
      [Object.assign(Object.create(null), { x: f }), "value.x"],
      [Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i === 80 ? f : i])), "value.k80"],
    ] as [unknown, string][]) {
      assert.strictEqual(refused(value).path, path);
    }
  });

  it("names the first of several, and finds one behind a cycle", () => {
    const value: { [key: string]: unknown } = { a: {}, b: { c: f }, d: Symbol("later") };
    (value.a as { up: unknown }).up = value;
    assert.strictEqual(refused(value).path, "value.b.c");
  });

  it("refuses what belongs to its process", async () => {
    isRefused(Symbol("s"), /symbol/);
    isRefused(Object(Symbol("s")), /symbol/);
    isRefused(Promise.resolve(1), /Promise \(await it/);
    isRefused(new WeakMap(), /WeakMap/);
    isRefused(new WeakSet(), /WeakSet/);
    isRefused(new WeakRef({}), /WeakRef/);
    isRefused(new FinalizationRegistry(f), /FinalizationRegistry/);
    isRefused((function* () {})(), /it is a Generator \(send the items as an array/);
    isRefused((async function* () {})(), /it is an AsyncGenerator/);
    isRefused([][Symbol.iterator](), /Iterator/);
    isRefused(new Map().entries(), /Iterator/);
    isRefused(new Proxy(new Map(), {}), /Proxy/);
    isRefused(new EventEmitter(), /EventEmitter/);
    isRefused(new (class Bus extends EventTarget {})(), /it is a Bus, which sends or receives events/);
    isRefused(new AbortController().signal, /AbortSignal/);
    isRefused(new AbortController(), /AbortController/);
    isRefused(new PassThrough(), /PassThrough/);
    isRefused(new Socket(), /Socket/);
    isRefused(new ReadableStream(), /ReadableStream/);
    isRefused(new Blob(["x"]), /Blob/);
    isRefused(new URL("http://localhost/"), /URL \(send its href/);
    isRefused(new URLSearchParams("a=1"), /URLSearchParams/);
    isRefused(new Intl.NumberFormat(), /NumberFormat/);
    isRefused(runInNewContext("new WebAssembly.Memory({ initial: 1 })"), /Memory/);
    isRefused(generateKeyPairSync("ed25519").privateKey, /KeyObject/);
    isRefused(new SharedArrayBuffer(8), /SharedArrayBuffer \(send a typed array over it/);
    isRefused(await import("node:fs"), /module/);
    const { port1, port2 } = new MessageChannel();
    isRefused(port1, /MessagePort/);
    port1.close();
    port2.close();
    const worker = new Worker("", { eval: true });
    isRefused(worker, /Worker/);
    await worker.terminate();
  });

  it("refuses memory that was transferred away", () => {
    for (const size of [8, 8192]) {
      const buffer = new ArrayBuffer(size);
      const views = [new Uint8Array(buffer), new DataView(buffer)];
      structuredClone(buffer, { transfer: [buffer] });
      for (const value of [buffer, ...views]) {
        const error = refused({ memory: value });
        assert.strictEqual(error.path, "value.memory");
        assert.match(error.message, /detached/);
      }
    }
    assertSame(roundTrip(new ArrayBuffer(0)), new ArrayBuffer(0));
  });

  it("does not mistake a look-alike for the real thing", () => {
    class Row {
      a = 1;
    }
    assertSame(roundTrip(new Row()), { a: 1 });
    isRefused(new Proxy(new Row(), {}), /Proxy/);
    for (const { prototype } of [Date, RegExp, Set, ArrayBuffer, Number]) {
      assertSame(roundTrip(Object.create(prototype)), {});
    }
    class Table extends Map<string, number> {}
    assertSame(roundTrip(Object.create(Table.prototype)), {});
    assertSame(roundTrip(new Proxy({ a: [1] }, {})), { a: [1] });
    assertSame(roundTrip(new Proxy(holey(1, hole, 3), {})), holey(1, hole, 3));
    // Nor the real thing for a look-alike that came first.
    const real = [new Date(5), /a/, new Set([1]), new ArrayBuffer(8), Object(1), Object("s"), Object(1n)];
    for (const value of real) roundTrip(Object.create(Object.getPrototypeOf(value)));
    for (const value of real) assertSame(roundTrip(value), value);
    assertSame(roundTrip(new Table([["a", 1]])), new Map([["a", 1]]));
    roundTrip(Object.create(Symbol.prototype));
    isRefused(Object(Symbol("s")), /symbol/);
    roundTrip(Object.create(SharedArrayBuffer.prototype));
    isRefused(new SharedArrayBuffer(8), /SharedArrayBuffer/);
  });

  it("refuses values nested too deep instead of overflowing the stack", () => {
    let list: unknown = null;
    for (let i = 0; i < 100_000; i++) list = { next: list };
    for (const value of [list, [[list]], new Map([["list", list]])]) {
      const error = refused(value);
      assert.match(
        error.message,
        /nested more than 500 levels deep \(send the items of a long linked list as an array/,
      );
      assert.isBelow(error.message.length, 500);
      assert.match(error.path, /(\.next){400,}$/);
    }
    for (const wrap of [
      (x: unknown) => [x],
      (x: unknown) => new Set([x]),
      (x: unknown) => new Error("", { cause: x }),
    ]) {
      let value: unknown = 1;
      for (let i = 0; i < 500; i++) value = wrap(value);
      messageFor(value);
      refused(wrap(value));
    }
  });
});

describe("codec: code of the program that runs while it encodes", () => {
  it("lets the error of a getter through and works again", () => {
    const mine = new Error("from the getter");
    const value = {
      a: [
        1,
        {
          x: 1,
          get bad() {
            throw mine;
          },
        },
      ],
    };
    assert.throws(() => encodeValue(value), mine);
    assertSame(roundTrip([value.a[0], { x: 1 }]), [1, { x: 1 }]);
    const big = [new Uint8Array(5000), value];
    assert.throws(() => encodeValue(big), mine);
    assertSame(roundTrip([1]), [1]);
  });

  it("allows a getter to encode", () => {
    const inner = { id: 1, list: [{ id: 2 }, { id: 3 }] };
    let nested: unknown;
    const value = {
      before: [{ id: 1, list: [] }],
      get now() {
        nested = decodeValue(messageFor([inner, inner]));
        return { id: 9 };
      },
      after: [{ id: 4 }, inner, inner],
    };
    const copy = decodeValue(messageFor(value));
    assertSame(copy, { before: [{ id: 1, list: [] }], now: { id: 9 }, after: [{ id: 4 }, inner, inner] });
    assertSame(nested, [inner, inner]);
  });

  it("stays whole when a getter changes what is under way", () => {
    const array: unknown[] = [
      {
        get x() {
          return (array.length = 1);
        },
      },
      2,
      3,
    ];
    assertSame(decodeValue(messageFor(array)), [{ x: 1 }, undefined, undefined]);
    const map = new Map<unknown, unknown>();
    map.set("a", {
      get x() {
        map.set("b", 1);
        return 1;
      },
    });
    assertSame(decodeValue(messageFor(map)), new Map([["a", { x: 1 }]]));
    const object: { [key: string]: unknown } = {
      get a() {
        delete object.b;
        return 1;
      },
      b: 2,
      c: 3,
    };
    assertSame(decodeValue(messageFor(object)), { a: 1, c: 3 });
  });

  it("reports a getter that never returns the same function twice", () => {
    let calls = 0;
    const value = {
      get x() {
        return calls++ === 0 ? () => {} : 1;
      },
    };
    const error = refused(value);
    assert.strictEqual(error.path, "value");
    assert.match(error.message, /function/);
  });
});
