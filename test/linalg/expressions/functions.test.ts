import { expect } from "chai";
import { functionInfo } from "../../../src/linalg/expressions/functions.ts";
import { type FunctionName, functions } from "../../../src/linalg/index.ts";
import { native } from "../../../src/native.ts";
import { needs } from "../../needs.ts";
import { accuracies } from "./accuracy.ts";
import { hasMpmath, measure } from "./errors.ts";
import { apply, samples, type Type, types } from "./samples.ts";
import { ulp, vectorsOf } from "./vectors.ts";

const levels = ["avx512", "avx2", "neon", "baseline"].filter(
  level => native().expressionLevel(level) === level,
);
const best = native().expressionLevel(levels[0]);

/** The results for single arguments, or single pairs. */
const results = (name: FunctionName, type: Type, cases: readonly (readonly number[])[]): number[] =>
  Array.from(apply(name, ...cases[0].map((_, place) => new types[type](cases.map(given => given[place])))));

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
/** Arguments and results at the edges, the same for both types. */
const edges: { readonly [name in FunctionName]?: readonly (readonly number[])[] } = {
  sqrt: [
    [0, 0],
    [-0, -0],
    [inf, inf],
    [-1, nan],
    [nan, nan],
  ],
  cbrt: [
    [0, 0],
    [-0, -0],
    [inf, inf],
    [-inf, -inf],
    [nan, nan],
    [-27, -3],
  ],
  exp: [
    [0, 1],
    [-0, 1],
    [inf, inf],
    [-inf, 0],
    [nan, nan],
    [1e5, inf],
    [-1e5, 0],
  ],
  exp2: [
    [0, 1],
    [3, 8],
    [-1, 0.5],
    [inf, inf],
    [-inf, 0],
    [nan, nan],
    [1e5, inf],
    [-1e5, 0],
  ],
  expm1: [
    [0, 0],
    [-0, -0],
    [inf, inf],
    [-inf, -1],
    [nan, nan],
    [1e5, inf],
    [-1e5, -1],
  ],
  log: [
    [1, 0],
    [0, -inf],
    [-0, -inf],
    [inf, inf],
    [-1, nan],
    [-inf, nan],
    [nan, nan],
  ],
  log2: [
    [1, 0],
    [8, 3],
    [0.25, -2],
    [0, -inf],
    [inf, inf],
    [-1, nan],
    [nan, nan],
  ],
  log10: [
    [1, 0],
    [1000, 3],
    [0, -inf],
    [inf, inf],
    [-1, nan],
    [nan, nan],
  ],
  log1p: [
    [0, 0],
    [-0, -0],
    [-1, -inf],
    [inf, inf],
    [-2, nan],
    [nan, nan],
  ],
  sin: [
    [0, 0],
    [-0, -0],
    [inf, nan],
    [-inf, nan],
    [nan, nan],
  ],
  cos: [
    [0, 1],
    [-0, 1],
    [inf, nan],
    [-inf, nan],
    [nan, nan],
  ],
  tan: [
    [0, 0],
    [-0, -0],
    [inf, nan],
    [-inf, nan],
    [nan, nan],
  ],
  asin: [
    [0, 0],
    [-0, -0],
    [1.5, nan],
    [-1.5, nan],
    [nan, nan],
  ],
  acos: [
    [1, 0],
    [1.5, nan],
    [-inf, nan],
    [nan, nan],
  ],
  atan: [
    [0, 0],
    [-0, -0],
    [nan, nan],
  ],
  sinh: [
    [0, 0],
    [-0, -0],
    [inf, inf],
    [-inf, -inf],
    [nan, nan],
    [1e5, inf],
    [-1e5, -inf],
  ],
  cosh: [
    [0, 1],
    [inf, inf],
    [-inf, inf],
    [nan, nan],
    [1e5, inf],
  ],
  tanh: [
    [0, 0],
    [-0, -0],
    [inf, 1],
    [-inf, -1],
    [nan, nan],
    [1e5, 1],
    [-30, -1],
  ],
  erf: [
    [0, 0],
    [-0, -0],
    [inf, 1],
    [-inf, -1],
    [nan, nan],
    [1e30, 1],
  ],
  erfc: [
    [0, 1],
    [inf, 0],
    [-inf, 2],
    [nan, nan],
    [1e30, 0],
    [-1e30, 2],
  ],
  lgamma: [
    [1, 0],
    [2, 0],
    [0, inf],
    [-0, inf],
    [-3, inf],
    [inf, inf],
    [-inf, inf],
    [nan, nan],
  ],
  pow: [
    [nan, 0, 1],
    [1, nan, 1],
    [1, inf, 1],
    [-1, inf, 1],
    [0, -1, inf],
    [-0, -1, -inf],
    [-0, -2, inf],
    [0, 2, 0],
    [-0, 3, -0],
    [2, inf, inf],
    [2, -inf, 0],
    [0.5, inf, 0],
    [0.5, -inf, inf],
    [inf, 2, inf],
    [inf, -2, 0],
    [-inf, 3, -inf],
    [-inf, -3, -0],
    [-inf, 0.5, inf],
    [-8, 1 / 3, nan],
    [-2, 3, -8],
    [2, nan, nan],
    [nan, 1, nan],
    [10, 5000, inf],
    [10, -5000, 0],
    [2, 10, 1024],
  ],
  atan2: [
    [0, 1, 0],
    [-0, 1, -0],
    [0, 0, 0],
    [-0, 0, -0],
    [nan, 1, nan],
    [1, nan, nan],
    [0, inf, 0],
    [5, inf, 0],
  ],
  hypot: [
    [3, 4, 5],
    [inf, nan, inf],
    [nan, -inf, inf],
    [nan, 1, nan],
    [0, 0, 0],
    [-0, -5, 5],
  ],
  abs: [
    [-0, 0],
    [-inf, inf],
    [nan, nan],
    [-2.5, 2.5],
  ],
  negate: [
    [0, -0],
    [-0, 0],
    [inf, -inf],
    [nan, nan],
  ],
  sign: [
    [0, 0],
    [-0, -0],
    [-7, -1],
    [inf, 1],
    [nan, nan],
  ],
  minimum: [
    [-0, 0, -0],
    [0, -0, -0],
    [nan, 1, nan],
    [1, nan, nan],
    [-inf, 3, -inf],
  ],
  maximum: [
    [-0, 0, 0],
    [0, -0, 0],
    [nan, 1, nan],
    [1, nan, nan],
    [-inf, 3, 3],
  ],
  fma: [
    [2, 3, 4, 10],
    [inf, 0, 1, nan],
  ],
};

describe("functions of expressions", () => {
  afterEach(() => native().expressionLevel(best));

  for (const type of Object.keys(types) as Type[]) {
    describe(type, () => {
      for (const name of Object.keys(accuracies) as FunctionName[]) {
        it(`${name} is as near to vectors of mpmath as stated`, () => {
          const cases = vectorsOf(name, type);
          expect(cases.length).to.be.greaterThan(5);
          const found = results(
            name,
            type,
            cases.map(({ given }) => given),
          );
          cases.forEach(({ given, high, low }, index) => {
            const error = Math.abs(found[index] - high - low) / ulp(high, type);
            const stated = accuracies[name]![type];
            expect(error, `${name}(${given.join(", ")}) = ${found[index]}, not ${high}`).to.be.at.most(
              stated,
            );
          });
        });
      }

      for (const [name, cases] of Object.entries(edges)) {
        it(`${name} at the edges`, () => {
          const given = cases.map(row => row.slice(0, -1));
          const found = results(name as FunctionName, type, given);
          cases.forEach((row, index) => {
            expect(
              Object.is(found[index], row.at(-1)),
              `${name}(${given[index].join(", ")}) = ${found[index]}`,
            ).to.equal(true);
          });
        });
      }

      it("rounds to whole numbers as Math does", () => {
        const x = samples(type, 4096);
        const halves = (value: number) => {
          const down = Math.floor(value);
          if (value - down !== 0.5) return Math.round(value);
          return down % 2 === 0 ? down : down + 1;
        };
        const references: [FunctionName, (value: number) => number][] = [
          ["floor", Math.floor],
          ["ceil", Math.ceil],
          ["trunc", Math.trunc],
          ["round", Math.round],
          ["rint", halves],
        ];
        for (const [name, reference] of references) {
          const found = apply(name, x);
          x.forEach((value, index) => {
            const wanted = Object.is(value, -0) ? -0 : reference(value);
            const same = found[index] === wanted || (Number.isNaN(wanted) && Number.isNaN(found[index]));
            expect(same, `${name}(${value}) = ${found[index]}, not ${wanted}`).to.equal(true);
            expect(Object.is(found[index], -0), `sign of ${name}(${value})`).to.equal(
              Object.is(wanted, -0) || (wanted === 0 && value < 0),
            );
          });
        }
      });

      it("adds, multiplies and compares as JavaScript does", () => {
        const a = samples(type, 4096);
        const b = samples(type, 4096, 7);
        const one = type === "float64" ? (value: number) => value : Math.fround;
        const references: [FunctionName, (a: number, b: number) => number | boolean][] = [
          ["add", (a, b) => one(a + b)],
          ["subtract", (a, b) => one(a - b)],
          ["multiply", (a, b) => one(a * b)],
          ["divide", (a, b) => one(a / b)],
          ["minimum", Math.min],
          ["maximum", Math.max],
          ["less", (a, b) => a < b],
          ["lessEqual", (a, b) => a <= b],
          ["equal", (a, b) => a === b],
          ["notEqual", (a, b) => a !== b],
          ["and", (a, b) => a !== 0 && b !== 0],
          ["or", (a, b) => a !== 0 || b !== 0],
        ];
        for (const [name, reference] of references) {
          const found = apply(name, a, b);
          a.forEach((value, index) => {
            const wanted = Number(reference(value, b[index]));
            expect(
              Object.is(found[index], wanted),
              `${name}(${value}, ${b[index]}) = ${found[index]}, not ${wanted}`,
            ).to.equal(true);
          });
        }
        const not = apply("not", a);
        const isnan = apply("isnan", a);
        const isfinite = apply("isfinite", a);
        a.forEach((value, index) => {
          expect(not[index], `not ${value}`).to.equal(Number(value === 0));
          expect(isnan[index], `isnan ${value}`).to.equal(Number(Number.isNaN(value)));
          expect(isfinite[index], `isfinite ${value}`).to.equal(Number(Number.isFinite(value)));
        });
      });

      it("gives the same bits with every instruction set", function () {
        needs(this, levels.length > 1, "a second instruction set", false);
        const operands = [samples(type, 3000), samples(type, 3000, 5), samples(type, 3000, 9)];
        for (const name of Object.keys(functions) as FunctionName[]) {
          const given = operands.slice(0, functionInfo(name).takes.length);
          const found = levels.map(level => {
            native().expressionLevel(level);
            return apply(name, ...given);
          });
          for (let level = 1; level < levels.length; level++) {
            found[0].forEach((value, index) => {
              const other = found[level][index];
              if (Object.is(value, other)) return;
              const call = `${name}(${given.map(array => array[index]).join(", ")})`;
              throw new Error(`${call} is ${value} with ${levels[0]}, ${other} with ${levels[level]}`);
            });
          }
        }
      });
    });
  }

  it("is as near to mpmath on random arguments as stated", function () {
    needs(this, hasMpmath(), "mpmath (Debian: python3-mpmath)");
    for (const { name, type, worst, at } of measure(60)) {
      expect(worst, `${name} of ${type} at ${at?.join(", ")}`).to.be.at.most(accuracies[name]![type]);
    }
  });
});
