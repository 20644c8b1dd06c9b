/** Every kind of value goes round the ring, on both faces. */
import { isDeepStrictEqual } from "node:util";
import { expect } from "chai";
import { type TypedArray, world } from "tsmpi";
import { arrayOf, arrayTypes, expectSame, faces, left, ok, right } from "./support.ts";

class LostParcelError extends Error {
  readonly parcel: number;

  constructor(parcel: number, cause: unknown) {
    super(`parcel ${parcel} is lost`, { cause });
    this.parcel = parcel;
  }
}

/** Compared as they are; made anew on every rank. */
function plainValues(seed: number): unknown[] {
  const shared = { seed };
  return [
    0,
    -0,
    NaN,
    Infinity,
    -Infinity,
    seed + 0.5,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_VALUE,
    undefined,
    null,
    true,
    false,
    "",
    `rank ${seed}`,
    "é€😀\ud800",
    "x".repeat(300),
    0n,
    -(2n ** 64n) - BigInt(seed),
    2n ** 200n,
    {},
    [],
    [undefined, null, -0, NaN],
    { a: undefined, b: { c: [1, { d: "e" }] }, "": seed },
    [shared, shared],
    new Date(seed * 1e9),
    new Map<unknown, unknown>([
      ["a", 1],
      [2, new Map([[NaN, new Set([-0])]])],
      [{ key: seed }, undefined],
    ]),
    new Map(),
    new Set<unknown>([1, "1", 1n, null, undefined, [seed]]),
    new Set(),
    /^a+$/giu,
    Object(seed),
    new Uint8Array([1, 2, seed]).buffer,
    new ArrayBuffer(0),
    new DataView(new Uint8Array([9, 8, 7, 6, seed]).buffer, 1, 3),
    { nested: { arrays: [new Float64Array([1, seed]), new BigInt64Array([-1n]), new Uint8Array(0)] } },
    new Map([["matrix", new Float32Array(1000).fill(seed)]]),
  ];
}

async function roundTheRing(send: (value: unknown) => unknown, receive: () => unknown): Promise<void> {
  const mine = plainValues(world.rank);
  for (const value of mine) await send(value);
  const expected = plainValues(left);
  for (let i = 0; i < expected.length; i++) {
    const came = await receive();
    // Object.is inside, unlike chai's: a zero keeps its sign.
    if (!isDeepStrictEqual(came, expected[i])) expect(came, `value ${i}`).to.deep.equal(expected[i]);
    expect(isDeepStrictEqual(came, expected[i]), `value ${i}: ${String(expected[i])}`).to.equal(true);
  }
}

for (const face of faces) {
  await roundTheRing(
    value => face.send(value, right),
    () => face.recv(left),
  );
  await roundTheRing(
    value => face.send(value, right, { tag: 5 }),
    async () => (await face.probe(left, { tag: 5 })).recv(),
  );

  // Identity inside a value is kept: cycles, and two ways to one object.
  const cycle: Record<string, unknown> = { rank: world.rank, list: [] };
  cycle.self = cycle;
  (cycle.list as unknown[]).push(cycle, cycle.list);
  const shared = new Float64Array([world.rank]);
  const views = { whole: shared, again: shared, overlapping: new Uint8Array(shared.buffer, 2, 3) };
  await face.send(cycle, right);
  await face.send(views, right);
  const cameCycle = await face.recv<Record<string, any>>(left);
  expect(cameCycle.rank).to.equal(left);
  expect(cameCycle.self).to.equal(cameCycle);
  expect(cameCycle.list[0]).to.equal(cameCycle);
  expect(cameCycle.list[1]).to.equal(cameCycle.list);
  const cameViews = await face.recv<typeof views>(left);
  expect([...cameViews.whole]).to.deep.equal([left]);
  expect(cameViews.again).to.equal(cameViews.whole);
  // Two views of one memory arrive as two arrays, each with its own.
  expectSame(
    cameViews.overlapping,
    new Uint8Array(new Float64Array([left]).buffer, 2, 3),
    "overlapping view",
  );

  // Node's isDeepStrictEqual finds two invalid dates unequal.
  await face.send([new Date(NaN)], right);
  const [date] = await face.recv<[Date]>(left);
  expect(date).to.be.instanceOf(Date);
  expect(date.getTime()).to.be.NaN;

  // Errors keep their class, or its name where the receiver has no such class.
  const reason = new RangeError(`reason ${world.rank}`);
  const failures = [new TypeError("t"), reason, new LostParcelError(world.rank, reason)];
  await face.send(failures, right);
  await face.send(new AggregateError([reason], "several"), right);
  const [typeError, rangeError, lost] = await face.recv<[Error, Error, LostParcelError]>(left);
  expect(typeError).to.be.instanceOf(TypeError);
  expect(rangeError).to.be.instanceOf(RangeError);
  expect(rangeError.message).to.equal(`reason ${left}`);
  expect(lost).to.be.instanceOf(Error);
  expect(lost.name).to.equal("LostParcelError");
  expect(lost.message).to.equal(`parcel ${left} is lost`);
  expect(lost.parcel).to.equal(left);
  expect(lost.stack).to.include("values.ts");
  expect(lost.cause).to.equal(rangeError);
  const several = await face.recv<AggregateError>(left);
  expect(several).to.be.instanceOf(AggregateError);
  expect(several.errors[0]).to.be.instanceOf(RangeError);

  // Every type of array, by itself and inside an object, whole and in part.
  for (const type of arrayTypes) {
    for (const length of [0, 1, 2, 3, 7, 8, 9, 1000]) {
      const make = (rank: number): TypedArray => arrayOf(type, length, i => (i + rank) % 100);
      const what = `${type.name}(${length})`;
      await face.send(make(world.rank), right);
      await face.send({ array: make(world.rank) }, right);
      const padded = arrayOf(type, length + 5, i =>
        i < 3 || i >= length + 3 ? 99 : (i - 3 + world.rank) % 100,
      );
      await face.send(padded.subarray(3, length + 3), right);
      await face.send(make(world.rank), right);
      await face.send(make(world.rank), right);
      expectSame(await face.recv(left), make(left), what);
      expectSame((await face.recv<{ array: TypedArray }>(left)).array, make(left), `${what} in an object`);
      expectSame(await face.recv(left), make(left), `${what}, a part`);
      const target = arrayOf(type, length + 2, () => 55);
      const status = await face.recvInto(target, left);
      expect(status).to.deep.equal({
        source: left,
        tag: 0,
        count: length,
        bytes: length * type.BYTES_PER_ELEMENT,
      });
      expectSame(target.slice(0, length), make(left), `${what} into`);
      expect(target.slice(length), `${what}: beyond the message`).to.deep.equal(arrayOf(type, 2, () => 55));
      // Into the middle of a larger array.
      const large = arrayOf(type, length + 4, () => 44);
      await face.recvInto(large.subarray(2, length + 2), left);
      expectSame(large.slice(2, length + 2), make(left), `${what} into a part`);
      expect([large[0], large[1], large[length + 2], large[length + 3]].map(Number)).to.deep.equal([
        44, 44, 44, 44,
      ]);
    }
  }

  // Memory that threads share: what arrives is the receiver's own.
  const threads = new Int32Array(new SharedArrayBuffer(64), 8, 10).fill(world.rank + 1);
  await face.send(threads, right);
  await face.send([threads], right);
  const own = await face.recv<Int32Array>(left);
  expectSame(own, new Int32Array(10).fill(left + 1), "over a SharedArrayBuffer");
  expect(own.buffer).to.be.instanceOf(ArrayBuffer);
  expectSame(
    (await face.recv<[Int32Array]>(left))[0],
    new Int32Array(10).fill(left + 1),
    "the same in a list",
  );
  await face.send(new Float32Array(2000).fill(world.rank), right);
  const sharedTarget = new Float32Array(new SharedArrayBuffer(8000));
  await face.recvInto(sharedTarget, left);
  expect(sharedTarget.every(element => element === left)).to.equal(true);

  // A Buffer is a Uint8Array.
  await face.send(Buffer.from(`bytes of ${world.rank}`), right);
  expect(Buffer.from(await face.recv<Uint8Array>(left)).toString()).to.equal(`bytes of ${left}`);

  // A large value changes nothing about the sender's copy, nor the other way round.
  const kept = { list: [1, 2, 3], array: new Float64Array([1, 2, 3]) };
  await face.send(kept, right);
  kept.list[0] = 100;
  kept.array[0] = 100;
  expect(await face.recv(left)).to.deep.equal({ list: [1, 2, 3], array: new Float64Array([1, 2, 3]) });
  await face.barrier();
}
ok();
