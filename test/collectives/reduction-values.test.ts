import { expect } from "chai";
import { bytesOf } from "../../src/codec/dtype.ts";
import { allreduce, allreduceInto } from "../../src/collectives/allreduce.ts";
import type { Algorithm, CollectiveContext } from "../../src/collectives/context.ts";
import { exscan, exscanInto } from "../../src/collectives/exscan.ts";
import { maxLoc, type Operator, sum } from "../../src/collectives/operators.ts";
import { reduce, reduceInto } from "../../src/collectives/reduce.ts";
import { reduceScatter } from "../../src/collectives/reduce-scatter.ts";
import { scan, scanInto } from "../../src/collectives/scan.ts";
import { Simulator, simulate } from "./simulator.ts";
import { doubles, simulateAll, sizes, withLong } from "./support.ts";

describe("reductions", () => {
  it("takes a target that overlaps the array", () => {
    for (const longReduction of [1 << 20, 64]) {
      withLong(longReduction, () => {
        const forms = [
          allreduceInto,
          scanInto,
          exscanInto,
          (c: CollectiveContext, t: any, a: any, op: Operator) => reduceInto(c, t, a, op, 2),
        ];
        for (const form of forms) {
          const program = function* (context: CollectiveContext): Algorithm<number[]> {
            const memory = doubles(31, index => context.rank * 100 + index);
            yield* form(context, memory.subarray(1), memory.subarray(0, 30), sum);
            return [...memory.subarray(1)];
          };
          const expected = form === exscanInto ? [100, 2] : [300, 3];
          simulateAll(3, program, got =>
            expect(got[2]).to.deep.equal(
              Array.from({ length: 30 }, (_, index) => expected[0] + expected[1] * index),
            ),
          );
        }
      });
    }
  });

  it("combines values in rank order", () => {
    const join = (left: string, right: string) => left + right;
    for (const size of sizes) {
      const letters = Array.from({ length: size }, (_, rank) => String.fromCharCode(97 + rank));
      const upTo = (end: number) => letters.slice(0, end).join("");
      const own = (context: CollectiveContext) => letters[context.rank];
      simulateAll(
        size,
        c => allreduce(c, own(c), join),
        got => expect(got).to.deep.equal(letters.map(() => upTo(size))),
      );
      simulateAll(
        size,
        c => scan(c, own(c), join),
        got => expect(got).to.deep.equal(letters.map((_, rank) => upTo(rank + 1))),
      );
      simulateAll(
        size,
        c => exscan(c, own(c), join),
        got => expect(got).to.deep.equal(letters.map((_, rank) => (rank === 0 ? undefined : upTo(rank)))),
      );
      for (let root = 0; root < size; root++) {
        const program = (c: CollectiveContext) => reduce(c, own(c), join, root);
        simulateAll(size, program, got => expect(got[root]).to.equal(upTo(size)), 1);
      }
    }
  });

  it("combines objects, here 2 x 2 matrices", () => {
    type Matrix = [number, number, number, number];
    const multiply = (l: Matrix, r: Matrix): Matrix => [
      l[0] * r[0] + l[1] * r[2],
      l[0] * r[1] + l[1] * r[3],
      l[2] * r[0] + l[3] * r[2],
      l[2] * r[1] + l[3] * r[3],
    ];
    const matrix = (rank: number): Matrix => [1, rank, rank % 2, 1];
    for (const size of sizes) {
      let expected = matrix(0);
      for (let rank = 1; rank < size; rank++) expected = multiply(expected, matrix(rank));
      simulateAll(
        size,
        c => allreduce(c, matrix(c.rank), multiply),
        got => {
          for (const result of got) expect(result).to.deep.equal(expected);
        },
      );
    }
  });

  it("gives all ranks the same bits", () => {
    for (const longReduction of [1 << 20, 64]) {
      withLong(longReduction, () => {
        for (const size of sizes) {
          const program = (c: CollectiveContext) =>
            allreduce(
              c,
              doubles(101, i => Math.sin(c.rank * 101 + i) * 10 ** (i % 9)),
              sum,
            );
          simulateAll(size, program, got => {
            for (const result of got) expect(bytesOf(result)).to.deep.equal(bytesOf(got[0]));
          });
        }
      });
    }
  });

  it("never hands out the caller's own array", () => {
    for (const form of [allreduce, scan, (c: CollectiveContext, a: any, op: any) => reduce(c, a, op, 0)]) {
      const array = doubles(3, i => i);
      const [result] = simulate(1, c => form(c, array, sum) as Algorithm<unknown>);
      expect(result).to.deep.equal(array);
      expect(result).not.to.equal(array);
    }
  });

  it("keeps value and index together where arrays are cut", () => {
    withLong(64, () => {
      for (const size of [2, 3, 4, 5, 7]) {
        const element = (rank: number, i: number) => (i % 2 === 0 ? (rank * 7 + i * 3) % 11 : rank);
        const array = (rank: number) => doubles(34, i => element(rank, i));
        const best = (end: number) =>
          doubles(34, i => {
            const column = i - (i % 2);
            let winner = 0;
            for (let rank = 1; rank < end; rank++)
              if (element(rank, column) > element(winner, column)) winner = rank;
            return element(winner, i);
          });
        simulateAll(
          size,
          c => allreduce(c, array(c.rank), maxLoc),
          got => expect(got).to.deep.equal(got.map(() => best(size))),
        );
        simulateAll(
          size,
          c => reduce(c, array(c.rank), maxLoc, 1),
          got => expect(got[1]).to.deep.equal(best(size)),
        );
        simulateAll(
          size,
          c => scan(c, array(c.rank), maxLoc),
          got => expect(got).to.deep.equal(got.map((_, rank) => best(rank + 1))),
        );
        simulateAll(
          size,
          c => reduceScatter(c, array(c.rank), maxLoc),
          got => expect(got.flatMap(r => [...r])).to.deep.equal([...best(size)]),
        );
      }
    });
  });

  it("moves about two arrays a rank for long ones, whatever the number of ranks", () => {
    const length = 1 << 16;
    for (const size of [2, 3, 4, 7, 8, 16]) {
      const bytes = length * 8;
      const forms = [
        (c: CollectiveContext, a: Float64Array) => allreduceInto(c, a, a, sum),
        (c: CollectiveContext, a: Float64Array) => reduceInto(c, a, a, sum, 0),
        (c: CollectiveContext, a: Float64Array) => scanInto(c, a, a, sum),
      ];
      for (const form of forms) {
        const simulator = new Simulator(size);
        simulator.run(c => form(c, new Float64Array(length)));
        for (const traffic of simulator.traffic) expect(traffic.bytes).to.be.at.most(2 * bytes);
      }
    }
  });
});
