import { expect } from "chai";
import { ArgumentError } from "../../../src/errors.ts";
import { compileProgram } from "../../../src/linalg/expressions/program.ts";
import {
  array,
  compile,
  cos,
  type Expression,
  erfc,
  evaluate,
  evaluateInto,
  exp,
  expr,
  fma,
  isnan,
  log,
  map,
  mapInto,
  maximum,
  type NumericArray,
  type Operand,
  parameter,
  parse,
  reduce,
  setThreads,
  sin,
  sqrt,
  sync,
  tanh,
  where,
} from "../../../src/linalg/index.ts";
import { native } from "../../../src/native.ts";
import { expectFree } from "../event-loop.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

const ramp = (length: number, step = 0.01): Float64Array =>
  new Float64Array(length).map((_, index) => index * step - 2);

/** Lengths about registers, blocks and chunks. */
const lengths = [0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 511, 512, 513, 1000, 16383, 16384, 16385, 40_000];

function fails(work: () => unknown, ...texts: RegExp[]): void {
  for (const text of texts) expect(work).to.throw(ArgumentError, text);
}

async function rejects(promise: Promise<unknown>, text: RegExp): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(ArgumentError);
  expect((error as Error).message).to.match(text);
}

describe("expressions", () => {
  afterEach(() => setThreads(2));

  describe("values", () => {
    for (const length of lengths) {
      it(`should compute ${length} elements as JavaScript does`, async () => {
        const x = ramp(length);
        const wanted = x.map(value => (value * value - 3 / (value + 5)) * Math.floor(value));
        const f = (x: Expression) =>
          x
            .mul(x)
            .sub(array(new Float64Array(length).fill(3)).div(x.add(5)))
            .mul(expr`floor(${x})`);
        expect(sync.map(x, f)).to.deep.equal(wanted);
        expect(await map(x, f)).to.deep.equal(wanted);
        const narrow = Float32Array.from(x);
        const rounded = narrow.map(value => Math.fround(Math.fround(value * value) + Math.fround(0.1)));
        expect(sync.map(narrow, x => x.mul(x).add(0.1))).to.deep.equal(rounded);
      });
    }

    it("should be the same however it is written", async () => {
      const x = Float32Array.from(ramp(1000));
      const built = await map(x, x => exp(x).add(sin(x).mul(3)));
      expect(await evaluate(expr`exp(${x}) + 3 * sin(${x})`)).to.deep.equal(built);
      expect(await compile("exp(x) + 3 * sin(x)")(x)).to.deep.equal(built);
      const e = exp(array(x)).add(sin(x).mul(3));
      expect(await compile(e)()).to.deep.equal(built);
      const p = parameter("x");
      expect(sync.compile(exp(p).add(sin(p).mul(3)))(x)).to.deep.equal(built);
      const target = new Float32Array(1000);
      expect(await evaluateInto(target, e)).to.equal(target);
      expect(target).to.deep.equal(built);
      expect(built).to.be.instanceOf(Float32Array);
      built.forEach((value, index) => {
        expect(value).to.be.closeTo(
          Math.exp(x[index]) + 3 * Math.sin(x[index]),
          1e-6 * (3 + Math.exp(x[index])),
        );
      });
    });

    it("should keep many terms apart", () => {
      const arrays = Array.from({ length: 40 }, (_, k) => ramp(1500, 0.001 * (k + 1)));
      // Every term is needed again at the end, so that no register can be given up.
      const terms = arrays.map((x, k) => array(x).mul(k + 1));
      const sum = terms.reduce((a, b) => a.add(b));
      const product = terms.reduceRight((a, b) => b.sub(a));
      const found = sync.evaluate(sum.mul(product));
      for (const index of [0, 1, 777, 1499]) {
        const values = arrays.map((x, k) => x[index] * (k + 1));
        const wanted = values.reduce((a, b) => a + b) * values.reduceRight((a, b) => b - a);
        expect(found[index]).to.equal(wanted);
      }
    });

    it("should compute a function with the sum that needs it, and what is needed twice once", () => {
      const x = Float64Array.from({ length: 1500 }, (_, i) => (i % 97) / 9 + 0.1);
      const y = Float64Array.from(x, (v, i) => v - i / 50);
      const [a, b] = [array(x, "x"), array(y, "y")];
      const count = (e: Expression) => compileProgram([e], true, () => false).code[2];
      for (const make of [sqrt, exp, log, sin, cos, tanh]) {
        for (const dtype of ["float64", "float32"] as const) {
          const type = dtype === "float64" ? Float64Array : Float32Array;
          const into = (e: Expression) => sync.evaluateInto(new type(x.length), e, { dtype });
          const f = array(into(make(a)), "f");
          for (const [one, apart] of [
            [make(a).mul(3).add(b), f.mul(3).add(b)],
            [b.add(b.mul(make(a))), b.add(b.mul(f))],
            [make(a).add(b), f.add(b)],
            [b.add(make(a)), b.add(f)],
          ]) {
            expect(count(one), String(one)).to.equal(1);
            expect(into(one), String(one)).to.deep.equal(into(apart));
          }
          // Of the same function written twice, of which one might go with the sum.
          const twice = make(a).mul(3).add(make(a));
          expect(count(twice)).to.equal(2);
          expect(into(twice)).to.deep.equal(into(f.mul(3).add(f)));
        }
        expect(
          count(
            make(a)
              .add(exp(b.mul(2)))
              .add(make(a).add(exp(b.mul(2)))),
          ),
        ).to.equal(4);
      }
    });

    it("should take a long chain", () => {
      // Work that grew with the square of the length would take minutes.
      const count = 40_000;
      let e: Expression = array(Float64Array.of(1, 2), "x");
      for (let i = 0; i < count; i++) e = e.add(i);
      const sum = (count * (count - 1)) / 2;
      expect(Array.from(sync.evaluate(e))).to.deep.equal([sum + 1, sum + 2]);
      expect(sync.evaluate(e.sum())).to.equal(2 * sum + 3);
      expect(String(e)).to.match(/^\({40000}x \+ 0\) \+ 1\).* \+ 39999\)$/);
    });

    it("should choose with where and combine conditions", () => {
      const x = Float64Array.of(-1, 0, 2, nan, 5);
      const choose = (e: (x: Expression) => Expression) => Array.from(sync.map(x, e));
      expect(choose(x => where(x.gt(0), x, -1))).to.deep.equal([-1, -1, 2, -1, 5]);
      expect(choose(x => where(x, 1, 2))).to.deep.equal([1, 2, 1, 1, 1]);
      expect(choose(x => where(isnan(x), 7, x.neg()))).to.deep.equal([1, -0, -2, 7, -5]);
      expect(choose(x => x.ge(0).and(x.lt(5)))).to.deep.equal([0, 1, 1, 0, 0]);
      expect(choose(x => x.le(0).or(x.eq(5)).not())).to.deep.equal([0, 0, 1, 1, 0]);
      expect(choose(x => x.ne(2).add(x.gt(0)))).to.deep.equal([1, 1, 1, 1, 2]);
      expect(sync.map(x, x => x.gt(0))).to.deep.equal(Uint8Array.of(0, 0, 1, 0, 1));
      expect(sync.mapInto(new Float32Array(5), x, x => x.gt(0))).to.deep.equal(
        Float32Array.of(0, 0, 1, 0, 1),
      );
    });

    it("should give several outcomes in one pass", async () => {
      const x = Float32Array.from(ramp(5000));
      const { y, total, largest } = await reduce(x, x => {
        const y = exp(x);
        return { y, total: y.sum(), largest: y.max() };
      });
      expect(y).to.deep.equal(sync.map(x, exp));
      expect(total).to.equal(await reduce(x, x => exp(x).sum()));
      expect(largest).to.equal(y.at(-1));
    });
  });

  describe("element types", () => {
    const integers: NumericArray[] = [
      Int8Array.of(-128, 0, 127),
      Uint8Array.of(0, 1, 255),
      Uint8ClampedArray.of(0, 1, 255),
      Int16Array.of(-32768, 0, 32767),
      Uint16Array.of(0, 1, 65535),
      Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1),
      Uint32Array.of(0, 1, 2 ** 32 - 1),
      BigInt64Array.of(-(2n ** 63n), 3n, 2n ** 53n + 1n),
      BigUint64Array.of(0n, 3n, 2n ** 64n - 1n),
    ];
    for (const x of integers) {
      const name = x.constructor.name;
      it(`should convert ${name}`, () => {
        const wanted = Float64Array.from(x as ArrayLike<number>, value => Number(value) + 0.5);
        expect(sync.map(x, x => x.add(0.5))).to.deep.equal(wanted);
        const narrow = sync.map([x, new Float32Array(3)], (x, y) => x.add(y));
        const small = x.BYTES_PER_ELEMENT < 4;
        expect(narrow).to.be.instanceOf(small ? Float32Array : Float64Array);
        expect(Array.from(narrow)).to.deep.equal(Array.from(x as ArrayLike<number>, Number));
        expect(sync.map(x, x => x.mul(1), { dtype: "float32" })).to.be.instanceOf(Float32Array);
      });
    }

    it("should convert Float16Array where there is one", function () {
      // A matter of the version of Node, not of what is installed, so no failure anywhere.
      if (typeof Float16Array === "undefined") {
        console.warn(`      skipped: Node ${process.version} has no Float16Array`);
        this.skip();
      }
      const x = Float16Array.from(ramp(1001));
      const found = sync.map(x, x => x.mul(3));
      expect(found).to.deep.equal(Float32Array.from(x, value => value * 3));
    });

    it("should compute in double precision when a Float64Array takes part", () => {
      const found = sync.map([Float32Array.of(0.1), Float64Array.of(0.2)], (a, b) => a.add(b));
      expect(found).to.deep.equal(Float64Array.of(Math.fround(0.1) + 0.2));
    });

    it("should convert to the type of the target", async () => {
      const x = Float64Array.of(0.1, 1e300);
      expect(await mapInto(new Float32Array(2), x, x => x.mul(3))).to.deep.equal(
        Float32Array.of(0.30000000000000004, inf),
      );
      const narrow = Float32Array.of(0.1, 2);
      expect(await mapInto(new Float64Array(2), narrow, x => x.mul(2))).to.deep.equal(
        Float64Array.of(Math.fround(0.1) * 2, 4),
      );
    });

    it("should work in shared memory, on subarrays and on subclasses", () => {
      const shared = new Float64Array(new SharedArrayBuffer(80)).fill(1.5);
      sync.mapInto(shared, shared, x => x.mul(2));
      expect(shared).to.deep.equal(new Float64Array(10).fill(3));
      const part = Float32Array.from(ramp(600)).subarray(3, 590);
      const target = new Float32Array(600).subarray(5, 592);
      expect(sync.mapInto(target, part, x => x.add(1))).to.deep.equal(part.map(value => value + 1));
      class Mine extends Float64Array {}
      expect(sync.map(Mine.of(1, 2), x => x.add(1))).to.deep.equal(Float64Array.of(2, 3));
      expect(sync.map(Buffer.from([1, 2]), x => x.add(1))).to.deep.equal(Float64Array.of(2, 3));
    });
  });

  describe("in place", () => {
    for (const length of [1000, 1001, 100_000]) {
      it(`should write ${length} elements over what it reads`, async () => {
        const wanted = ramp(length).map(value => value * value + value);
        const x = ramp(length);
        expect(await mapInto(x, x, x => x.mul(x).add(x))).to.equal(x);
        expect(x).to.deep.equal(wanted);
        const y = ramp(length);
        sync.mapInto(y, [y, x], (y, x) => where(y.lt(0), x, y.mul(y).add(y)));
        expect(y).to.deep.equal(wanted);
      });
    }
  });

  describe("reductions", () => {
    for (const Type of [Float64Array, Float32Array]) {
      for (const length of lengths.filter(length => length > 0)) {
        it(`should be right for ${length} elements of ${Type.name}`, async () => {
          // Sums of these are exact.
          const x = new Type(length).map((_, index) => ((index * 37) % 101) - 50);
          const values = Array.from(x);
          const found = await reduce(x, x => ({
            sum: x.sum(),
            mean: x.mean(),
            min: x.min(),
            max: x.max(),
            argmin: x.argmin(),
            argmax: x.argmax(),
            dot: x.dot(x.add(1)),
            norm: x.norm(),
            any: x.gt(49).any(),
            all: x.gt(-50).all(),
            count: x.gt(0).sum(),
            halves: x.mul(2).sub(x).min(),
          }));
          const sum = values.reduce((a, b) => a + b);
          const squares = values.reduce((a, b) => a + b * b, 0);
          expect(found).to.deep.equal({
            sum,
            mean: sum / length,
            min: Math.min(...values),
            max: Math.max(...values),
            argmin: values.indexOf(Math.min(...values)),
            argmax: values.indexOf(Math.max(...values)),
            dot: squares + sum,
            norm: Math.sqrt(squares),
            any: Number(values.some(value => value > 49)),
            all: Number(values.every(value => value > -50)),
            count: values.filter(value => value > 0).length,
            halves: Math.min(...values),
          });
        });
      }
    }

    it("should not depend on the number of threads or the instruction set", () => {
      const x = Float32Array.from(ramp(1_000_003, 1e-5));
      const e = exp(array(x)).mul(cos(x));
      const best = native().expressionLevel();
      const found = [];
      for (const level of ["avx512", "avx2", "neon", "baseline"]) {
        if (native().expressionLevel(level) !== level) continue;
        for (const threads of [1, 2, 3, 7]) {
          setThreads(threads);
          found.push(sync.evaluate({ sum: e.sum(), dot: e.dot(x), min: e.min(), at: e.argmax() }));
        }
      }
      native().expressionLevel(best);
      for (const other of found) expect(other).to.deep.equal(found[0]);
    });

    it("should lose little in long sums", () => {
      const x = new Float32Array(2_000_000).fill(0.1);
      expect(sync.reduce(x, x => x.sum())).to.be.closeTo(2e6 * Math.fround(0.1), 1e-9 * 2e5);
      const y = new Float64Array(1_000_000).fill(0.1);
      expect(sync.reduce(y, y => y.sum())).to.be.closeTo(1e5, 1e-10 * 1e5);
    });

    it("should find norms without overflow", () => {
      const norm = (...values: number[]) => sync.reduce(Float64Array.from(values), x => x.norm());
      expect(norm(3e200, 4e200)).to.be.closeTo(5e200, 1e186);
      expect(norm(3e-200, -4e-200)).to.be.closeTo(5e-200, 1e-214);
      expect(norm(0, 0)).to.equal(0);
      expect(norm(1, inf)).to.equal(inf);
      expect(norm(1, nan)).to.be.NaN;
      expect(sync.reduce(Float32Array.of(3e30, 4e30), x => x.norm())).to.be.closeTo(5e30, 1e24);
    });

    it("should let NaN win, at its first place", () => {
      const x = new Float32Array(50_000).map((_, index) => index % 100);
      x[17_000] = x[30_000] = nan;
      const { min, max, argmin, argmax } = sync.reduce(x, x => ({
        min: x.min(),
        max: x.max(),
        argmin: x.argmin(),
        argmax: x.argmax(),
      }));
      expect([min, max, argmin, argmax]).to.deep.equal([nan, nan, 17_000, 17_000]);
    });

    it("should tell -0 from 0, and take the first place of equals", () => {
      const { min, max, at } = sync.reduce(Float64Array.of(0, -0, 0), x => ({
        min: x.min(),
        max: x.max(),
        at: x.argmin(),
      }));
      expect(Object.is(min, -0)).to.equal(true);
      expect(Object.is(max, 0)).to.equal(true);
      expect(at).to.equal(0);
    });

    it("should know what no elements give", () => {
      const none = new Float64Array(0);
      expect(
        sync.reduce(none, x => ({ sum: x.sum(), mean: x.mean(), norm: x.norm(), dot: x.dot(x) })),
      ).to.deep.equal({
        sum: 0,
        mean: nan,
        norm: 0,
        dot: 0,
      });
      expect(sync.reduce(none, x => ({ any: x.any(), all: x.all() }))).to.deep.equal({ any: 0, all: 1 });
      for (const name of ["min", "max", "argmin", "argmax"] as const) {
        fails(() => sync.reduce(none, x => x[name]()), new RegExp(`reduce: ${name} of no elements`));
      }
    });

    it("should reduce numbers", () => {
      const x = new Float64Array(20_000);
      expect(
        sync.reduce(x, x => ({ sum: where(x.eq(0), 2, 3).sum(), two: expr`2 * 3`.max() })),
      ).to.deep.equal({
        sum: 40_000,
        two: 6,
      });
      expect(sync.compile("sum(a)")({ a: x })).to.equal(0);
    });
  });

  describe("text", () => {
    const value = (text: string, bindings = {}) => {
      const found = sync.compile(`${text} + 0 * x`)({ x: Float64Array.of(0), ...bindings }) as Float64Array;
      return found[0];
    };

    it("should have the precedence of JavaScript", () => {
      const cases: { [text: string]: number } = {
        "1 + 2 * 3": 7,
        "(1 + 2) * 3": 9,
        "10 - 4 - 3": 3,
        "16 / 4 / 2": 2,
        "2 ** 3 ** 2": 512,
        "-3 ** 2": -9,
        "2 ** -1": 0.5,
        "2 * -3": -6,
        "- -4": 4,
        "+5": 5,
        "(1 < 2 == 3 > 2)": 1,
        "(1 > 2 || 2 > 1 && 3 > 4)": 0,
        "(1 < 2 ? 3 : 4 < 5 ? 6 : 7)": 3,
        "(1 > 2 ? 3 : 4 > 5 ? 6 : 7)": 7,
        "!(1 > 2)": 1,
        "min(3, 2) + max(3, 2)": 5,
        "minimum(3, 2)": 2,
        "1.5e2 + .5 + 2.": 152.5,
        "hypot(3, 4) + atan2(0, 1)": 5,
        "cos(pi)": -1,
        "where(0, 1, 2)": 2,
        "fma(2, 3, 4)": 10,
      };
      for (const [text, wanted] of Object.entries(cases)) expect(value(text), text).to.equal(wanted);
      expect(value("a * b", { a: 6, b: 7 })).to.equal(42);
      expect(value("constructor + toString", { constructor: 6, toString: 7 })).to.equal(13);
      fails(() => parse("constructor(1)"), /there is no function constructor/);
      fails(() => parse(5 as never), /^expected the text of an expression, but got number/);
      expect(value("Infinity")).to.equal(inf);
    });

    it("should be what it prints", () => {
      for (const text of [
        "exp(x) + 3 * sin(y)",
        "-x ** 2",
        "a < b && !(c >= d) ? e : -1.5",
        "sum(x * y)",
        "dot(x, y)",
      ]) {
        const printed = String(parse(text));
        expect(String(parse(printed)), text).to.equal(printed);
      }
      expect(String(parse("exp(x) + 3 * sin(x)"))).to.equal("(exp(x) + (3 * sin(x)))");
      expect(String(parse("max(x)"))).to.equal("max(x)");
    });

    it("should say that it is nested too deep", () => {
      const cases = [
        ["(", "x", ")"],
        ["exp(", "x", ")"],
        ["-", "x", ""],
        ["!", "x", ""],
        ["2**", "x", ""],
        ["x ? ", "x", ": 1"],
        ["x ? 1 : ", "x", ""],
      ];
      for (const [open, middle, close] of cases) {
        const nested = (depth: number) => `${open.repeat(depth)}${middle}${close.repeat(depth)}`;
        expect(sync.compile(nested(250)).parameters, open).to.deep.equal(["x"]);
        for (const depth of [350, 50_000])
          fails(() => parse(nested(depth)), /^nested more than 300 deep, at position/);
      }
      // What only follows each other does not count.
      expect(sync.compile(`${"-(x) + ".repeat(1000)}x`).parameters).to.deep.equal(["x"]);
    });

    it("should name its parameters in their order", () => {
      expect(compile("b * x + a * x").parameters).to.deep.equal(["b", "x", "a"]);
      const f = sync.compile("a * x + b");
      expect(f(2, Float64Array.of(1, 2), 3)).to.deep.equal(Float64Array.of(5, 7));
      expect(f({ a: Float64Array.of(1, 2), x: 2, b: Float64Array.of(3, 4) })).to.deep.equal(
        Float64Array.of(5, 8),
      );
      expect(f.into(new Float32Array(2), 2, Float64Array.of(1, 2), 3)).to.deep.equal(Float32Array.of(5, 7));
    });

    it("should show its tree", () => {
      const x = Float64Array.of(1);
      const { node } = expr`exp(${x}) * 2`;
      expect(node).to.have.property("function", "multiply");
      const [left, right] = (node as { operands: readonly Expression[] }).operands;
      expect(right.node).to.deep.equal({ kind: "number", value: 2 });
      expect(left.node).to.have.property("function", "exp");
      expect((left.node as { operands: readonly Expression[] }).operands[0].node).to.have.property(
        "array",
        x,
      );
    });

    it("should say where it is wrong", () => {
      const cases: { [text: string]: RegExp } = {
        "exp(x": /^expected "\)" before the end, at position 6:\n {2}exp\(x\n {7}\^$/,
        "foo(x)": /^there is no function foo; known are abs, .*at position 1:/,
        "1 + arctan(x)": /^there is no function arctan; did you mean atan\?, at position 5:/,
        "Exp(x)": /did you mean exp\?/,
        "x +": /^expected a number, a name or "\(" before the end, at position 4:/,
        "3 @ 4": /^"@" is no part of an expression, at position 3:/,
        "sin(x, y)": /^sin takes 1 operand, and got 2, at position 1:/,
        "where(x, y)": /^where takes 3 operands, and got 2, at position 1:/,
        "2 x": /^expected an operator before "x", at position 3:/,
        "1 + sum(x)": /^sum makes one number of all elements, .*at position 5:/,
        "sum(x) + 1": /^expected an operator before "\+"|at position 8/,
        "dot(x)": /^dot takes 2, and got 1, at position 1:/,
        "exp + 1": /^exp is a function: write exp\(\.\.\.\), at position 1:/,
        "x ? 1": /^expected ":" before the end, at position 6:/,
        "": /^expected a number, a name or "\(" before the end, at position 1:/,
        "x = 2": /^"=" is no part of an expression, at position 3:/,
        "1 + ${0}": /made of numbers, typed arrays and expressions, but got undefined/,
      };
      for (const [text, message] of Object.entries(cases)) fails(() => parse(text), message);
    });
  });

  describe("errors", () => {
    const x = ramp(10);

    it("should name arrays of different lengths", async () => {
      const y = ramp(9);
      fails(() => sync.map([x, y], (x, y) => x.add(y)), /map: .*argument 1 has 10 elements and argument 2 9/);
      fails(() => sync.evaluate(expr`${x} + ${y}`), /\$\{0\} has 10 elements and \$\{1\} 9/);
      fails(() => sync.compile("a + b")({ a: x, b: y }), /a has 10 elements and b 9/);
      fails(() => sync.evaluate(array(x, "mass").mul(array(y, "speed"))), /mass has 10 elements and speed 9/);
      fails(() => sync.mapInto(y, x, exp), /argument 1 has 10 elements and the target 9/);
      await rejects(
        map([x, y], (x, y) => x.add(y)),
        /argument 1 has 10 elements/,
      );
    });

    it("should know no function of a tree made by hand, nor options that are none", async () => {
      const operand = array(x);
      const Made = operand.constructor as new (node: unknown) => Expression;
      for (const name of ["foo", "toString"]) {
        const made = new Made({ kind: "call", function: name, operands: [operand] });
        fails(() => sync.evaluate(made), new RegExp(`^there is no function ${name}$`));
      }
      fails(
        () => sync.evaluate(exp(x), null as never),
        /^evaluate: options must be an object with any of dtype; got null/,
      );
      await rejects(
        map(x, exp, 1 as never),
        /^map: options must be an object with any of dtype; got a number/,
      );
    });

    it("should refuse memory that overlaps", async () => {
      fails(
        () => sync.mapInto(x.subarray(1), x.subarray(0, 9), exp),
        /mapInto: the target overlaps argument 1 in memory/,
      );
      const bytes = new ArrayBuffer(80);
      const wide = new Float64Array(bytes);
      const narrow = new Float32Array(bytes, 0, 10);
      fails(() => sync.mapInto(wide, narrow, exp), /overlaps/);
      await rejects(mapInto(x.subarray(1), x.subarray(0, 9), exp), /overlaps/);
    });

    it("should refuse targets that cannot take numbers", () => {
      for (const target of [
        new Int32Array(10),
        new Uint8Array(10),
        [1, 2],
        undefined,
        new BigInt64Array(10),
      ]) {
        fails(
          () => sync.mapInto(target as never, x, exp),
          /mapInto: the target must be a Float32Array or a Float64Array, but is/,
        );
      }
      fails(
        () => sync.mapInto(new Int8Array(10) as never, x, x => x.gt(0)),
        /or a Uint8Array for conditions/,
      );
    });

    it("should refuse what is no expression", async () => {
      fails(() => sync.map([1, 2] as never, exp), /map: array 1 is no typed array, but a number \(1\)/);
      fails(
        () => sync.map("x" as never, exp),
        /map: expected a typed array or a list of those, but got a string/,
      );
      fails(() => sync.map(x, 3 as never), /map: expected a function of expressions, but got a number \(3\)/);
      fails(() => sync.map(x, (() => 3) as never), /map: expected an expression, but got a number/);
      fails(
        () => sync.map(x, ((x: Expression) => x.sum()) as never),
        /but got an object of class Reduction; reduce takes reductions/,
      );
      fails(() => sync.evaluate(3 as never), /evaluate: expected an expression, a reduction or an object/);
      fails(
        () => sync.evaluate({ a: 3 } as never),
        /evaluate: a must be an expression or a reduction, but is a number/,
      );
      fails(() => exp([1] as never), /made of numbers, typed arrays and expressions, but got a list of 1/);
      fails(() => (exp as (...operands: Operand[]) => Expression)(), /but got undefined/);
      fails(() => fma(1, 2, "3" as never), /but got a string/);
      fails(() => sync.evaluate(exp(1)), /evaluate: the expression has no array/);
      fails(
        () => sync.map(x, exp, { dtype: "float16" as never }),
        /map: dtype must be "float32" or "float64", but is a string \("float16"\)/,
      );
      await rejects(map(x, 3 as never), /expected a function/);
    });

    it("should refuse parameters without a value", () => {
      const f = sync.compile("a * x");
      fails(() => f(x), /compile: the expression has 2 parameters \(a, x\), but got 1 value/);
      fails(() => f({ a: x }), /compile: parameter x must be a typed array or a number, but is undefined/);
      fails(() => f("1" as never, x), /parameter a must be a typed array or a number, but is a string/);
      fails(() => sync.evaluate(parameter("y").add(x)), /evaluate: parameter y must be/);
    });

    it("should refuse programs that would read or write elsewhere", () => {
      const run = (code: number[], arrays: unknown[] = [x], targets: unknown[] = [ramp(10)], elements = 10) =>
        native().runExpression(
          Int32Array.from(code),
          Float64Array.of(1),
          arrays,
          targets,
          elements,
          new Float64Array(0),
          false,
        );
      const copy = native().expressionOperations().indexOf("copy");
      expect(run([1, 1, 1, 0, copy, 0, 1, 0, 0, 0])).to.equal(undefined);
      const wrong: Parameters<typeof run>[] = [
        [[]],
        [[1, 1, 1, 0, copy, 0, 1, 0, 0]],
        [[1, 1, 1, 0, copy, 0, 1, 0, 0, 0, 0]],
        [[1, 1, 1, 0, 999, 0, 1, 0, 0, 0]],
        [[1, 1, 1, 0, copy, 1, 1, 0, 0, 0]],
        [[1, 1, 1, 0, copy, 0, 5, 0, 0, 0]],
        [[1, 1, 1, 0, copy, 0, 6, 0, 0, 0]],
        [[1, 1, 1, 0, copy, 0, 3, 0, 0, 0]],
        [[1, 1, 1, 0, copy, 0, 1, 0, 0, 1]],
        [[1, 1, 1, 1, copy, 0, 1, 0, 0, 0, 1, 1, 0]],
        [[1, 1, 1, 0, copy, 0, 1, 0, 0, 0], [x], [ramp(10)], 11],
        [[1, 1, 1, 0, copy, 0, 1, 0, 0, 0], [x], [new Int32Array(10)]],
        [[1, 1, 1, 0, copy, 0, 1, 0, 0, 0], [new DataView(new ArrayBuffer(10))]],
        [[1, 1, 1, 0, copy, 0, 1, 0, 0, 0], [[1]]],
      ];
      for (const given of wrong)
        expect(() => run(...given), JSON.stringify(given[0])).to.throw(TypeError, /not valid/);
    });
  });

  describe("on another thread", () => {
    it("should leave the event loop free", async () => {
      const x = ramp(1_000_000);
      const work = (x: Expression): Expression => log(sqrt(erfc(exp(sin(x)))).add(maximum(x, 1)));
      const y = new Float64Array(x.length);
      await expectFree(() => {
        y.fill(-7);
        return { promise: mapInto(y, x, work), written: y[y.length - 1] !== -7 };
      });
      expect(y).to.deep.equal(sync.map(x, work));
    });

    it("should run many at once", async () => {
      const x = ramp(100_000);
      const found = await Promise.all(Array.from({ length: 20 }, (_, k) => map(x, x => sin(x.mul(k)))));
      found.forEach((y, k) => {
        expect(y[99_999]).to.equal(sync.map(x, x => sin(x.mul(k)))[99_999]);
      });
    });
  });
});
