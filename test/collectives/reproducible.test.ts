import { expect } from "chai";
import { bytesOf, type Dtype, type TypedArray } from "../../src/codec/dtype.ts";
import { allreduce, allreduceInto } from "../../src/collectives/allreduce.ts";
import { copyOf } from "../../src/collectives/arrays.ts";
import { evenOffsets } from "../../src/collectives/blocks.ts";
import type { Algorithm, CollectiveContext } from "../../src/collectives/context.ts";
import { exscan, exscanInto } from "../../src/collectives/exscan.ts";
import * as operators from "../../src/collectives/operators.ts";
import { reduce, reduceInto } from "../../src/collectives/reduce.ts";
import { reduceScatter, reduceScatterInto } from "../../src/collectives/reduce-scatter.ts";
import { withOptions } from "../../src/collectives/reproducible.ts";
import { scan, scanInto } from "../../src/collectives/scan.ts";
import { ArgumentError } from "../../src/errors.ts";
import { formats, referenceSum } from "./exact-reference.ts";
import { available, simulateAll, sizes, withLong } from "./support.ts";

const { sum, product, min, max, minLoc, bitwiseAnd, logicalOr } = operators;
const reproducible = (op: any): any => withOptions("test", op, { reproducible: true });
const floats = available.filter(({ name }) => name in formats);

/** Far apart, so that every order of plain additions gives another sum; now and then NaN, infinite or -0. */
function roughElement(rank: number, i: number): number {
  if (i % 29 === 7) return [Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY][(rank + i) % 3];
  if (i % 31 === 3) return rank === 1 ? Number.NaN : rank;
  if (i % 11 === 5) return -0;
  return Math.sin(rank * 97 + i) * 2 ** (((rank * 7 + i * 5) % 23) - 11);
}

function roughArray(dtype: Dtype, length: number, rank: number): TypedArray {
  const array = new dtype.create(length);
  for (let i = 0; i < length; i++) array[i] = roughElement(rank, i);
  return array;
}

/** The sums over ranks `from` to below `to`. */
function sums(dtype: Dtype, length: number, from: number, to: number): TypedArray {
  const parts = Array.from({ length: to - from }, (_, r) => roughArray(dtype, length, from + r));
  const result = new dtype.create(length);
  for (let i = 0; i < length; i++) {
    result[i] = referenceSum(
      parts.map(part => part[i] as number),
      formats[dtype.name],
    );
  }
  return result;
}

type Form = (
  context: CollectiveContext,
  target: any,
  array: any,
  op: any,
  root: number,
) => Algorithm<unknown>;

interface Family {
  into: Form;
  fresh: Form;
  range: (rank: number, size: number, root: number) => [number, number] | undefined;
}

const families: Record<string, Family> = {
  reduce: {
    into: reduceInto,
    fresh: (c, _, array, op, root) => reduce(c, array, op, root),
    range: (rank, size, root) => (rank === root ? [0, size] : undefined),
  },
  allreduce: {
    into: allreduceInto,
    fresh: (c, _, array, op) => allreduce(c, array, op),
    range: (_, size) => [0, size],
  },
  scan: { into: scanInto, fresh: (c, _, array, op) => scan(c, array, op), range: rank => [0, rank + 1] },
  exscan: {
    into: exscanInto,
    fresh: (c, _, array, op) => exscan(c, array, op),
    range: rank => (rank === 0 ? undefined : [0, rank]),
  },
};

describe("reproducible reductions", () => {
  for (const [name, { into, fresh, range }] of Object.entries(families)) {
    for (const longReduction of [1 << 20, 64]) {
      it(`${name} is the exact sum, rounded once (${longReduction === 64 ? "long" : "short"} arrays)`, () => {
        withLong(longReduction, () => {
          for (const dtype of floats) {
            for (const size of sizes) {
              for (const length of [0, 1, 2 * size + 35]) {
                const root = size - 1;
                for (const inPlace of [false, true]) {
                  const program = function* (context: CollectiveContext): Algorithm<unknown[]> {
                    const array = roughArray(dtype, length, context.rank);
                    const result = yield* fresh(context, undefined, array, reproducible(sum), root);
                    expect(bytesOf(array)).to.deep.equal(bytesOf(roughArray(dtype, length, context.rank)));
                    const target = inPlace ? array : roughArray(dtype, length, 77);
                    yield* into(context, target, array, reproducible(sum), root);
                    return [result, target];
                  };
                  const check = (results: unknown[][]) =>
                    results.forEach(([result, target], rank) => {
                      const ranks = range(rank, size, root);
                      const untouched = roughArray(dtype, length, inPlace ? rank : 77);
                      const expected = ranks && sums(dtype, length, ...ranks);
                      expect(result && bytesOf(result as TypedArray)).to.deep.equal(
                        expected && bytesOf(expected),
                      );
                      expect(bytesOf(target as TypedArray)).to.deep.equal(bytesOf(expected ?? untouched));
                    });
                  simulateAll(size, program, check, 1);
                }
              }
            }
          }
        });
      });
    }
  }

  it("reduceScatter is the exact sum of arrays and of lists, rounded once", () => {
    for (const dtype of floats) {
      for (const size of sizes) {
        const length = 3 * size + 2;
        const offsets = evenOffsets(length, size);
        const program = function* (context: CollectiveContext): Algorithm<unknown[]> {
          const array = roughArray(dtype, length, context.rank);
          const block = yield* reduceScatter(context, array, reproducible(sum));
          const item = yield* reduceScatter(
            context,
            Array.from(array.subarray(0, size) as Float64Array),
            reproducible(sum),
          );
          const own = array.subarray(offsets[context.rank], offsets[context.rank + 1]);
          yield* reduceScatterInto(context, own, array, reproducible(sum));
          return [block, own, item];
        };
        const all = sums(dtype, length, 0, size);
        simulateAll(size, program, results =>
          results.forEach(([block, own, item], rank) => {
            const expected = all.slice(offsets[rank], offsets[rank + 1]);
            expect(bytesOf(block as TypedArray)).to.deep.equal(bytesOf(expected));
            expect(bytesOf(copyOf(own as TypedArray))).to.deep.equal(bytesOf(expected));
            const parts = Array.from({ length: size }, (_, r) => roughArray(dtype, length, r)[rank]);
            expect(item).to.deep.equal(referenceSum(parts as number[]));
          }),
        );
      }
    }
  });

  it("sums numbers and lists of numbers", () => {
    for (const size of sizes) {
      const program = function* (context: CollectiveContext): Algorithm<unknown[]> {
        const { rank } = context;
        const number = yield* allreduce(context, roughElement(rank, 1), reproducible(sum));
        const list = yield* scan(context, [roughElement(rank, 1), -0, 0.1], reproducible(sum));
        const empty = yield* allreduce(context, [] as number[], reproducible(sum));
        const big = yield* allreduce(context, 2n ** 70n, reproducible(sum));
        return [number, list, empty, big];
      };
      simulateAll(size, program, results =>
        results.forEach(([number, list, empty, big], rank) => {
          const column = Array.from({ length: size }, (_, r) => roughElement(r, 1));
          expect(number).to.equal(referenceSum(column));
          expect(list).to.deep.equal([
            referenceSum(column.slice(0, rank + 1)),
            -0,
            referenceSum(new Array(rank + 1).fill(0.1)),
          ]);
          expect(empty).to.deep.equal([]);
          expect(big).to.equal(2n ** 70n * BigInt(size));
        }),
      );
    }
  });

  it("combines by other operators in rank order, and all NaN are alike", () => {
    for (const longReduction of [1 << 20, 64]) {
      withLong(longReduction, () => {
        for (const op of [product, min, max, logicalOr]) {
          for (const dtype of floats) {
            for (const size of [2, 3, 5, 8]) {
              const parts = Array.from({ length: size }, (_, rank) => roughArray(dtype, 37, rank));
              const expected = new dtype.create(37);
              for (let i = 0; i < 37; i++) {
                expected[i] = parts[0][i];
                // Stored after each step, so that narrow elements are rounded there.
                for (const part of parts.slice(1))
                  expected[i] = op.combineValues(expected[i], part[i]) as number;
                if (Number.isNaN(expected[i])) expected[i] = Number.NaN;
              }
              simulateAll(
                size,
                c => allreduce(c, roughArray(dtype, 37, c.rank), reproducible(op)),
                results => {
                  for (const result of results) {
                    expect(bytesOf(result as TypedArray)).to.deep.equal(bytesOf(expected));
                  }
                },
                1,
              );
            }
          }
        }
      });
    }
  });

  it("gives what the plain operators give where these are exact", () => {
    withLong(64, () => {
      for (const size of [1, 2, 3, 5]) {
        for (const op of [sum, bitwiseAnd, minLoc]) {
          const array = (rank: number) =>
            Int32Array.from({ length: 40 }, (_, i) => (rank * 31 + i * 17) % 23);
          const program = function* (c: CollectiveContext): Algorithm<unknown[]> {
            return [
              yield* allreduce(c, array(c.rank), reproducible(op)),
              yield* allreduce<any>(c, array(c.rank), op as any),
            ];
          };
          simulateAll(size, program, results => {
            for (const [one, other] of results) expect(one).to.deep.equal(other);
          });
        }
      }
    });
  });

  it("refuses functions", () => {
    const options = { reproducible: true };
    const add = (a: number, b: number) => a + b;
    expect(() => withOptions("scan", add, options)).to.throw(
      ArgumentError,
      "scan: reproducible is for tsmpi's own operators; add is a function",
    );
    expect(withOptions("scan", add, { reproducible: false })).to.equal(add);
    expect(withOptions<number>("scan", sum, undefined)).to.equal(sum);
  });
});
