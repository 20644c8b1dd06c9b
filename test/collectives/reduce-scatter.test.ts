import { expect } from "chai";
import type { TypedArray } from "../../src/codec/dtype.ts";
import type { Algorithm, CollectiveContext } from "../../src/collectives/context.ts";
import { sum } from "../../src/collectives/operators.ts";
import { reduceScatter, reduceScatterInto } from "../../src/collectives/reduce-scatter.ts";
import { both, float64, folded } from "./reduction-cases.ts";
import { arrayOf, available, doubles, evenBlock, simulateAll, sizes } from "./support.ts";

describe("reduceScatter", () => {
  it("gives each rank its block, for every size and kind of cut", () => {
    for (const size of sizes) {
      for (const test of both) {
        for (const length of [0, 2, 3 * size + 1]) {
          const uneven = Array.from({ length: size }, (_, rank) => (rank === size - 1 ? length : 0));
          for (const counts of [undefined, uneven]) {
            const array = (rank: number) => doubles(length, i => test.element(rank, i));
            const full = folded(test, float64, length, 0, size);
            const program = (c: CollectiveContext) => reduceScatter(c, array(c.rank), test.op, counts);
            simulateAll(
              size,
              program,
              got =>
                got.forEach((block, rank) => {
                  const [from, to] = evenBlock(length, size, rank);
                  const own = counts === undefined ? full.slice(from, to) : full.slice(0, counts[rank]);
                  expect(block).to.deep.equal(own);
                }),
              1,
            );
          }
        }
      }
    }
  });

  it("fills a target of every type, also inside the array", () => {
    for (const dtype of available) {
      for (const inside of [false, true]) {
        const program = function* (context: CollectiveContext): Algorithm<TypedArray> {
          const array = arrayOf(dtype, 9, i => context.rank + i);
          const target = inside ? array.subarray(5, 8) : arrayOf(dtype, 3, () => 0);
          yield* reduceScatterInto(context, target, array, sum);
          return target;
        };
        simulateAll(3, program, got =>
          expect(got).to.deep.equal(got.map((_, rank) => arrayOf(dtype, 3, i => 3 + 3 * (rank * 3 + i)))),
        );
      }
    }
  });

  it("combines a list item by item", () => {
    const join = (left: string, right: string) => left + right;
    for (const size of sizes) {
      const program = (c: CollectiveContext) =>
        reduceScatter(
          c,
          Array.from({ length: size }, (_, item) => `${c.rank}-${item} `),
          join,
        );
      simulateAll(size, program, got =>
        expect(got).to.deep.equal(
          Array.from({ length: size }, (_, item) =>
            Array.from({ length: size }, (_, rank) => `${rank}-${item} `).join(""),
          ),
        ),
      );
      const arrays = (c: CollectiveContext) =>
        reduceScatter(
          c,
          Array.from({ length: size }, (_, i) => doubles(i, () => c.rank)),
          sum,
        );
      simulateAll(size, arrays, got =>
        expect(got).to.deep.equal(got.map((_, i) => doubles(i, () => (size * (size - 1)) / 2))),
      );
    }
  });
});
