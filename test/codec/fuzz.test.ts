import { assert } from "chai";
import fc from "fast-check";
import { decodeValue } from "../../src/codec/decode.ts";
import { MalformedFrameError } from "../../src/errors.ts";
import { assertSame, messageFor, roundTrip } from "./helpers.ts";

/** FUZZ_RUNS=100000 npm run fuzz looks harder; a failure prints the seed and path that repeat it. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 2000);

const primitive = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.string({ unit: "binary", maxLength: 100 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map(unit => String.fromCharCode(unit)),
    maxLength: 80,
  }),
  fc.constantFrom(undefined, null, true, false, -0, NaN),
);

const leaf = fc.oneof(
  { weight: 6, arbitrary: primitive },
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 1100 }),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.string().map(text => new RegExp(text.replace(/[^a-z]/gi, "."), "gu")),
  fc.oneof(fc.integer(), fc.string(), fc.boolean()).map(value => Object(value)),
  fc.uint8Array().map(bytes => bytes.buffer.slice(0)),
  fc.array(fc.integer(), { minLength: 14, maxLength: 40 }),
  fc.array(fc.double(), { minLength: 14, maxLength: 40 }),
);

const key = fc.oneof(fc.constantFrom("id", "name", "value", "__proto__", "0", "constructor"), fc.string());

const { value: arbitraryValue } = fc.letrec<{ value: unknown }>(tie => {
  const inner = tie("value");
  return {
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { weight: 3, arbitrary: leaf },
      fc.array(inner, { maxLength: 6 }),
      fc.dictionary(key, inner, { maxKeys: 6, noNullPrototype: true }),
      fc.sparseArray(inner, { maxNumElements: 5, maxLength: 3000 }),
      fc.array(fc.tuple(inner, inner), { maxLength: 4 }).map(entries => new Map(entries)),
      fc.array(inner, { maxLength: 4 }).map(items => new Set(items)),
      // Shared references.
      inner.map(shared => [shared, { again: shared }]),
    ),
  };
});

/** A value, or the one error that is allowed; decoding what was decoded must work. */
function decodesOrRefuses(bytes: Uint8Array): void {
  const { length } = bytes;
  const around = new Uint8Array(length + 64).fill(0x81);
  around.set(bytes, 32);
  let value: unknown;
  try {
    value = decodeValue(around, 32, 32 + length);
  } catch (error) {
    assert.instanceOf(error, MalformedFrameError, String((error as Error).stack));
    return;
  }
  messageFor(value);
}

const cut = fc.nat();
const mutations = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("set"), at: cut, bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }) }),
    fc.record({ kind: fc.constant("insert"), at: cut, bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }) }),
    fc.record({ kind: fc.constant("flip"), at: cut, bytes: fc.constant(new Uint8Array()) }),
    fc.record({ kind: fc.constant("truncate"), at: cut, bytes: fc.constant(new Uint8Array()) }),
    fc.record({ kind: fc.constant("remove"), at: cut, bytes: fc.constant(new Uint8Array()) }),
  ),
  { minLength: 1, maxLength: 4 },
);

function mutate(message: Uint8Array, list: { kind: string; at: number; bytes: Uint8Array }[]): Uint8Array {
  let bytes = [...message];
  for (const { kind, at, bytes: extra } of list) {
    // The version and the flags are easy to get wrong; what follows is where the decoder works.
    const place = bytes.length > 2 ? 2 + (at % (bytes.length - 2)) : 0;
    if (kind === "set") bytes.splice(place, extra.length, ...extra);
    else if (kind === "insert") bytes.splice(place, 0, ...extra);
    else if (kind === "flip") bytes[place] ^= 1 << (at & 7);
    else if (kind === "truncate") bytes = bytes.slice(0, place);
    else bytes.splice(place, 1);
  }
  return Uint8Array.from(bytes);
}

describe("codec: fuzz", function () {
  this.timeout(Math.max(60_000, numRuns * 20));

  it("returns every value as it was", () => {
    fc.assert(
      fc.property(arbitraryValue, value => assertSame(roundTrip(value), value)),
      { numRuns },
    );
  });

  it("answers any bytes with a value or a MalformedFrameError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => decodesOrRefuses(bytes)),
      { numRuns },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(0, 1), (bytes, flags) =>
        decodesOrRefuses(Uint8Array.from([1, flags, ...bytes])),
      ),
      { numRuns: 2 * numRuns },
    );
  });

  it("answers tags in any order with a value or a MalformedFrameError", () => {
    const tag = fc.oneof(
      fc.integer({ min: 0xc0, max: 0xdd }),
      fc.integer({ min: 0, max: 20 }),
      fc.constantFrom(0x80, 0x81),
    );
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 120 }), bytes =>
        decodesOrRefuses(Uint8Array.from([1, 1, ...bytes])),
      ),
      { numRuns: 2 * numRuns },
    );
  });

  it("answers a damaged message with a value or a MalformedFrameError", () => {
    fc.assert(
      fc.property(arbitraryValue, mutations, (value, list) =>
        decodesOrRefuses(mutate(messageFor(value), list)),
      ),
      { numRuns: 2 * numRuns },
    );
  });
});
