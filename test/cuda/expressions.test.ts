import { expect } from "chai";
import * as cuda from "../../src/cuda/index.ts";
import { ArgumentError, CudaError } from "../../src/errors.ts";
import type { TypedArray } from "../../src/index.ts";
import { type Expression, exp, parse, type Reduction, sin, where } from "../../src/linalg/index.ts";
import { failing, useFakeCuda } from "./fake.ts";
import { fails } from "./throws.ts";

const numbers = (array: TypedArray): number[] => Array.from(array as ArrayLike<number>);
const random = (n: number): Float64Array => Float64Array.from({ length: n }, () => Math.random() * 4 - 2);

const texts: readonly [string, (x: number, y: number) => number][] = [
  ["x + y - x * y / (1 + x * 0)", (x, y) => x + y - (x * y) / (1 + x * 0)],
  ["min(x, y) + 2 * max(x, y)", (x, y) => Math.min(x, y) + 2 * Math.max(x, y)],
  ["fma(x, y, 3)", (x, y) => x * y + 3],
  ["x < y ? x : -y", (x, y) => (x < y ? x : -y)],
  [
    "(x <= y) + 2 * (x == y) + 4 * (x != y) + 8 * (x > y)",
    (x, y) => Number(x <= y) + 2 * Number(x === y) + 4 * Number(x !== y) + 8 * Number(x > y),
  ],
  [
    "(x > 0 && y > 0) + 2 * (x > 0 || y > 0) + 4 * !(x > 0)",
    (x, y) => Number(x > 0 && y > 0) + 2 * Number(x > 0 || y > 0) + 4 * Number(!(x > 0)),
  ],
  ["isnan(sqrt(x)) + isfinite(y / 0) * 2", x => Number(x < 0)],
  [
    "pow(x, 2) + pow(2, y) * atan2(1, x) + hypot(3, y) - lgamma(3) * erf(0)",
    (x, y) => x ** 2 + 2 ** y * Math.atan2(1, x) + Math.hypot(3, y),
  ],
];

describe("cuda: expressions (on the fake driver)", function () {
  this.timeout(180_000);
  before(useFakeCuda);

  for (const [text, reference] of texts) {
    it(`computes ${text}`, async () => {
      const [x, y] = [random(300), random(300)];
      using a = await cuda.upload(x);
      using b = await cuda.upload(y);
      using made = cuda.evaluate(text, { x: a, y: b });
      for (const [i, value] of numbers(await made.download()).entries()) {
        expect(value, `${x[i]}, ${y[i]}`).to.be.closeTo(reference(x[i], y[i]), 1e-13);
      }
    });
  }

  it("knows NaN in minimum and maximum, and in comparisons", async () => {
    using x = await cuda.upload(new Float32Array([Number.NaN, 1, Number.NaN]));
    using y = await cuda.upload(new Float32Array([1, Number.NaN, Number.NaN]));
    for (const [text, right] of [
      ["min(x, y)", Number.NaN],
      ["max(x, y)", Number.NaN],
      ["x < y", 0],
      ["x == y", 0],
      ["x != y", 1],
    ] as const) {
      using made = cuda.evaluate(text, { x, y });
      expect(numbers(await made.download()), text).to.deep.equal([right, right, right]);
    }
  });

  it("takes arrays of every type, and gives float32, float64 or conditions", async () => {
    for (const dtype of [
      "float32",
      "float16",
      "bfloat16",
      "float64",
      "int8",
      "uint8",
      "int16",
      "uint16",
      "int32",
      "uint32",
      "int64",
      "uint64",
    ] as const) {
      using x = cuda.full([2, 3], 5, { dtype });
      using y = cuda.map(x, x => x.mul(2).add(0.5));
      expect([y.dtype, ...numbers(await y.download())], dtype).to.deep.equal([
        dtype.endsWith("float16") || dtype === "float32" ? "float32" : "float64",
        ...new Array<number>(6).fill(10.5),
      ]);
      using single = cuda.map(x, x => x.add(1), { dtype: "float32" });
      expect(single.dtype).to.equal("float32");
      using target = cuda.zeros([2, 3], { dtype });
      cuda.mapInto(target, x, x => x.mul(3));
      using wide = target.astype("float64");
      expect(numbers(await wide.download()), dtype).to.deep.equal(new Array<number>(6).fill(15));
    }
    using x = await cuda.upload(new Float32Array([-1, 2]));
    using positive = cuda.map(x, x => x.gt(0));
    expect(await positive.download()).to.deep.equal(new Uint8Array([0, 1]));
    using mixed = cuda.map([x, positive], (x, p) => where(p, x, 7));
    expect(await mixed.download()).to.deep.equal(new Float32Array([7, 2]));
  });

  it("takes numbers by name without a new kernel, works in place and through views", async () => {
    using x = await cuda.upload(new Float32Array([1, 2, 3, 4, 5, 6]), [2, 3]);
    const expression = parse("a * x + b");
    for (const a of [2, 3]) {
      using y = cuda.evaluate(expression as never, { x, a, b: 0.5 });
      expect(numbers(await y.download())).to.deep.equal([1, 2, 3, 4, 5, 6].map(v => a * v + 0.5));
    }
    using turned = x.transpose();
    using y = cuda.map(turned, x => x.mul(10));
    expect(y.shape).to.deep.equal([3, 2]);
    expect(numbers(await y.download())).to.deep.equal([10, 40, 20, 50, 30, 60]);
    cuda.mapInto(x, [x, x], (x, z) => x.mul(z));
    expect(numbers(await x.download())).to.deep.equal([1, 4, 9, 16, 25, 36]);
    using rows = x.slice([0, 1]);
    using empty = x.slice([0, 0]);
    using nothing = cuda.map(empty, x => exp(x));
    expect([nothing.size, rows.size]).to.deep.equal([0, 3]);
  });

  it("computes more elements than a launch has threads, in place", async () => {
    // The fake device gets 65,536 threads, each of which takes four elements a turn.
    for (const n of [262_144, 262_145, 2 * 262_144 + 7]) {
      const values = Float32Array.from({ length: n + 1 }, (_, i) => i);
      using all = await cuda.upload(values);
      using x = all.slice([0, n]);
      cuda.mapInto(x, [x, x], (x, y) => x.add(y).add(1));
      expect(await all.download()).to.deep.equal(values.map((value, i) => (i < n ? 2 * value + 1 : value)));
    }
  });

  for (const n of [1, 5, 255, 256, 257, 40_000, 70_001]) {
    it(`reduces ${n} elements in one pass`, async () => {
      for (const Type of [Float32Array, Float64Array]) {
        const x = Type.from(random(n));
        using array = await cuda.upload(x);
        const values = numbers(x);
        const found = await cuda.reduce(array, x => ({
          sum: x.sum(),
          mean: x.mean(),
          min: x.min(),
          max: x.max(),
          argmin: x.argmin(),
          argmax: x.argmax(),
          dot: x.dot(x.add(1)),
          norm: x.norm(),
          any: x.gt(1.9).any(),
          all: x.gt(-1.9).all(),
          count: x.lt(0).sum(),
        }));
        const sum = values.reduce((total, value) => total + value, 0);
        const most = values.reduce((a, b) => Math.max(a, b));
        const least = values.reduce((a, b) => Math.min(a, b));
        expect(found.sum).to.be.closeTo(sum, 1e-9);
        expect(found.mean).to.be.closeTo(sum / n, 1e-9);
        expect([found.min, found.max]).to.deep.equal([least, most]);
        expect([found.argmin, found.argmax]).to.deep.equal([values.indexOf(least), values.indexOf(most)]);
        expect(found.dot).to.be.closeTo(
          values.reduce((total, value) => total + value * (value + 1), 0),
          n * 1e-6,
        );
        expect(found.norm).to.be.closeTo(Math.hypot(...values), 1e-9);
        expect([found.any, found.all]).to.deep.equal([
          Number(most > Type.of(1.9)[0]),
          Number(least > Type.of(-1.9)[0]),
        ]);
        expect(found.count).to.equal(values.filter(value => value < 0).length);
      }
    });
  }

  it("reduces infinities, NaN, equal elements and nothing as the host does", async () => {
    using infinite = await cuda.upload(new Float32Array(600).fill(Number.POSITIVE_INFINITY));
    expect(await cuda.reduce(infinite, x => ({ a: x.argmin(), b: x.argmax(), c: x.min() }))).to.deep.equal({
      a: 0,
      b: 0,
      c: Number.POSITIVE_INFINITY,
    });
    const holes = new Float64Array(1000);
    holes[700] = holes[300] = Number.NaN;
    using array = await cuda.upload(holes);
    expect(
      await cuda.reduce(array, x => ({ a: x.argmin(), b: x.argmax(), c: x.max(), d: x.min() })),
    ).to.deep.equal({
      a: 300,
      b: 300,
      c: Number.NaN,
      d: Number.NaN,
    });
    using huge = await cuda.upload(new Float64Array([3e200, 4e200]));
    expect(await cuda.reduce(huge, x => x.norm())).to.be.closeTo(5e200, 1e186);
    using tiny = await cuda.upload(new Float64Array([3e-200, 4e-200]));
    expect(await cuda.reduce(tiny, x => x.norm())).to.be.closeTo(5e-200, 1e-213);
    using none = cuda.zeros(0);
    expect(
      await cuda.reduce(none, x => ({
        sum: x.sum(),
        mean: x.mean(),
        dot: x.dot(x),
        norm: x.norm(),
        any: x.gt(0).any(),
        all: x.gt(0).all(),
      })),
    ).to.deep.equal({ sum: 0, mean: Number.NaN, dot: 0, norm: 0, any: 0, all: 1 });
    await fails(() => cuda.reduce(none, x => x.max()), ArgumentError, /reduce: max of no elements/);
  });

  it("reduces by names, as a text, a reduction or several", async () => {
    const [x, y] = [random(500), random(500)];
    using a = await cuda.upload(x);
    using b = await cuda.upload(y);
    const mean = x.reduce((p, q) => p + q) / 500;
    const variance = x.reduce((sum, each) => sum + (each - mean) ** 2, 0);
    const text = "sum(pow(x - m, 2))";
    expect(await cuda.reduce(text, { x: a, m: mean })).to.be.closeTo(variance, 1e-9);
    expect(await cuda.reduce(parse(text), { x: a, m: mean })).to.be.closeTo(variance, 1e-9);
    const several = { most: parse("max(x)") as Reduction, product: parse("dot(x, y)") as Reduction };
    const { most, product } = await cuda.reduce(several, { x: a, y: b });
    expect(most).to.equal(Math.max(...x));
    expect(product).to.be.closeTo(
      x.reduce((sum, each, i) => sum + each * y[i], 0),
      1e-9,
    );
    await fails(
      () => cuda.reduce("x + 1", { x: a }),
      ArgumentError,
      /must be a reduction, .* which map takes/,
    );
    await fails(() => cuda.reduce("sum(x)", null as never), ArgumentError, /values are given by name/);
    await fails(() => cuda.reduce(a, { x: a } as never), ArgumentError, /must be a function/);
  });

  it("shares kernels among expressions that differ in their numbers, and among calls that do", async () => {
    using x = cuda.full(3, 2);
    const launched: string[] = [];
    const { modules } = cuda.device();
    const launch = modules.launch.bind(modules);
    modules.launch = (name, ...rest) => {
      launched.push(name);
      launch(name, ...rest);
    };
    try {
      for (let i = 1; i <= 20; i++) {
        const [rate, shift] = [1 + i * 1e-3, -0.13 * i];
        using y = cuda.map(x, x => x.mul(rate).add(shift).sub(rate), { dtype: "float64" });
        expect(numbers(await y.download())[0]).to.equal(2 * rate + shift - rate);
        expect(await cuda.reduce(x, x => x.sub(rate).sum(), { dtype: "float64" })).to.be.closeTo(
          3 * (2 - rate),
          1e-12,
        );
      }
    } finally {
      modules.launch = launch;
    }
    const kernels = new Set(launched.filter(name => name.startsWith("expression")));
    expect(kernels.size).to.equal(2);
    // More of them than a kernel has parameters.
    using many = cuda.map(x, x => {
      let sum = x;
      for (let i = 0; i < 1000; i++) sum = sum.add(5 + i);
      return sum;
    });
    expect(numbers(await many.download())).to.deep.equal([504_502, 504_502, 504_502]);
  });

  it("names the function that was called in errors", async () => {
    using x = cuda.zeros([2, 2]);
    using other = cuda.zeros(3);
    await fails(() => cuda.map([x, other], (x, y) => x.add(y)), ArgumentError, /^map: all arrays must lie/);
    await fails(() => cuda.mapInto(other, x, x => x.add(1)), ArgumentError, /^mapInto: .* must lie dense/);
    await fails(
      () => cuda.evaluate("x + y", { x, y: other }),
      ArgumentError,
      /^evaluate: all arrays must lie/,
    );
  });

  it("takes expressions that are deeper than the stack of calls", async () => {
    using one = cuda.full(3, 1);
    const sum = (x: Expression): Expression => {
      let whole = x;
      for (let i = 1; i < 20_000; i++) whole = whole.add(x);
      return whole;
    };
    using y = cuda.map(one, sum);
    expect(numbers(await y.download())).to.deep.equal([20_000, 20_000, 20_000]);
    expect(await cuda.reduce(one, x => sum(x).sum())).to.equal(60_000);
  });

  const x = (): cuda.DeviceArray => cuda.zeros([2, 2]);
  const wrong: readonly [string, () => unknown, RegExp][] = [
    [
      "a missing value",
      () => cuda.evaluate("x + y", { x: x() }),
      /y must be a device array or a number, but is nothing/,
    ],
    [
      "a typed array",
      () => cuda.evaluate("x + y", { x: x(), y: new Float32Array(4) as never }),
      /y must be .* but is a typed array \(upload it\)/,
    ],
    [
      "a typed array in the expression",
      () => cuda.map(x(), x => x.add(new Float32Array(4))),
      /cannot read the typed array in it; upload it/,
    ],
    ["no array", () => cuda.evaluate("a + 1", { a: 2 }), /no array takes part/],
    [
      "shapes",
      () => cuda.map([x(), cuda.zeros([4])], (a, b) => a.add(b)),
      /one device and have one shape, but there are DeviceArray\(2 x 2/,
    ],
    [
      "devices",
      () => cuda.map([x(), cuda.zeros([2, 2], { device: 1 })], (a, b) => a.add(b)),
      /one device and have one shape/,
    ],
    [
      "a target",
      () => cuda.mapInto(cuda.zeros([3]), x(), x => x),
      /must lie dense on device 0 and have the shape 2 x 2/,
    ],
    [
      "a type to compute in",
      () => cuda.map(x(), x => x, { dtype: "float16" as never }),
      /expected "float32" or "float64"/,
    ],
    [
      "a reduction for map",
      () => cuda.map(x(), x => x.sum() as never),
      /map: the function must give an expression, .* class Reduction; reduce takes reductions/,
    ],
    [
      "JavaScript's own operators",
      () => cuda.map(x(), x => ((x as never) + 1) as never),
      /map: the function must give an expression, such as x.add\(1\) for x \+ 1; it gave a string/,
    ],
    [
      "no function",
      () => cuda.map(x(), undefined as never),
      /the function of the elements must be a function/,
    ],
    [
      "a function before the array",
      () => cuda.mapInto(x(), ((x: unknown) => x) as never, x() as never),
      /mapInto: the first argument must be a device array; got a function/,
    ],
    [
      "a typed array in a list",
      () => cuda.map([x(), new Float32Array(4) as never], (x, y) => x.add(y)),
      /map: array 1 of the list must be a device array; got Float32Array\(4\), which upload makes one of/,
    ],
    [
      "more arrays than a kernel has parameters",
      () => cuda.map(Array.from({ length: 511 }, x), (...of) => of.reduce((sum, one) => sum.add(one))),
      /511 arrays and numbers take part, and a kernel has room for 510; do it in steps/,
    ],
    [
      "no values",
      () => cuda.evaluate("x", undefined as never),
      /given by name, such as { x: array }; got undefined/,
    ],
    [
      "a name that all objects know",
      () => cuda.evaluate("x + toString", { x: x() }),
      /toString must be a device array or a number, but is nothing/,
    ],
    [
      "no target",
      () => cuda.evaluateInto(null as never, "x", { x: x() }),
      /the target must be a device array; got null/,
    ],
    [
      "a number for reduce",
      () => cuda.reduce(x(), () => 3 as never),
      /must be a reduction, .* is a number \(3\)/,
    ],
    ["nothing for reduce", () => cuda.reduce(x(), () => null as never), /must be a reduction, .* is null/],
    [
      "no names for reduce",
      () => cuda.reduce(x(), () => ({})),
      /each of several by name, must be a reduction/,
    ],
    [
      "one expression for reduce",
      () => cuda.reduce(x(), x => x as never),
      /must be a reduction, such as x.sum\(\); it is an object of class Expression, which map takes/,
    ],
    [
      "an expression for reduce",
      () => cuda.reduce(x(), x => ({ y: sin(x) as never })),
      /y must be a reduction/,
    ],
    [
      "overlapping views",
      () => {
        const all = cuda.zeros(10);
        cuda.mapInto(all.slice([1, 9]), all.slice([0, 8]), x => x);
      },
      /overlaps an array that is read/,
    ],
  ];
  for (const [what, work, sentence] of wrong) {
    it(`explains what is wrong with ${what}`, async () => {
      await fails(work, ArgumentError, sentence);
    });
  }

  it("passes on what the driver's compiler says", async () => {
    using a = x();
    await failing("cuModuleLoadDataEx=218", () =>
      fails(
        () => cuda.evaluate("erf(x) * lgamma(x + 1)", { x: a }),
        CudaError,
        /compiling expression_\w+ for device 0 .*CUDA_ERROR_INVALID_PTX/,
      ),
    );
    using again = cuda.evaluate("erf(x) * lgamma(x + 1)", { x: a });
    expect(numbers(await again.download())).to.deep.equal([0, 0, 0, 0]);
  });
});
