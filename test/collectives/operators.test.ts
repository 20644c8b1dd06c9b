import { expect } from "chai";
import type { Dtype, TypedArray } from "../../src/codec/dtype.ts";
import { allreduce, allreduceInto } from "../../src/collectives/allreduce.ts";
import type { Algorithm, CollectiveContext } from "../../src/collectives/context.ts";
import { combineInto } from "../../src/collectives/operator.ts";
import * as operators from "../../src/collectives/operators.ts";
import { reduce } from "../../src/collectives/reduce.ts";
import { reduceScatter } from "../../src/collectives/reduce-scatter.ts";
import { simulate } from "./simulator.ts";
import { available, doubles } from "./support.ts";

const { sum, product, min, max, logicalAnd, logicalOr, logicalXor, minLoc, maxLoc, operator } = operators;
const { bitwiseAnd, bitwiseOr, bitwiseXor } = operators;

/** left · right through a reduction over two ranks. */
function pair<T>(left: T, right: T, op: unknown): unknown {
  return simulate(2, context =>
    allreduce<any>(context, context.rank === 0 ? left : right, op as typeof sum),
  )[0];
}

/** Every combination of these elements, converted as the array type does it. */
function grid(dtype: Dtype, elements: readonly number[]): [TypedArray, TypedArray] {
  const convert = (list: number[]) =>
    dtype.name.startsWith("Big")
      ? BigInt64Array.from(list.filter(Number.isInteger), BigInt)
      : Float64Array.from(list);
  const lefts = convert(elements.flatMap(left => elements.map(() => left)));
  const rights = convert(elements.flatMap(() => [...elements]));
  const length = Math.min(lefts.length, rights.length);
  const left = new dtype.create(length);
  const right = new dtype.create(length);
  for (let i = 0; i < length; i++) {
    left[i] = lefts[i];
    right[i] = rights[i];
  }
  return [left, right];
}

const isTrue = (x: any) => x !== 0 && x !== 0n;
const like = (x: any, truth: boolean) => (typeof x === "bigint" ? BigInt(truth) : Number(truth));
const pick = (first: boolean, left: unknown, right: unknown) => (first ? left : right);
const wide = (x: any) => BigInt(x);

/** What an operator does to two elements, exactly where it can be: integers as bigints. */
const meaning: Record<string, (left: any, right: any) => unknown> = {
  sum: (l, r) => l + r,
  product: (l, r) => l * r,
  min: (l, r) => (typeof l === "bigint" ? pick(l < r, l, r) : Math.min(l, r)),
  max: (l, r) => (typeof l === "bigint" ? pick(l > r, l, r) : Math.max(l, r)),
  logicalAnd: (l, r) => like(l, isTrue(l) && isTrue(r)),
  logicalOr: (l, r) => like(l, isTrue(l) || isTrue(r)),
  logicalXor: (l, r) => like(l, isTrue(l) !== isTrue(r)),
  bitwiseAnd: (l, r) => l & r,
  bitwiseOr: (l, r) => l | r,
  bitwiseXor: (l, r) => l ^ r,
};

/** A bigint stored into an integer array: wrapped, or clamped. */
function stored(dtype: Dtype, value: bigint): TypedArray {
  const array = new dtype.create(1);
  if (dtype.name.startsWith("Big")) array[0] = value;
  else if (dtype.name === "Uint8ClampedArray") array[0] = Number(value);
  else array[0] = Number(BigInt.asIntN(dtype.bytes * 8, value));
  return array;
}

describe("operators", () => {
  const extremes = [
    0,
    1,
    -1,
    2,
    3,
    100,
    -100,
    127,
    128,
    255,
    256,
    65535,
    2 ** 31 - 1,
    -(2 ** 31),
    2 ** 32 - 1,
  ];
  const fractions = [0.5, -0.25, 1e-3, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

  for (const [name, expected] of Object.entries(meaning)) {
    const op = (operators as unknown as Record<string, operators.Operator>)[name];
    for (const dtype of available) {
      const float = dtype.name.startsWith("Float");
      if (float && name.startsWith("bitwise")) continue;

      it(`${name} on ${dtype.name}, for targets apart from and on either side`, () => {
        const [left, right] = grid(dtype, float ? [...extremes, ...fractions] : extremes);
        const wanted = new dtype.create(left.length);
        for (let i = 0; i < left.length; i++) {
          const exact = float ? expected(left[i], right[i]) : expected(wide(left[i]), wide(right[i]));
          wanted[i] = float ? (exact as number) : stored(dtype, exact as bigint)[0];
        }
        const create = dtype.create as unknown as new (source: TypedArray) => TypedArray;
        const run = (target: TypedArray, l: TypedArray, r: TypedArray) => {
          combineInto(op, target, l, r, dtype);
          return target;
        };
        expect(run(new dtype.create(left.length), left, right)).to.deep.equal(wanted);
        const onLeft = new create(left);
        expect(run(onLeft, onLeft, right)).to.deep.equal(wanted);
        const onRight = new create(right);
        expect(run(onRight, left, onRight)).to.deep.equal(wanted);
        // Lengths that leave a rest when four elements are taken at once.
        for (let length = 0; length < 6; length++) {
          const short = run(new dtype.create(length), left.subarray(0, length), right.subarray(0, length));
          expect(short).to.deep.equal(wanted.slice(0, length));
        }
      });
    }
  }

  describe("on values", () => {
    const cases: [string, unknown, unknown, unknown, unknown][] = [
      ["sum of numbers", sum, 2, 3, 5],
      ["sum of bigints", sum, 2n ** 70n, 3n, 2n ** 70n + 3n],
      ["sum of lists, item by item", sum, [1, 2], [10, 20], [11, 22]],
      ["sum of empty lists", sum, [], [], []],
      ["product", product, 6, 7, 42],
      ["product of lists of bigints", product, [2n], [3n], [6n]],
      ["min", min, 2, -3, -3],
      ["min of bigints", min, 2n, -3n, -3n],
      ["min with NaN", min, 2, Number.NaN, Number.NaN],
      ["min of zeros", min, 0, -0, -0],
      ["max", max, 2, -3, 2],
      ["max with NaN", max, Number.NaN, 2, Number.NaN],
      ["logicalAnd of booleans", logicalAnd, true, false, false],
      ["logicalAnd of numbers", logicalAnd, 5, 7, 1],
      ["logicalAnd with NaN, which is not zero", logicalAnd, Number.NaN, 1, 1],
      ["logicalOr of bigints", logicalOr, 0n, 7n, 1n],
      ["logicalXor", logicalXor, true, true, false],
      ["logicalXor of lists", logicalXor, [true, false], [false, false], [true, false]],
      ["bitwiseAnd", bitwiseAnd, 12, 10, 8],
      ["bitwiseAnd beyond 32 bits", bitwiseAnd, 2 ** 40 + 5, 2 ** 40 + 3, 2 ** 40 + 1],
      ["bitwiseOr of an unsigned word", bitwiseOr, 2 ** 32 - 1, 0, 2 ** 32 - 1],
      ["bitwiseXor with a negative number", bitwiseXor, -1, 2 ** 40, -(2 ** 40) - 1],
      ["bitwiseXor of bigints", bitwiseXor, 12n, 10n, 6n],
      ["minLoc", minLoc, { value: 3, index: 0 }, { value: 2, index: 1 }, { value: 2, index: 1 }],
      [
        "minLoc of equal values",
        minLoc,
        { value: 3, index: 5 },
        { value: 3, index: 4 },
        { value: 3, index: 4 },
      ],
      [
        "minLoc of bigints",
        minLoc,
        { value: 3n, index: 5 },
        { value: 4n, index: 4 },
        { value: 3n, index: 5 },
      ],
      ["maxLoc", maxLoc, { value: 3, index: 0 }, { value: 2, index: 1 }, { value: 3, index: 0 }],
      [
        "maxLoc with NaN",
        maxLoc,
        { value: 3, index: 0 },
        { value: Number.NaN, index: 1 },
        { value: Number.NaN, index: 1 },
      ],
      [
        "maxLoc of a list",
        maxLoc,
        [{ value: 3, index: 0 }],
        [{ value: 3, index: 1 }],
        [{ value: 3, index: 0 }],
      ],
      ["a function on whole values", (a: number[], b: number[]) => [...a, ...b], [1], [2], [1, 2]],
      ["Math.max", Math.max, 3, 4, 4],
    ];
    for (const [name, op, left, right, result] of cases) {
      it(name, () => {
        expect(pair(left, right, op)).to.deep.equal(result);
      });
    }

    it("pairs may carry more", () => {
      const of = (value: number, index: number) => ({ value, index, name: `rank ${index}` });
      expect(pair(of(2, 0), of(1, 1), minLoc)).to.deep.equal(of(1, 1));
    });
  });

  describe("on typed arrays", () => {
    it("minLoc and maxLoc take value and index by turns", () => {
      const left = Float64Array.of(1, 0, 5, 0, 7, 9, Number.NaN, 0, Number.NaN, 3);
      const right = Float64Array.of(2, 1, 4, 1, 7, 1, 3, 1, Number.NaN, 1);
      expect(pair(left, right, minLoc)).to.deep.equal(
        Float64Array.of(1, 0, 4, 1, 7, 1, Number.NaN, 0, Number.NaN, 1),
      );
      expect(pair(left, right, maxLoc)).to.deep.equal(
        Float64Array.of(2, 1, 5, 0, 7, 1, Number.NaN, 0, Number.NaN, 1),
      );
      const big = pair(BigInt64Array.of(1n, 5n), BigInt64Array.of(1n, 4n), maxLoc);
      expect(big).to.deep.equal(BigInt64Array.of(1n, 4n));
    });

    it("functions take elements, in short arrays and in long ones", () => {
      for (const length of [1, 7, 2048, 2049, 5002]) {
        const got = pair(
          doubles(length, i => i),
          doubles(length, i => 2 * i),
          (a: number, b: number) => a - b,
        );
        expect(got).to.deep.equal(doubles(length, i => i - 2 * i));
      }
    });

    it("loops of different functions do not mix", () => {
      const arrays = () => [doubles(3000, () => 6), doubles(3000, () => 3)] as const;
      const functions = [(a: number, b: number) => a + b, (a: number, b: number) => a / b, Math.max];
      const got = functions.map(fn => (pair(...arrays(), operator<number>(fn)) as Float64Array)[2999]);
      expect(got).to.deep.equal([9, 2, 6]);
    });

    it("take Buffers as the Uint8Arrays that they are", () => {
      const got = pair(Buffer.from([1, 2]), Buffer.from([3, 4]), sum);
      expect(got).to.deep.equal(Uint8Array.of(4, 6));
    });
  });

  it("knows names and codes", () => {
    const built = Object.values(operators).filter(value => value instanceof operators.Operator);
    expect(built.map(({ code }) => code).sort((a, b) => a - b)).to.deep.equal(
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
    const made = operator((a: number, _b: number) => a, { name: "first", commutative: true });
    expect(made).to.include({ name: "first", commutative: true, code: 0 });
    expect(operator(Math.max)).to.include({ name: "max", commutative: false });
  });

  it("ties element types to operators at compile time", () => {
    const context = undefined as unknown as CollectiveContext;
    // Never resumed: only the compiler looks at these.
    const typed = function* (): Algorithm<void> {
      const total: number = yield* allreduce(context, 3, sum);
      const array: Int32Array = yield* allreduce(context, new Int32Array(1), bitwiseAnd);
      const part: Float64Array | undefined = yield* reduce(context, new Float64Array(1), (a, b) => a * b, 0);
      const big: BigInt64Array = yield* allreduce(context, new BigInt64Array(1), (a, b) => a * b + 1n);
      const pairs: { value: number; index: number } = yield* allreduce(
        context,
        { value: total, index: 1 },
        minLoc,
      );
      const own: string = yield* reduceScatter(context, ["a"], (a, b) => a + b);
      // @ts-expect-error bits of floating-point numbers
      yield* allreduce(context, new Float64Array(1), bitwiseAnd);
      // @ts-expect-error a sum of strings
      yield* allreduce(context, "a", sum);
      // @ts-expect-error elements of a BigInt64Array are no numbers
      yield* allreduce(context, new BigInt64Array(1), (a: number, b: number) => a + b);
      // @ts-expect-error target and array of different types
      yield* allreduceInto(context, new Float64Array(1), new Int8Array(1), sum);
      // @ts-expect-error undefined off root
      const everywhere: number = yield* reduce(context, 3, sum, 0);
      expect([array, part, big, pairs, own, everywhere]).to.equal(undefined);
    };
    expect(typed).to.be.a("function");
  });
});
