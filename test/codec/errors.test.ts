import { assert } from "chai";
import { ArgumentError } from "../../src/errors.ts";
import { roundTrip } from "./helpers.ts";

describe("codec: errors", () => {
  it("restores the standard classes", () => {
    for (const type of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
      const error = new type("what went wrong");
      const copy = roundTrip(error);
      assert.strictEqual(Object.getPrototypeOf(copy), type.prototype);
      assert.strictEqual(copy.message, "what went wrong");
      assert.strictEqual(copy.stack, error.stack);
      assert.strictEqual(copy.name, type.name);
      assert.deepEqual(Object.keys(copy), []);
      assert.isFalse(Object.hasOwn(copy, "name"));
      assert.isFalse(Object.hasOwn(copy, "cause"));
    }
  });

  it("restores a class of the program's own as the nearest standard one with its name", () => {
    class Silent extends RangeError {}
    class Named extends TypeError {
      override name = "Called";
    }
    for (const [error, base, name] of [
      [new Silent("a"), RangeError, "Silent"],
      [new Named("b"), TypeError, "Called"],
      [new ArgumentError("c", { rank: 3 }), Error, "ArgumentError"],
      [new DOMException("d", "AbortError"), Error, "AbortError"],
    ] as const) {
      const copy = roundTrip(error as Error);
      assert.strictEqual(Object.getPrototypeOf(copy), base.prototype);
      assert.strictEqual(copy.name, name);
      assert.strictEqual(copy.message, error.message);
      assert.include(String(copy), name);
    }
  });

  it("keeps cause, errors and own properties as they were", () => {
    const error = new AggregateError([new TypeError("1"), 2], "all failed", { cause: { why: [1] } });
    Object.defineProperty(error, "__proto__", { value: 1, enumerable: true });
    const copy = roundTrip(Object.assign(error, { code: "EALL", where: new Map([[1, 2]]) }));
    assert.instanceOf(copy, AggregateError);
    assert.deepEqual(copy.cause, { why: [1] });
    assert.instanceOf(copy.errors[0], TypeError);
    assert.strictEqual(copy.errors[1], 2);
    assert.deepEqual(Object.keys(copy), ["__proto__", "code", "where"]);
    assert.deepEqual(copy.where, new Map([[1, 2]]));
    const bare = roundTrip(new Error("", { cause: undefined }));
    assert.isTrue(Object.hasOwn(bare, "cause"));
    assert.strictEqual(roundTrip(new ArgumentError("x", { rank: 3 })).rank, 3);
  });

  it("does not invent a message", () => {
    assert.isFalse(Object.hasOwn(roundTrip(new Error()), "message"));
    assert.strictEqual(roundTrip(new Error()).message, "");
  });

  it("survives errors that were tampered with", () => {
    const error = new Error("x");
    Object.defineProperty(error, "stack", { value: 42 });
    Object.defineProperty(error, "message", { value: Symbol("m") });
    Object.defineProperty(error, "name", { value: { no: "name" }, enumerable: true });
    const copy = roundTrip(error);
    assert.instanceOf(copy, Error);
    assert.strictEqual(copy.message, "Symbol(m)");
    assert.isUndefined(copy.stack);
  });
});
