import { expect } from "chai";
import type { TypedArray } from "../../src/codec/dtype.ts";
import {
  allgather,
  allgatherBruck,
  allgatherDirect,
  allgatherInto,
} from "../../src/collectives/allgather.ts";
import type { Algorithm, CollectiveContext } from "../../src/collectives/context.ts";
import { gather, gatherInto } from "../../src/collectives/gather.ts";
import { ArgumentError, TypeMismatchError } from "../../src/errors.ts";
import { errorsOf } from "./simulator.ts";
import { arrayOf, available, doubles, rootsOf, simulateAll, sizes, withLimits } from "./support.ts";

describe("gather", () => {
  it("gives root all values", () => {
    for (const size of sizes) {
      for (const root of rootsOf(size)) {
        simulateAll(
          size,
          context => gather(context, `from ${context.rank}`, root),
          got =>
            got.forEach((list, rank) => {
              if (rank === root)
                expect(list).to.deep.equal(Array.from({ length: size }, (_, r) => `from ${r}`));
              else expect(list).to.equal(undefined);
            }),
          1,
        );
      }
    }
  });
});

// A few elements travel at once, more are announced; `announced` draws the line at 32 bytes here.
for (const [name, rooted] of [
  ["gatherInto", true],
  ["allgatherInto", false],
] as const) {
  describe(name, () => {
    const run = (context: CollectiveContext, target: TypedArray, array: TypedArray, root: number) =>
      rooted
        ? gatherInto(context, context.rank === root ? target : undefined, array, root)
        : allgatherInto(context, target, array);

    it("puts arrays of any lengths and types in rank order", () => {
      withLimits({ announced: 32 }, () => {
        for (const size of sizes) {
          const lengths = Array.from({ length: size }, (_, rank) => (rank * 5) % 9);
          const total = lengths.reduce((a, b) => a + b, 0);
          available.forEach((dtype, index) => {
            const root = index % size;
            const program = function* (context: CollectiveContext): Algorithm<TypedArray> {
              const target = arrayOf(dtype, total, () => 99);
              const array = arrayOf(dtype, lengths[context.rank], i => context.rank * 4 + i);
              yield* run(context, target, array, root);
              return target;
            };
            const expected = lengths.flatMap((length, rank) =>
              Array.from({ length }, (_, i) => rank * 4 + i),
            );
            simulateAll(
              size,
              program,
              got =>
                got.forEach((target, rank) => {
                  const filled = !rooted || rank === root;
                  expect(target).to.deep.equal(arrayOf(dtype, total, i => (filled ? expected[i] : 99)));
                }),
              1,
            );
          });
        }
      });
    });

    it("takes an array that lies in the target, in its place or elsewhere", () => {
      for (const length of [2, 2000]) {
        for (const displaced of [0, length, length / 2]) {
          const program = function* (context: CollectiveContext): Algorithm<TypedArray> {
            const target = new Float64Array(length * 3);
            const from = (context.rank * length + displaced) % (2 * length + 1);
            const array = target.subarray(from, from + length).fill(context.rank + 1);
            yield* run(context, target, array, 1);
            return target;
          };
          simulateAll(3, program, got =>
            expect(got[1]).to.deep.equal(doubles(3 * length, i => Math.floor(i / length) + 1)),
          );
        }
      }
    });

    it("names all lengths when they do not fill the target", () => {
      const program = (context: CollectiveContext) =>
        run(context, new Int8Array(5), new Int8Array(context.rank), 0);
      const [error] = errorsOf(3, program);
      expect(error).to.be.instanceOf(ArgumentError);
      expect(error!.message).to.contain("Int8Array(5)").and.contain("rank 1 has 1, rank 2 has 2, 3 together");
    });

    it("names the rank that sends another type", () => {
      const program = (context: CollectiveContext) =>
        context.rank === 2
          ? run(context, new Int16Array(6), new Int16Array(2), 0)
          : run(context, new Int8Array(6), new Int8Array(2), 0);
      const [error] = errorsOf(3, program);
      expect(error).to.be.instanceOf(TypeMismatchError).and.have.property("peer", 2);
      expect(error!.message).to.contain("rank 2 sent Int16Array(2)").and.contain("Int8Array");
    });
  });
}

for (const [name, algorithm] of Object.entries({ allgather, allgatherDirect, allgatherBruck })) {
  it(`${name} gives every rank all values`, () => {
    for (const size of sizes) {
      simulateAll(
        size,
        context => algorithm(context, { rank: context.rank }),
        got => {
          for (const list of got)
            expect(list).to.deep.equal(Array.from({ length: size }, (_, rank) => ({ rank })));
        },
      );
    }
  });
}
