import { expect } from "chai";
import type { Dtype, TypedArray } from "../../src/codec/dtype.ts";
import { allreduce, allreduceInto, allreduceRecursiveDoubling } from "../../src/collectives/allreduce.ts";
import { allreduceRabenseifner } from "../../src/collectives/allreduce-rabenseifner.ts";
import { allreduceRing } from "../../src/collectives/allreduce-ring.ts";
import { copyInto } from "../../src/collectives/arrays.ts";
import type { Algorithm, CollectiveContext } from "../../src/collectives/context.ts";
import {
  allreduceExchanged,
  exscanExchanged,
  reduceExchanged,
  scanExchanged,
} from "../../src/collectives/exchanged.ts";
import { exscan, exscanChain, exscanDoubling, exscanInto } from "../../src/collectives/exscan.ts";
import {
  allreduceGathered,
  exscanGathered,
  reduceGathered,
  scanGathered,
} from "../../src/collectives/gathered.ts";
import type { Operator } from "../../src/collectives/operators.ts";
import { reduce, reduceCut, reduceInto, reduceTree } from "../../src/collectives/reduce.ts";
import { Reduction } from "../../src/collectives/reduction.ts";
import { scan, scanChain, scanDoubling, scanInto } from "../../src/collectives/scan.ts";
import { both, type Case, commutative, float64, folded, ordered } from "./reduction-cases.ts";
import { arrayOf, available, doubles, simulateAll, sizes, withLimits, withLong } from "./support.ts";

type Into = (
  context: CollectiveContext,
  target: TypedArray,
  array: TypedArray,
  op: Operator,
  root: number,
) => Algorithm<void>;

/** An algorithm that returns its result, as one that fills a target. */
function filling(
  algorithm: (context: CollectiveContext, reduction: Reduction, root: number) => Algorithm<unknown>,
): Into {
  return function* (context, target, array, op, root) {
    const result = yield* algorithm(context, new Reduction("reduceInto", array, op), root);
    if (result !== undefined && result !== target) copyInto(target, result as TypedArray);
  };
}

/** Long algorithms are never asked to work in a world of one. */
function long(
  algorithm: (
    context: CollectiveContext,
    reduction: Reduction,
    target: TypedArray,
    root: number,
  ) => Algorithm<void>,
): Into {
  return (context, target, array, op, root) =>
    algorithm(context, new Reduction("reduceInto", array, op), target, root);
}

interface Family {
  algorithms: [name: string, run: Into, cases: Case[], smallest: number][];
  /** The ranks whose values a rank must have combined; undefined where its target stays as it was. */
  range: (rank: number, size: number, root: number) => [number, number] | undefined;
}

const families: Record<string, Family> = {
  reduce: {
    algorithms: [
      ["reduceInto", (c, target, array, op, root) => reduceInto(c, target, array, op, root), both, 1],
      ["reduceTree", filling(reduceTree), both, 1],
      [
        "reduceCut",
        long((c, r, target, root) => reduceCut(c, r, c.rank === root ? target : undefined, root)),
        both,
        2,
      ],
      ["reduceGathered", filling(reduceGathered), both, 1],
      [
        "reduceExchanged",
        long((c, r, target, root) => reduceExchanged(c, r, c.rank === root ? target : undefined, root)),
        both,
        2,
      ],
    ],
    range: (rank, size, root) => (rank === root ? [0, size] : undefined),
  },
  allreduce: {
    algorithms: [
      ["allreduceInto", (c, target, array, op) => allreduceInto(c, target, array, op), both, 1],
      ["allreduceRecursiveDoubling", filling(allreduceRecursiveDoubling), both, 1],
      ["allreduceRabenseifner", long(allreduceRabenseifner), both, 2],
      ["allreduceRing", long(allreduceRing), [commutative], 2],
      ["allreduceGathered", filling(allreduceGathered), both, 1],
      ["allreduceExchanged", long(allreduceExchanged), both, 2],
    ],
    range: (_, size) => [0, size],
  },
  scan: {
    algorithms: [
      ["scanInto", (c, target, array, op) => scanInto(c, target, array, op), both, 1],
      ["scanDoubling", filling(scanDoubling), both, 1],
      ["scanChain", long(scanChain), both, 2],
      ["scanGathered", filling(scanGathered), both, 1],
      ["scanExchanged", long(scanExchanged), both, 2],
    ],
    range: rank => [0, rank + 1],
  },
  exscan: {
    algorithms: [
      ["exscanInto", (c, target, array, op) => exscanInto(c, target, array, op), both, 1],
      ["exscanDoubling", filling(exscanDoubling), both, 1],
      ["exscanChain", long(exscanChain), both, 2],
      ["exscanGathered", filling(exscanGathered), both, 1],
      ["exscanExchanged", long(exscanExchanged), both, 2],
    ],
    range: rank => (rank === 0 ? undefined : [0, rank]),
  },
};

/** One call on all ranks, checked; the target is the array itself, or apart from it and then the array stays. */
function check(
  family: Family,
  run: Into,
  test: Case,
  dtype: Dtype,
  size: number,
  length: number,
  root: number,
  inPlace: boolean,
) {
  const input = (rank: number) => arrayOf(dtype, length, index => test.element(rank, index));
  const program = function* (context: CollectiveContext): Algorithm<[TypedArray, TypedArray]> {
    const array = input(context.rank);
    const target = inPlace ? array : arrayOf(dtype, length, () => 77);
    yield* run(context, target, array, test.op, root);
    return [target, array];
  };
  simulateAll(
    size,
    program,
    results =>
      results.forEach(([target, array], rank) => {
        const range = family.range(rank, size, root);
        const untouched = inPlace ? input(rank) : arrayOf(dtype, length, () => 77);
        expect(target).to.deep.equal(range === undefined ? untouched : folded(test, dtype, length, ...range));
        if (!inPlace) expect(array).to.deep.equal(input(rank));
      }),
    1,
  );
}

describe("reductions of arrays", () => {
  const holds168 = (dtype: Dtype) => dtype.bytes > 1 || dtype.name.startsWith("Uint8");

  for (const [name, family] of Object.entries(families)) {
    for (const [algorithm, run, cases, smallest] of family.algorithms) {
      for (const test of cases) {
        it(`${algorithm} gives the ${test.name} for every size and root, in place or not`, () => {
          withLimits({ scanSegment: 24, exchangedBlock: 48 }, () => {
            for (const size of sizes.filter(size => size >= smallest)) {
              const roots =
                name === "reduce" && size <= 9 ? Array.from({ length: size }, (_, root) => root) : [size - 1];
              for (const root of roots) {
                for (const length of [1, size + 3, 40]) {
                  for (const inPlace of [false, true])
                    check(family, run, test, float64, size, length, root, inPlace);
                }
              }
            }
          });
        });

        it(`${algorithm} gives the ${test.name} for every element type`, () => {
          withLimits({ scanSegment: 24, exchangedBlock: 48 }, () => {
            for (const dtype of available) {
              const narrow = test === ordered && !holds168(dtype);
              const unsigned = test === commutative && /^(Uint8Clamped|.*Uint)/.test(dtype.name);
              const fitting = unsigned
                ? { ...test, element: (r: number, i: number) => (r * 3 + i) % 5 }
                : test;
              if (narrow) continue;
              for (const size of [2, 3, 5]) check(family, run, fitting, dtype, size, 13, 1, size === 3);
            }
          });
        });
      }
    }
  }

  it("chooses an algorithm for long arrays in both forms", () => {
    withLong(64, () => {
      for (const size of [2, 3, 4, 7, 8]) {
        for (const [name, family] of Object.entries(families)) {
          for (const test of both) {
            for (const inPlace of [false, true])
              check(family, family.algorithms[0][1], test, float64, size, 50, size - 1, inPlace);
            const valueForm = {
              reduce: (c: CollectiveContext, a: TypedArray, op: Operator) => reduce(c, a, op, 0),
              allreduce,
              scan,
              exscan,
            }[name]!;
            const input = (rank: number) => doubles(50, index => test.element(rank, index));
            const program = (context: CollectiveContext) =>
              valueForm(context, input(context.rank), test.op) as Algorithm<unknown>;
            simulateAll(size, program, got =>
              got.forEach((result, rank) => {
                const range = family.range(rank, size, 0);
                expect(result).to.deep.equal(
                  range === undefined ? undefined : folded(test, float64, 50, ...range),
                );
              }),
            );
          }
        }
      }
    });
  });
});
