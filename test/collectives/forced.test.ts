import { expect } from "chai";
import type { TypedArray } from "../../src/codec/dtype.ts";
import { algorithms, type Family, Need, needsOf } from "../../src/collectives/algorithm-names.ts";
import { allgather, allgatherInto } from "../../src/collectives/allgather.ts";
import { allreduce, allreduceInto } from "../../src/collectives/allreduce.ts";
import { alltoallInto } from "../../src/collectives/alltoall.ts";
import { evenOffsets } from "../../src/collectives/blocks.ts";
import { broadcastInto } from "../../src/collectives/broadcast.ts";
import type { Algorithm, CollectiveContext } from "../../src/collectives/context.ts";
import { exscan, exscanInto } from "../../src/collectives/exscan.ts";
import { gather, gatherInto } from "../../src/collectives/gather.ts";
import { reduce, reduceInto } from "../../src/collectives/reduce.ts";
import { reduceScatter, reduceScatterInto } from "../../src/collectives/reduce-scatter.ts";
import { withOptions } from "../../src/collectives/reproducible.ts";
import { scan, scanInto } from "../../src/collectives/scan.ts";
import { scatterInto } from "../../src/collectives/scatter.ts";
import { both, type Case, commutative, float64, folded } from "./reduction-cases.ts";
import { doubles, rootsOf, simulateAll, sizes, withLimits, withRules } from "./support.ts";

type Run = (size: number, length: number) => void;

const input = (test: Case, rank: number, length: number) => doubles(length, i => test.element(rank, i));
const untouched = (length: number) => doubles(length, () => 77);
const element = (rank: number, i: number) => rank * 1000 + i;

/** A reduction in all its forms: value, array, into another and in place; plain and reproducible. */
function reductions(
  into: (c: CollectiveContext, target: any, array: any, op: any, root: number) => Algorithm<void>,
  fresh: (c: CollectiveContext, value: any, op: any, root: number) => Algorithm<unknown>,
  range: (rank: number, size: number, root: number) => [number, number] | undefined,
  roots: (size: number) => number[] = size => [size - 1],
): Run {
  return (size, length) => {
    for (const test of both) {
      const ops: unknown[] = [test.op];
      // Sums of few small numbers are exact anyway.
      if (test === commutative) ops.push(withOptions<any>("test", test.op, { reproducible: true }));
      for (const op of ops) {
        for (const root of roots(size)) {
          const program = function* (context: CollectiveContext): Algorithm<unknown[]> {
            const array = input(test, context.rank, length);
            const result = yield* fresh(context, array, op, root);
            const target = untouched(length);
            yield* into(context, target, array, op, root);
            yield* into(context, array, array, op, root);
            const list = yield* fresh(context, test.element(context.rank, 0), op, root);
            return [result, target, array, list];
          };
          simulateAll(
            size,
            program,
            results =>
              results.forEach(([result, target, array, value], rank) => {
                const ranks = range(rank, size, root);
                const expected = ranks && folded(test, float64, length, ...ranks);
                expect(result).to.deep.equal(expected);
                expect(target).to.deep.equal(expected ?? untouched(length));
                expect(array).to.deep.equal(expected ?? input(test, rank, length));
                expect(value).to.equal(ranks && folded(test, float64, 1, ...ranks)[0]);
              }),
            1,
          );
        }
      }
    }
  };
}

/** A rank's target after moving data. */
function moves(
  call: (context: CollectiveContext, length: number) => Algorithm<TypedArray | undefined>,
  expected: (rank: number, size: number, length: number) => TypedArray | undefined,
): Run {
  return (size, length) =>
    simulateAll(
      size,
      context => call(context, length),
      results =>
        results.forEach((result, rank) => {
          expect(result).to.deep.equal(expected(rank, size, length));
        }),
      1,
    );
}

const everyBlock = (size: number, length: number) =>
  doubles(size * length, i => element(Math.floor(i / length), i % length));

const runs: { readonly [F in Exclude<Family, "barrier">]: Run } = {
  broadcast: (size, length) => {
    for (const root of rootsOf(size)) {
      moves(
        function* (context, n) {
          const target = doubles(n, i => element(context.rank, i));
          yield* broadcastInto(context, target, root);
          return target;
        },
        (_, __, n) => doubles(n, i => element(root, i)),
      )(size, length);
    }
  },
  scatter: moves(
    function* (context, n) {
      const target = untouched(n);
      yield* scatterInto(context, target, everyBlock(context.size, n), 0);
      return target;
    },
    (rank, _, n) => doubles(n, i => element(rank, i)),
  ),
  gather: moves(
    function* (context, n) {
      const target = context.rank === 0 ? untouched(n * context.size) : undefined;
      const array = doubles(n, i => element(context.rank, i));
      yield* gatherInto(context, target, array, 0);
      const list = yield* gather(context, context.rank, 0);
      expect(list).to.deep.equal(context.rank === 0 ? [...Array(context.size).keys()] : undefined);
      return target;
    },
    (rank, size, n) => (rank === 0 ? everyBlock(size, n) : undefined),
  ),
  allgather: moves(
    function* (context, n) {
      const target = untouched(n * context.size);
      const array = doubles(n, i => element(context.rank, i));
      yield* allgatherInto(context, target, array);
      expect(yield* allgather(context, context.rank)).to.deep.equal([...Array(context.size).keys()]);
      return target;
    },
    (_, size, n) => everyBlock(size, n),
  ),
  alltoall: moves(
    function* (context, n) {
      const { rank, size } = context;
      const target = untouched(n * size);
      yield* alltoallInto(
        context,
        target,
        doubles(n * size, i => element(rank, i)),
      );
      return target;
    },
    (rank, size, n) => doubles(n * size, i => element(Math.floor(i / n), rank * n + (i % n))),
  ),
  reduce: reductions(
    reduceInto,
    reduce,
    (rank, size, root) => (rank === root ? [0, size] : undefined),
    rootsOf,
  ),
  allreduce: reductions(allreduceInto, allreduce, (_, size) => [0, size]),
  reduceScatter: (size, length) => {
    const offsets = evenOffsets(length, size);
    for (const test of both) {
      const program = function* (context: CollectiveContext): Algorithm<unknown[]> {
        const { rank } = context;
        const array = input(test, rank, length);
        const block = yield* reduceScatter(context, array, test.op);
        const target = untouched(block.length);
        yield* reduceScatterInto(context, target, array, test.op);
        const items = Array.from({ length: size }, (_, i) => test.element(rank, i));
        return [block, target, yield* reduceScatter<number[]>(context, items, test.op)];
      };
      simulateAll(
        size,
        program,
        results =>
          results.forEach(([block, target, item], rank) => {
            const all = folded(test, float64, length, 0, size);
            expect(block).to.deep.equal(all.slice(offsets[rank], offsets[rank + 1]));
            expect(target).to.deep.equal(block);
            expect(item).to.equal(folded(test, float64, size, 0, size)[rank]);
          }),
        1,
      );
    }
  },
  scan: reductions(scanInto, scan, rank => [0, rank + 1]),
  exscan: reductions(exscanInto, exscan, rank => (rank === 0 ? undefined : [0, rank])),
};

describe("every algorithm, forced", () => {
  for (const [family, run] of Object.entries(runs) as [Family, Run][]) {
    for (const algorithm of Object.keys(algorithms[family])) {
      if ((needsOf(family, algorithm)! & Need.host) !== 0) continue;
      it(`${family} by ${algorithm} is right for every number of ranks and length`, () => {
        withLimits({ scanSegment: 24, exchangedBlock: 48, announced: 64 }, () => {
          withRules({ [family]: [{ algorithm }] }, () => {
            for (const size of sizes) {
              for (const length of [0, 1, 2 * size - 1, 2 * size, 2 * size + 1, 41]) run(size, length);
            }
          });
        });
      });
    }
  }
});
