import { expect } from "chai";
import { allreduce, allreduceInto } from "../../src/collectives/allreduce.ts";
import type { Algorithm, CollectiveContext } from "../../src/collectives/context.ts";
import { bitwiseAnd, bitwiseOr, logicalAnd, minLoc, operator, sum } from "../../src/collectives/operators.ts";
import { reduce, reduceInto } from "../../src/collectives/reduce.ts";
import { reduceScatter } from "../../src/collectives/reduce-scatter.ts";
import { scan } from "../../src/collectives/scan.ts";
import { ArgumentError, TypeMismatchError } from "../../src/errors.ts";
import { errorsOf, Simulator } from "./simulator.ts";
import { withLong } from "./support.ts";

describe("arguments of reductions", () => {
  const cases: [string, (context: CollectiveContext) => Algorithm<unknown>, string][] = [
    [
      "a string to sum",
      c => allreduce(c, "abc", sum as never),
      'allreduce: sum works on numbers, bigints, lists of them and typed arrays; got a string ("abc")',
    ],
    ["booleans to sum", c => allreduce(c, true, sum as never), "got a boolean (true)"],
    ["a mixed list", c => allreduce(c, [1, 2n] as never, sum), "got a list of 2"],
    ["a list in a list", c => allreduce(c, [[1]] as never, logicalAnd), "got a list of 1"],
    ["a fraction for bits", c => allreduce(c, 1.5, bitwiseAnd), "bitwiseAnd works on whole numbers"],
    [
      "a floating-point array for bits",
      c => scan(c, new Float64Array(1), bitwiseOr as never),
      "integer arrays; got Float64Array(1)",
    ],
    ["a number for minLoc", c => reduce(c, 1 as never, minLoc, 0), "minLoc works on pairs { value, index }"],
    ["a pair without index", c => reduce(c, { value: 1 } as never, minLoc, 0), "got an object"],
    [
      "an odd array for minLoc",
      c => allreduce(c, new Float64Array(3), minLoc),
      "of even length; got Float64Array(3)",
    ],
    [
      "a cut through a pair",
      c => reduceScatter(c, new Float64Array(4), minLoc, [1, 3]),
      "multiples of 2 from 0; counts[0] is a number (1)",
    ],
    [
      "no operator",
      c => allreduce(c, 1, undefined as never),
      "the operator must be one of tsmpi's (sum, max, ...) or a function (left, right) => combined; got undefined",
    ],
    ["an operator's name", c => allreduce(c, 1, "sum" as never), 'got a string ("sum")'],
    [
      "a target of another length",
      c => allreduceInto(c, new Int8Array(1), new Int8Array(2), sum),
      "target must have 2 elements",
    ],
    [
      "a target of another type",
      c => allreduceInto(c, new Int8Array(1), new Uint8Array(1) as never, sum),
      "same element type",
    ],
    [
      "no target on root",
      c => reduceInto(c, undefined, new Int8Array(2), sum, c.rank),
      "root's target must be a typed array",
    ],
    ["a root out of range", c => reduce(c, 1, sum, 2), "reduce: root must be a rank from 0 to 1"],
    ["counts for a list", c => reduceScatter(c, [1, 2], sum, [1, 1]), "counts are for typed arrays"],
    ["a short list", c => reduceScatter(c, [1], sum), "the list must have 2 items"],
    ["no list", c => reduceScatter(c, 1 as never, sum as never), "must be a typed array; got a number (1)"],
  ];
  for (const [name, program, sentence] of cases) {
    it(`${name} is refused before anything is sent`, () => {
      const simulator = new Simulator(2);
      const [outcome] = simulator.run(program);
      const error = (outcome as { error: Error }).error;
      expect(error).to.be.instanceOf(ArgumentError);
      expect(error.message).to.contain(sentence);
      expect(simulator.traffic.map(({ messages }) => messages)).to.deep.equal([0, 0]);
    });
  }

  it("a thing that is no function", () => {
    expect(() => operator(3 as never)).to.throw(ArgumentError, "operator: expected a function");
  });

  const mismatches: [string, unknown, unknown, string][] = [
    ["lengths", new Int8Array(4), new Int8Array(5), "rank 0 sent Int8Array(4), this rank has Int8Array(5)"],
    ["types", new Int8Array(4), new Uint8Array(4), "rank 0 sent Int8Array(4), this rank has Uint8Array(4)"],
    ["number and bigint", 1, 2n, "rank 0 sent a number (1), this rank has a bigint (2n)"],
    ["array and number", new Int8Array(1), 2, "rank 0 sent Int8Array(1), this rank has a number (2)"],
    ["lists", [1, 2], [1], "rank 0 sent a list of 2, this rank has a list of 1"],
    [
      "long arrays",
      new Int8Array(100),
      new Int8Array(101),
      "rank 0 sent Int8Array(100), this rank has Int8Array(101)",
    ],
    [
      "long and short",
      new Int8Array(100),
      new Int8Array(5),
      "rank 0 sent Int8Array(100), this rank has Int8Array(5)",
    ],
    [
      "short and long",
      new Int8Array(5),
      new Int8Array(100),
      "rank 0 sent Int8Array(5), this rank has Int8Array(100)",
    ],
  ];
  for (const [name, first, second, sentence] of mismatches) {
    it(`different ${name} on two ranks name both`, () => {
      withLong(64, () => {
        for (const form of [allreduce, scan]) {
          const program = (c: CollectiveContext) => form(c, (c.rank === 0 ? first : second) as number, sum);
          const [, error] = errorsOf(2, program);
          expect(error).to.be.instanceOf(TypeMismatchError).and.have.property("peer", 0);
          expect(error!.message).to.contain(sentence);
        }
      });
    });
  }

  it("arrays of different lengths are found by some rank, for every operation and size", () => {
    for (const longReduction of [1 << 20, 64]) {
      withLong(longReduction, () => {
        for (const size of [2, 3, 4, 5, 8]) {
          for (const [odd, length] of Array.from({ length: 2 * size }, (_, i) => [
            i >> 1,
            i % 2 === 0 ? 99 : 5,
          ])) {
            const of = (c: CollectiveContext) => new Int16Array(c.rank === odd ? length : 100);
            const forms: ((c: CollectiveContext) => Algorithm<unknown>)[] = [
              c => reduce(c, of(c), sum, 1),
              c => allreduce(c, of(c), sum),
              c => allreduce(c, of(c), (a, b) => a + b),
              c => reduceScatter(c, of(c), sum),
              c => scan(c, of(c), sum),
            ];
            for (const form of forms) {
              const errors = errorsOf(size, form).filter(error => error !== undefined);
              expect(errors).not.to.deep.equal([]);
              for (const error of errors) expect(error).to.be.instanceOf(TypeMismatchError);
            }
          }
        }
      });
    }
  });
});
