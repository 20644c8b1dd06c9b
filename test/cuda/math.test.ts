import { expect } from "chai";
import * as cuda from "../../src/cuda/index.ts";
import type { Expression } from "../../src/linalg/index.ts";
import { parse } from "../../src/linalg/index.ts";
import { useFakeCuda } from "./fake.ts";

/** Distance to the next number of the type, at `value`. */
function ulp(value: number, wide: boolean): number {
  const [least, digits] = wide ? [-1022, 52] : [-126, 23];
  const exponent = Math.max(least, Math.floor(Math.log2(Math.abs(value) || Number.MIN_VALUE)));
  return 2 ** Math.max(exponent - digits, -1074);
}

type Range = readonly [low: number, high: number];

/** Numbers in a range, evenly; or by magnitude and of both signs, where the range is of exponents. */
const evenly =
  ([low, high]: Range) =>
  (): number =>
    low + Math.random() * (high - low);
const byMagnitude =
  ([low, high]: Range) =>
  (): number =>
    (Math.random() < 0.5 ? -1 : 1) * 2 ** evenly([low, high])();

interface Case {
  readonly name: string;
  readonly reference: (x: number) => number;
  readonly draw32: () => number;
  readonly draw64: () => number;
  /** Claimed in docs/cuda.md. The reference of float64 is V8's, within one itself. */
  readonly ulps: number;
}

const positive = (draw: () => number) => (): number => Math.abs(draw());

const cases: readonly Case[] = [
  { name: "exp", reference: Math.exp, draw32: evenly([-104, 89]), draw64: evenly([-745, 709]), ulps: 1.5 },
  {
    name: "exp2",
    reference: x => 2 ** x,
    draw32: evenly([-150, 128]),
    draw64: evenly([-1074, 1024]),
    ulps: 1.5,
  },
  {
    name: "expm1",
    reference: Math.expm1,
    draw32: byMagnitude([-30, 6]),
    draw64: byMagnitude([-60, 9]),
    ulps: 2.5,
  },
  {
    name: "log",
    reference: Math.log,
    draw32: positive(byMagnitude([-149, 128])),
    draw64: positive(byMagnitude([-1074, 1024])),
    ulps: 1.5,
  },
  { name: "log", reference: Math.log, draw32: evenly([0.5, 2]), draw64: evenly([0.5, 2]), ulps: 2 },
  { name: "log2", reference: Math.log2, draw32: evenly([0.1, 20]), draw64: evenly([0.1, 20]), ulps: 3 },
  { name: "log10", reference: Math.log10, draw32: evenly([0.1, 20]), draw64: evenly([0.1, 20]), ulps: 3 },
  {
    name: "tanh",
    reference: Math.tanh,
    draw32: byMagnitude([-20, 5]),
    draw64: byMagnitude([-40, 5]),
    ulps: 4,
  },
  { name: "sin", reference: Math.sin, draw32: evenly([-4, 4]), draw64: evenly([-4, 4]), ulps: 1.5 },
  {
    name: "sin",
    reference: Math.sin,
    draw32: byMagnitude([-30, 127]),
    draw64: byMagnitude([-60, 1023]),
    ulps: 2.5,
  },
  { name: "cos", reference: Math.cos, draw32: evenly([-4, 4]), draw64: evenly([-4, 4]), ulps: 1.5 },
  {
    name: "cos",
    reference: Math.cos,
    draw32: byMagnitude([-30, 127]),
    draw64: byMagnitude([-60, 1023]),
    ulps: 2.5,
  },
  {
    name: "tan",
    reference: Math.tan,
    draw32: byMagnitude([-30, 127]),
    draw64: byMagnitude([-60, 1023]),
    ulps: 4,
  },
];

const samples = 4000;

const special = [
  0,
  -0,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  1,
  -1,
  0.5,
  -0.5,
  1e-42,
  -1e-42,
  2.5,
  -2.5,
  3e38,
  -3e38,
  -0.2,
  0.49999997,
];

const simple: readonly [string, (x: number) => number][] = [
  ["-x", x => -x],
  ["abs(x)", Math.abs],
  ["sign(x)", Math.sign],
  ["floor(x)", Math.floor],
  ["ceil(x)", Math.ceil],
  ["trunc(x)", Math.trunc],
  ["round(x)", Math.round],
  [
    "rint(x)",
    x => (Math.abs(x % 1) === 0.5 && Math.abs(x) < 1e15 ? 2 * Math.round(x / 2) || 0 * x : Math.round(x)),
  ],
  ["sqrt(x)", Math.sqrt],
  ["exp(x)", Math.exp],
  ["exp2(x)", x => 2 ** x],
  ["expm1(x)", Math.expm1],
  ["log(x)", Math.log],
  ["log2(x)", Math.log2],
  ["log10(x)", Math.log10],
  ["tanh(x)", Math.tanh],
  ["sin(x)", Math.sin],
  ["cos(x)", Math.cos],
  ["tan(x)", Math.tan],
];

const expression = (text: string): Expression => parse(text) as Expression;

describe("cuda: mathematical functions in PTX (on the fake driver)", function () {
  this.timeout(180_000);
  before(useFakeCuda);

  for (const { name, reference, draw32, draw64, ulps } of cases) {
    it(`${name} is right within ${ulps} units in the last place`, async () => {
      for (const wide of [false, true]) {
        const draw = wide ? draw64 : draw32;
        const Type = wide ? Float64Array : Float32Array;
        const x = new Type(samples);
        for (let i = 0; i < samples; i++) x[i] = draw();
        using array = await cuda.upload(x);
        using made = cuda.evaluate(expression(`${name}(x)`), { x: array });
        const y = (await made.download()) as Float64Array | Float32Array;
        let [worst, where] = [0, 0];
        for (const [i, value] of x.entries()) {
          const right = reference(value);
          // Beyond the largest number of the type both are infinite.
          if (Type.of(right)[0] === y[i]) continue;
          const off = Math.abs(y[i] - right) / ulp(right, wide);
          if (!(off <= worst)) [worst, where] = [off, value];
        }
        expect(worst, `at ${where}, ${Type.name}`).to.be.below(ulps + (wide ? 1 : 0));
      }
    });
  }

  for (const [text, reference] of simple) {
    it(`${text} of zeros, infinities, NaN and subnormal numbers`, async () => {
      for (const wide of [false, true]) {
        const Type = wide ? Float64Array : Float32Array;
        const x = Type.from(special);
        using array = await cuda.upload(x);
        using made = cuda.evaluate(expression(text), { x: array });
        const y = (await made.download()) as Float64Array | Float32Array;
        for (const [i, value] of x.entries()) {
          const right = Type.of(reference(value))[0];
          const close = Math.abs(y[i] - right) <= 4 * ulp(right, wide);
          expect(
            Object.is(y[i], right) || (close && right !== 0),
            `${text} of ${value}: ${y[i]}, not ${right}`,
          ).to.equal(true);
        }
      }
    });
  }

  it("reduces the angles that come nearest to multiples of a right one", async () => {
    // Found by Kahan's continued fractions (for float64), and by looking at every float32.
    using hard = await cuda.upload(
      new Float64Array([6381956970095103 * 2 ** 797, 2 ** 1023, 1e22, 5.5e5 * Math.PI]),
    );
    using sine = cuda.evaluate(expression("sin(x)"), { x: hard });
    using cosine = cuda.evaluate(expression("cos(x)"), { x: hard });
    for (const [made, reference] of [
      [sine, Math.sin],
      [cosine, Math.cos],
    ] as const) {
      const y = (await made.download()) as Float64Array;
      const x = (await hard.download()) as Float64Array;
      for (const [i, value] of x.entries()) {
        const right = reference(value);
        expect(Math.abs(y[i] - right) / ulp(right, true), `${value}`).to.be.below(3.5);
      }
    }
  });
});
