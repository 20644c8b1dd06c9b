import { expect } from "chai";
import * as cuda from "../../src/cuda/index.ts";
import { call } from "../../src/linalg/expressions/expression.ts";
import { type FunctionName, functionInfo, functions } from "../../src/linalg/expressions/functions.ts";
import { parameter } from "../../src/linalg/index.ts";
import { accuracies } from "../linalg/expressions/accuracy.ts";
import { hasMpmath, judged, type Request } from "../linalg/expressions/errors.ts";
import { apply, type Floats, type Type, types } from "../linalg/expressions/samples.ts";
import { ulp, vectorsOf } from "../linalg/expressions/vectors.ts";
import { needs } from "../needs.ts";
import { useFakeCuda } from "./fake.ts";

type Draw = () => number;

/** Numbers in a range, evenly; or by magnitude, where the range is of exponents. */
const evenly =
  (low: number, high: number): Draw =>
  () =>
    low + Math.random() * (high - low);
const positive =
  (low: number, high: number): Draw =>
  () =>
    2 ** evenly(low, high)();
const byMagnitude =
  (low: number, high: number): Draw =>
  () =>
    (Math.random() < 0.5 ? -1 : 1) * positive(low, high)();

/** How the operands of one call are drawn. */
type Drawing = (type: Type) => readonly number[];

const each =
  (...draws: readonly Draw[]): Drawing =>
  () =>
    draws.map(draw => draw());
/** The same of either type, between its own limits. */
const byType =
  (single: readonly Draw[], double: readonly Draw[]): Drawing =>
  type =>
    (type === "float64" ? double : single).map(draw => draw());
const all = byType([byMagnitude(-149, 128)], [byMagnitude(-1074, 1023.99)]);
const allPositive = byType([positive(-149, 128)], [positive(-1074, 1023.99)]);
const allPairs: Drawing = type => [...all(type), ...all(type)];

/** A base, and an exponent with which the power has any size that the type holds. */
const powers =
  (base: (type: Type) => number): Drawing =>
  type => {
    const [x] = types[type].of(base(type));
    return [x, (type === "float64" ? evenly(-744, 709.7) : evenly(-103, 88.7))() / Math.log(x)];
  };

interface Claim {
  /** Errors that docs/cuda.md claims, in units in the last place. */
  readonly float32: number;
  readonly float64: number;
  readonly drawings: readonly Drawing[];
}

const exponents = (single: number, double: number): Drawing =>
  byType([byMagnitude(-149, single)], [byMagnitude(-1074, double)]);

const claims: { readonly [name in FunctionName]?: Claim } = {
  sqrt: { float32: 0.51, float64: 0.51, drawings: [allPositive] },
  cbrt: { float32: 0.51, float64: 0.51, drawings: [all] },
  exp: {
    float32: 1.2,
    float64: 1.2,
    drawings: [byType([evenly(-103, 88.7)], [evenly(-745, 709.7)]), each(evenly(-1, 1))],
  },
  exp2: { float32: 1.2, float64: 1.2, drawings: [byType([evenly(-149, 127.9)], [evenly(-1074, 1023.9)])] },
  expm1: { float32: 1.7, float64: 1.7, drawings: [exponents(6.47, 9.47), each(evenly(-2, 2))] },
  log: { float32: 1.2, float64: 1.2, drawings: [allPositive, each(evenly(0.4, 2.5))] },
  log2: { float32: 2.3, float64: 2, drawings: [allPositive, each(evenly(0.4, 2.5))] },
  log10: { float32: 2.3, float64: 2, drawings: [allPositive, each(evenly(0.4, 2.5))] },
  log1p: {
    float32: 1.7,
    float64: 1.7,
    drawings: [allPositive, each(byMagnitude(-60, -0.001)), each(evenly(-0.9999, 3))],
  },
  sin: { float32: 1.7, float64: 2.5, drawings: [all, each(evenly(-4, 4))] },
  cos: { float32: 1.7, float64: 2.5, drawings: [all, each(evenly(-4, 4))] },
  tan: { float32: 3, float64: 4, drawings: [all, each(evenly(-4, 4))] },
  asin: { float32: 0.7, float64: 0.7, drawings: [exponents(0, 0), each(evenly(-1, 1))] },
  acos: {
    float32: 0.7,
    float64: 0.7,
    drawings: [exponents(0, 0), each(evenly(-1, 1)), each(() => 1 - positive(-24, -3)())],
  },
  atan: { float32: 1.6, float64: 1.4, drawings: [all, each(evenly(-3, 3))] },
  atan2: {
    float32: 1.6,
    float64: 1.4,
    drawings: [
      allPairs,
      each(evenly(-3, 3), evenly(-3, 3)),
      each(byMagnitude(-20, 20), byMagnitude(-20, 20)),
    ],
  },
  sinh: { float32: 2.5, float64: 2.5, drawings: [exponents(6.48, 9.472), each(evenly(-2, 2))] },
  cosh: { float32: 1.7, float64: 1.7, drawings: [exponents(6.48, 9.472), each(evenly(-2, 2))] },
  tanh: { float32: 2.5, float64: 2.5, drawings: [exponents(5, 5), each(evenly(-2, 2))] },
  erf: { float32: 1.6, float64: 1.4, drawings: [exponents(3, 3), each(evenly(-4, 4))] },
  erfc: {
    float32: 2.5,
    float64: 2.5,
    drawings: [byType([evenly(0, 10)], [evenly(0, 27)]), each(evenly(-1, 4)), exponents(3, 4)],
  },
  lgamma: {
    float32: 2.5,
    float64: 2.5,
    drawings: [
      allPositive,
      each(evenly(0, 12)),
      each(evenly(1.4, 1.6)),
      each(() => 1 + byMagnitude(-20, -3)()),
      each(() => 2 + byMagnitude(-20, -3)()),
      each(evenly(8, 200)),
      each(evenly(-2, 0)),
      each(() => -positive(-149, 0)()),
    ],
  },
  pow: {
    float32: 1.2,
    float64: 1.2,
    drawings: [
      powers(type => allPositive(type)[0]),
      powers(type => 1 + byMagnitude(type === "float64" ? -50 : -22, -1)()),
      each(positive(-10, 10), evenly(-10, 10)),
    ],
  },
  hypot: {
    float32: 1,
    float64: 1,
    drawings: [
      allPairs,
      each(evenly(-3, 3), evenly(-3, 3)),
      byType(
        [byMagnitude(126, 127.5), byMagnitude(126, 127.5)],
        [byMagnitude(1022, 1023.5), byMagnitude(1022, 1023.5)],
      ),
      byType(
        [byMagnitude(-149, -120), byMagnitude(-149, -120)],
        [byMagnitude(-1074, -1020), byMagnitude(-1074, -1020)],
      ),
    ],
  },
};

const samples = 400;

/** A function of numbers on the device, each operand an array. */
async function onDevice(name: FunctionName, given: readonly Floats[]): Promise<Floats> {
  const names = given.map((_, place) => `x${place}`);
  const expression = call(name, ...names.map(operand => parameter(operand)));
  const arrays = await Promise.all(given.map(x => cuda.upload(x)));
  using made = cuda.evaluate(expression, Object.fromEntries(names.map((key, i) => [key, arrays[i]])));
  for (const array of arrays) array.free();
  return (await made.download()) as Floats;
}

/** Calls, one after the other, as an array for each operand. */
function columns(type: Type, calls: readonly (readonly number[])[]): Floats[] {
  return calls[0].map((_, place) => new types[type](calls.map(operands => operands[place])));
}

async function requestFor(
  name: FunctionName,
  type: Type,
  calls: readonly (readonly number[])[],
): Promise<Request> {
  const given = columns(type, calls);
  const [found, host] = [await onDevice(name, given), apply(name, ...given)];
  const x = calls.map((_, i) => given.map(operand => operand[i]));
  for (const [i, operands] of x.entries()) {
    // What is infinite has no last place.
    const call = `${name}(${operands.join(", ")}) of ${type}: ${found[i]}, not ${host[i]}`;
    expect(Number.isFinite(host[i]) ? Number.isFinite(found[i]) : Object.is(found[i], host[i]), call).to.be
      .true;
  }
  const usable = x.map((_, i) => i).filter(i => Number.isFinite(found[i]));
  return { function: name, type, x: usable.map(i => x[i]), y: usable.map(i => found[i]) };
}

const both = Object.keys(types) as Type[];

describe("cuda: mathematical functions in PTX (on the fake driver)", function () {
  this.timeout(180_000);
  before(useFakeCuda);

  for (const [key, claim] of Object.entries(claims)) {
    const name = key as FunctionName;

    it(`${name} is as near to vectors of mpmath as claimed`, async () => {
      for (const type of both) {
        const vectors = vectorsOf(name, type);
        const given = columns(
          type,
          vectors.map(vector => vector.given),
        );
        const found = await onDevice(name, given);
        for (const [i, { given: operands, high, low }] of vectors.entries()) {
          const off = Math.abs(found[i] - high - low) / ulp(high, type);
          expect(off, `${name}(${operands.join(", ")}) of ${type}`).to.be.at.most(claim[type]);
        }
      }
    });

    it(`${name} is as near to mpmath on random numbers as claimed`, async function () {
      needs(this, hasMpmath(), "mpmath (Debian: python3-mpmath)");
      const requests: Request[] = [];
      for (const type of both)
        for (const drawing of claim.drawings)
          requests.push(
            await requestFor(
              name,
              type,
              Array.from({ length: samples }, () => drawing(type)),
            ),
          );
      for (const { type, worst, at } of judged(requests))
        expect(worst, `${name}(${at?.join(", ")}) of ${type}`).to.be.at.most(claim[type]);
    });
  }

  it("lgamma is right within 2 units of the last place of 1 near its zeros", async function () {
    needs(this, hasMpmath(), "mpmath (Debian: python3-mpmath)");
    const requests: Request[] = [];
    for (const type of both) {
      const calls = Array.from({ length: 4 * samples }, (_, i) =>
        i % 2 === 0 ? [evenly(-12, -2)()] : [-Math.ceil(evenly(1, 12)()) + byMagnitude(-20, -1)()],
      ).filter(([x]) => x < -2);
      requests.push({ ...(await requestFor("lgamma", type, calls)), least: 1 });
    }
    for (const { type, worst, at } of judged(requests))
      expect(worst, `at ${at?.join()} of ${type}`).to.be.at.most(2);
  });

  const infinity = Number.POSITIVE_INFINITY;
  const sizes = [
    0,
    1,
    0.5,
    2,
    2.5,
    3,
    0.2,
    0.49999997,
    1e-42,
    5e-324,
    2 ** -1022,
    100.5,
    3e38,
    1e308,
    infinity,
  ];
  const special = [Number.NaN, ...sizes, ...sizes.filter(x => x !== 2.5).map(x => -x)];

  for (const name of Object.keys(functions) as FunctionName[]) {
    it(`${name} of zeros, infinities, NaN and subnormal numbers is that of the host`, async () => {
      const { takes } = functionInfo(name);
      const calls = takes.reduce<number[][]>(
        found => found.flatMap(operands => special.map(x => [...operands, x])),
        [[]],
      );
      for (const type of both) {
        const given = columns(type, calls);
        const [found, host] = [await onDevice(name, given), apply(name, ...given)];
        const allowed = (claims[name]?.[type] ?? 0) + (accuracies[name]?.[type] ?? 0);
        for (const [i, right] of host.entries()) {
          const close = right !== 0 && Math.abs(found[i] - right) <= allowed * ulp(right, type);
          if (!Object.is(found[i], right) && !close) {
            const operands = given.map(operand => operand[i]).join(", ");
            expect.fail(`${name}(${operands}) of ${type}: ${found[i]}, not ${right}`);
          }
        }
      }
    });
  }

  it("gives the least numbers back where they are their own results", async () => {
    for (const name of ["expm1", "log1p", "sin", "tan", "asin", "atan", "sinh", "tanh", "erf"] as const) {
      for (const type of both) {
        const least = type === "float64" ? 2 ** -1074 : 2 ** -149;
        const x = new types[type]([least, -least, 3 * least, 1001 * least]);
        const given = name === "erf" ? x.subarray(0, 3) : x;
        expect(await onDevice(name, [given]), `${name} of ${type}`).to.deep.equal(given);
      }
    }
  });

  it("reduces the angles that come nearest to multiples of a right one", async () => {
    // Found by Kahan's continued fractions (for float64), and by looking at every float32.
    const hard = new Float64Array([6381956970095103 * 2 ** 797, 2 ** 1023, 1e22, 5.5e5 * Math.PI]);
    for (const [name, reference] of [
      ["sin", Math.sin],
      ["cos", Math.cos],
    ] as const) {
      const found = await onDevice(name, [hard]);
      for (const [i, x] of hard.entries()) {
        const right = reference(x);
        expect(Math.abs(found[i] - right) / ulp(right, "float64"), `${name}(${x})`).to.be.below(3.5);
      }
    }
  });
});
