import { inspect, isDeepStrictEqual } from "node:util";
import { assert } from "chai";
import { decodeValue } from "../../src/codec/decode.ts";
import { encodedLength, encodeValue } from "../../src/codec/encode.ts";

export const hole = Symbol("hole");

/** An array of these items that has holes where `hole` stands. */
export function holey(...items: unknown[]): unknown[] {
  const array = [...items];
  for (const [i, item] of items.entries()) if (item === hole) Reflect.deleteProperty(array, i);
  return array;
}

/** The message for a value in memory of its own. */
export function messageFor(value: unknown): Uint8Array {
  const chunks = encodeValue(value);
  const message = new Uint8Array(encodedLength(chunks));
  let at = 0;
  for (const chunk of chunks) {
    message.set(chunk, at);
    at += chunk.length;
  }
  return message;
}

/**
 * Sends a value through the codec, as a message of its own and once more in the middle of other bytes, at an odd
 * offset; both must give the same. The message is wiped before the result is looked at.
 */
export function roundTrip<T>(value: T): T {
  const message = messageFor(value);
  const around = new Uint8Array(message.length + 10).fill(0xff);
  around.set(message, 3);
  const inside = decodeValue(around, 3, 3 + message.length);
  const alone = decodeValue(message);
  around.fill(0xee);
  message.fill(0xee);
  assertSame(inside, alone);
  return alone as T;
}

/** Deep equality of classes, -0, NaN, holes, key order and identity within each value. */
export function assertSame(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) {
    assert.fail(`got ${inspect(actual, { depth: 6 })}\nexpected ${inspect(expected, { depth: 6 })}`);
  }
  sameWithin(actual, expected, new Map());
}

/** What isDeepStrictEqual leaves open: which objects are the same one, order of keys, holes. */
function sameWithin(actual: unknown, expected: unknown, pairs: Map<object, object>): void {
  if (typeof actual !== "object" || actual === null) {
    assert.ok(Object.is(actual, expected));
    return;
  }
  assert.ok(typeof expected === "object" && expected !== null);
  const before = pairs.get(expected);
  if (before !== undefined) {
    assert.strictEqual(actual, before, "a shared reference lost its identity");
    return;
  }
  pairs.set(expected, actual);
  assert.strictEqual(Object.getPrototypeOf(actual), Object.getPrototypeOf(expected));
  if (ArrayBuffer.isView(actual) || actual instanceof ArrayBuffer) return;
  if (actual instanceof Map) {
    const wanted = [...(expected as Map<unknown, unknown>)];
    for (const [i, entry] of [...actual].entries()) sameWithin([...entry], [...wanted[i]], pairs);
  } else if (actual instanceof Set) {
    const wanted = [...(expected as Set<unknown>)];
    for (const [i, item] of [...actual].entries()) sameWithin(item, wanted[i], pairs);
  }
  const keys = Object.keys(actual);
  assert.deepEqual(keys, Object.keys(expected));
  for (const key of keys) sameWithin(actual[key as never], expected[key as never], pairs);
}
