import { expect } from "chai";
import fc from "fast-check";
import type { TypedArray } from "../../src/codec/dtype.ts";
import { exactRows } from "../../src/collectives/exact-rows.ts";
import { ExactSum, exactSum } from "../../src/collectives/exact-sum.ts";
import { ArgumentError, TsmpiError } from "../../src/errors.ts";
import { formats, referenceSum } from "./exact-reference.ts";
import { available } from "./support.ts";

const { MAX_VALUE, MIN_VALUE } = Number;

/** What rounds, cancels, overflows or counts for nothing. */
const awkward: readonly number[][] = [
  [],
  [0],
  [-0],
  [-0, -0],
  [-0, 0, -0],
  [1, -1],
  [-1, -0, 1],
  [MIN_VALUE],
  [MIN_VALUE, -MIN_VALUE, MIN_VALUE, MIN_VALUE],
  [MAX_VALUE, MAX_VALUE, -MAX_VALUE],
  [MAX_VALUE, 2 ** 969],
  [MAX_VALUE, 2 ** 970],
  [MAX_VALUE, 2 ** 970, -MIN_VALUE],
  [-MAX_VALUE, -(2 ** 970), MIN_VALUE],
  [-MAX_VALUE, -MAX_VALUE],
  // Ties, and next to them.
  [2 ** 53, 1],
  [2 ** 53, 1, MIN_VALUE],
  [2 ** 53, 1, -MIN_VALUE],
  [2 ** 53 + 2, 1],
  [2 ** 53 + 2, 1, -(2 ** -500)],
  [2 ** 53, -0.5],
  [2 ** 53, -0.5, -MIN_VALUE],
  [2 ** 53, -0.5, MIN_VALUE],
  [1, 2 ** -53, 2 ** -106, 2 ** -159],
  [1, 2 ** -53, -(2 ** -106), 2 ** -159],
  [1e16, 1, 1e-16, -1e16],
  [0.1, 0.2, 0.3, -0.6],
  [2 ** -1022, -MIN_VALUE],
  [1e308, -1e308, 1e-320],
  // Beside the middle of two narrower numbers.
  [1, 2 ** -24, 2 ** -80],
  [1, 2 ** -24, -(2 ** -80)],
  [1 + 2 ** -23, 2 ** -24, 2 ** -149],
  [2 ** -126, 2 ** -149, 2 ** -24],
  [1, 2 ** -11, 2 ** -24],
  [65504, 16],
  [65504, 16, -(2 ** -24)],
  [3.4028234663852886e38, 2 ** 103],
  [Number.NaN, 1],
  [Number.POSITIVE_INFINITY, 1, -MAX_VALUE],
  [Number.NEGATIVE_INFINITY, MAX_VALUE, MAX_VALUE],
  [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN],
];

/** Numbers of exponents near each other, and of all. */
const numbers = fc.array(
  fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ min: -1, max: 1, noNaN: true }),
    fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -60, max: 60 })).map(([m, e]) => m * 2 ** e),
  ),
  { maxLength: 40 },
);

describe("ExactSum", () => {
  it("rounds awkward sums once", () => {
    for (const values of awkward) {
      expect(Object.is(exactSum(values).value, referenceSum(values)), String(values)).to.equal(true);
    }
  });

  it("is the exact sum, however the numbers are divided and in whatever order they come", () => {
    fc.assert(
      fc.property(numbers, fc.nat(), fc.boolean(), (values, cut, wayIn) => {
        const expected = referenceSum(values);
        const at = values.length === 0 ? 0 : cut % values.length;
        const parts = [values.slice(at).reverse(), values.slice(0, at)];
        const [first, second] = parts.map(part => exactSum(wayIn ? part : Float64Array.from(part)));
        expect(exactSum(values).value).to.equal(expected);
        expect(first.merge(second).value).to.equal(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("adds many numbers, one by one or at once", () => {
    const values = Float64Array.from({ length: 20_000 }, (_, i) => Math.sin(i) * 10 ** ((i % 301) - 150));
    const expected = referenceSum(values);
    expect(exactSum(values).value).to.equal(expected);
    const one = exactSum();
    for (const value of values) one.add(value);
    expect(one.value).to.equal(expected);
    expect(one.value).to.equal(expected);
    expect(exactSum(Float32Array.from([0.1, 0.2])).value).to.equal(Math.fround(0.1) + Math.fround(0.2));
  });

  it("is merged by adding elements, for thousands of ranks", () => {
    const part = exactSum();
    for (let i = 0; i < 255; i++) part.add(MAX_VALUE);
    for (let i = 0; i < 255; i++) part.add(0.1);
    const together = exactSum();
    for (let rank = 0; rank < 4096; rank++) for (let i = 0; i < part.length; i++) together[i] += part[i];
    for (let rank = 0; rank < 4096; rank++) together.addAll(new Float64Array(255).fill(-MAX_VALUE));
    expect(together.value).to.equal(referenceSum(new Array(4096 * 255).fill(0.1)));
    for (let times = 0; times < 60; times++) for (let i = 0; i < part.length; i++) part[i] += part[i];
    expect(() => part.value).to.throw(TsmpiError, "added too often");
  });

  it("refuses what is no number and no accumulator", () => {
    expect(() => exactSum().add("1" as never)).to.throw(ArgumentError, "expected a number; got a string");
    expect(() => exactSum().merge(new Float64Array(3))).to.throw(ArgumentError, "got Float64Array(3)");
    expect(new ExactSum().slice()).not.to.be.instanceOf(ExactSum);
  });
});

describe("exact sums of rows", () => {
  for (const dtype of available.filter(({ name }) => name in formats)) {
    const format = formats[dtype.name];
    const kernel = exactRows(dtype)!;

    /** Element i of the sums is that of `columns[i]`. */
    const check = (columns: readonly number[][]): void => {
      const count = Math.max(...columns.map(column => column.length));
      const rows = new dtype.create(count * columns.length) as Float64Array;
      columns.forEach((column, i) => {
        for (let row = 0; row < count; row++) rows[row * columns.length + i] = column[row] ?? -0;
      });
      const target = new dtype.create(columns.length) as TypedArray;
      kernel(target, rows, count);
      columns.forEach((column, i) => {
        const stored = Array.from({ length: count }, (_, row) => rows[row * columns.length + i]);
        const expected = referenceSum(stored, format);
        expect(Object.is(target[i], expected), `${column}: ${target[i]}, not ${expected}`).to.equal(true);
      });
    };

    it(`rounds awkward sums of ${dtype.name} once`, () => {
      check(awkward.filter(column => column.length > 0));
      for (const column of awkward) if (column.length > 0) check([column]);
    });

    it(`sums any columns of ${dtype.name}`, () => {
      const least = format.least / 2;
      const inRange = numbers.map(values =>
        values.map(value => (Math.abs(value) > 1e4 || Math.abs(value) < 2 ** least ? value % 1024 : value)),
      );
      fc.assert(
        fc.property(fc.array(inRange, { minLength: 1, maxLength: 8 }), columns => {
          check(columns.map(column => [0, ...column]));
        }),
        { numRuns: 500 },
      );
    });
  }
});
