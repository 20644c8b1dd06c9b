import { inspect } from "node:util";
import { expect } from "chai";
import { ArgumentError } from "../../src/errors.ts";
import {
  type BitGenerator,
  defaultRng,
  Generator,
  MT19937,
  PCG64,
  PCG64DXSM,
  Philox,
  RandomState,
  SeedSequence,
  SFC64,
  streams,
} from "../../src/random/index.ts";

const KINDS = [PCG64, PCG64DXSM, MT19937, Philox, SFC64];

/** Draws of all kinds, by turns. */
function mixed(bits: BitGenerator): number[] {
  const g = new Generator(bits);
  return Array.from({ length: 40 }, () => [
    g.random(),
    g.integers(1000),
    ...g.standardNormalInto(new Float32Array(3)),
    g.standardNormal(),
    g.gamma(2.5),
    ...g.random(70),
  ]).flat();
}

describe("random: orders", () => {
  const types = [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
  ];
  const order = (length: number): number[] => Array.from({ length }, (_, i) => i % 100);

  // Across powers of two, where another mask begins, and blocks of draws.
  for (const length of [0, 1, 2, 3, 64, 65, 1025, 5000]) {
    it("is short on the console", () => {
      for (const kind of KINDS)
        expect(inspect(new Generator(new kind(1)))).to.equal(`Generator(${kind.name})`);
    });

    it(`should put ${length} elements into one order, whatever they are and however they are drawn`, () => {
      for (const Kind of KINDS) {
        const bits = new Kind(3);
        const list = new Generator(bits).shuffle(order(length));
        for (const type of types) {
          const other = new Kind(3);
          const array = new Generator(other).shuffle(type.from(order(length)));
          expect(Array.from(array), type.name).to.deep.equal(list);
          expect(other.state, type.name).to.deep.equal(bits.state);
        }
        for (const type of [BigInt64Array, BigUint64Array]) {
          const array = new Generator(new Kind(3)).shuffle(type.from(order(length).map(BigInt)));
          expect(Array.from(array, Number), type.name).to.deep.equal(list);
        }
        expect(list.toSorted((a, b) => a - b)).to.deep.equal(order(length).sort((a, b) => a - b));
      }
    });
  }

  it("should choose none twice, whether few or all", () => {
    for (const [n, size] of [
      [1, 1],
      [10, 10],
      [5000, 4999],
      [2 ** 33, 3000],
      [1e6, 30_000],
    ]) {
      for (const shuffled of [true, false]) {
        const chosen = defaultRng(5).choice(n, size, { replace: false, shuffle: shuffled });
        expect(new Set(chosen).size, `${size} of ${n}`).to.equal(size);
        expect(chosen.every(each => Number.isInteger(each) && each >= 0 && each < n)).to.equal(true);
      }
    }
  });

  it("should fill with the choices that it returns", () => {
    for (const options of [
      {},
      { replace: false },
      { replace: false, shuffle: false },
      { p: [0.1, 0.2, 0.3, 0.4] },
      { p: [0.1, 0.2, 0.3, 0.4], replace: false },
    ]) {
      const target = new Float64Array(3);
      expect(defaultRng(5).choiceInto(target, 4, options)).to.equal(target);
      expect(target, JSON.stringify(options)).to.eql(defaultRng(5).choice(4, 3, options));
    }
    const list = ["a", "b", "c", "d"];
    expect(defaultRng(5).choice(list, 9)).to.eql(
      Array.from(defaultRng(5).choice(4, 9), position => list[position]),
    );
  });
});

describe("random: states", () => {
  for (const Kind of KINDS) {
    it(`should go on from a state: ${Kind.name}`, () => {
      const bits = new Kind(7);
      mixed(bits);
      new Generator(bits).random();
      const { state } = bits;
      const copy = bits.copy();
      const expected = mixed(bits);
      expect(mixed(copy)).to.eql(expected);
      const other = new Kind(8);
      mixed(other);
      other.state = state as never;
      expect(mixed(other)).to.eql(expected);
    });

    it(`should not care how draws are cut into fills: ${Kind.name}`, () => {
      const whole = new Generator(new Kind(3));
      const cut = new Generator(new Kind(3));
      for (const fill of [
        (g: Generator, x: Float64Array) => g.randomInto(x),
        (g: Generator, x: Float64Array) => g.standardNormalInto(x),
        (g: Generator, x: Float64Array) => g.standardExponentialInto(x),
        (g: Generator, x: Float64Array) => g.standardGammaInto(x, 0.3),
        (g: Generator, x: Float64Array) => g.integersInto(x, 0, 3_000_000_000),
      ]) {
        const expected = fill(whole, new Float64Array(6000));
        // Beside the part that is filled nothing may change.
        const drawn = new Float64Array(6002).fill(-9);
        for (let at = 1, size = 1; at <= 6000; at += size, size = (size * 3) % 1061) {
          fill(cut, drawn.subarray(at, Math.min(6001, at + size)));
          if (at + size <= 6000) expect(drawn[at + size]).to.equal(-9);
        }
        expect(drawn.subarray(1, 6001)).to.eql(expected);
        expect([drawn[0], drawn[6001]]).to.eql([-9, -9]);
      }
      expect(cut.bitGenerator.state).to.eql(whole.bitGenerator.state);
    });

    it(`should refuse the state of another kind, and words that do not fit: ${Kind.name}`, () => {
      const bits = new Kind(1);
      const Other = Kind === PCG64 ? SFC64 : PCG64;
      expect(() => (bits.state = new Other(1).state as never)).to.throw(
        ArgumentError,
        Kind === PCG64 ? "a PCG64 cannot take the state of SFC64" : "cannot take the state of PCG64",
      );
      const { state } = bits;
      expect(() => (bits.state = { ...state, hasUint32: 2 } as never)).to.throw(ArgumentError, "hasUint32");
      for (const key of Object.keys(state.state)) {
        const wrong = { ...state, state: { ...state.state, [key]: undefined } };
        expect(() => (bits.state = wrong as never), key).to.throw(ArgumentError, "a state's");
      }
      expect(bits.state).to.eql(state);
    });
  }

  it("should fill shared memory", () => {
    const shared = new Float64Array(new SharedArrayBuffer(8000));
    expect(Array.from(defaultRng(1).randomInto(shared))).to.eql(Array.from(defaultRng(1).random(1000)));
  });

  it("should seed itself from the system, never twice the same", () => {
    expect(defaultRng().random()).not.to.equal(defaultRng().random());
    expect(new RandomState().randomSample()).not.to.equal(new RandomState().randomSample());
    expect(new SeedSequence().pool).not.to.eql(new SeedSequence().pool);
  });

  it("should keep the second normal of a pair in the state of a RandomState", () => {
    const rng = new RandomState(1);
    rng.standardNormal();
    const { state } = rng;
    expect(state.hasGauss).to.equal(1);
    const other = new RandomState(2);
    other.state = state;
    expect(other.standardNormal(3)).to.eql(rng.standardNormal(3));
  });
});

describe("random: arguments", () => {
  const g = defaultRng(1);
  const wrong: [string, () => unknown, string][] = [
    ["a negative seed", () => defaultRng(-1), "must not be negative, but is -1"],
    ["a fraction as seed", () => defaultRng(0.5), "must be a whole number"],
    ["a seed too large for a number", () => defaultRng(2 ** 60), "as a bigint"],
    ["a word as seed", () => defaultRng("one" as never), "whole number or a list"],
    ["a small pool", () => new SeedSequence(1, { poolSize: 2 }), "at least 4"],
    ["a negative stream", () => streams(1).stream(-1), "must not be negative"],
    ["a legacy seed out of range", () => new RandomState(2 ** 32), "between 0 and 2^32 - 1"],
    ["no legacy seeds", () => new RandomState([]), "at least one"],
    ["a negative size", () => g.random(-1), "a size must be"],
    ["a negative scale", () => g.normal(0, -1), "scale must not be negative, but is -1"],
    ["a negative scale of a fill", () => g.exponential(-2, 5), "scale must not be negative"],
    ["no number as scale", () => g.normal(0, Number.NaN), "scale"],
    ["a negative shape", () => g.gamma(-1), "shape must not be negative"],
    ["an endless range", () => g.uniform(0, Number.POSITIVE_INFINITY), "high must be a finite number"],
    ["a range too wide", () => g.uniform(-1.7e308, 1.7e308), "too wide"],
    ["a range upside down", () => g.uniform(2, 1), "low must not be above high"],
    ["an empty range of integers", () => g.integers(5, 5), "low must be below high"],
    ["integers below zero", () => g.integers(0), "low must be below high"],
    ["a fraction as bound", () => g.integers(0.5, 3), "whole number"],
    ["a bound too low", () => g.integers(-129, 0, 3, { dtype: "int8" }), "out of bounds for int8"],
    ["a bound too high", () => g.integers(0, 257, 3, { dtype: "uint8" }), "out of bounds for uint8"],
    ["no dtype", () => g.integers(0, 2, 3, { dtype: "int7" as never }), "dtype must be one of int8"],
    [
      "an array of floats for integers",
      () => g.integersInto(new Float32Array(3) as never, 0, 5),
      "whole numbers",
    ],
    ["a list to fill", () => g.randomInto([1, 2] as never), "Float64Array or a Float32Array"],
    ["single precision with a scale", () => g.normalInto(new Float32Array(3) as never, 0, 1), "Float64Array"],
    ["a probability above 1", () => g.binomial(5, 1.5), "from 0 to 1"],
    ["a negative count", () => g.binomial(-1, 0.5), "n must be a whole number"],
    ["a negative mean", () => g.poisson(-1), "mean must not be negative"],
    ["a mean too large", () => g.poisson(1e19), "too large"],
    ["no chance of success", () => g.geometric(0), "greater than 0"],
    ["no triangle", () => g.triangular(1, 0, 2), "left <= mode <= right"],
    [
      "probabilities that do not sum to 1",
      () => g.choice(3, 2, { p: [0.5, 0.4, 0.2] }),
      "must sum to 1, but sum to 1.1",
    ],
    ["negative probabilities", () => g.choice(2, 2, { p: [1.5, -0.5] }), "p[1] is -0.5"],
    ["too few probabilities", () => g.choice(3, 2, { p: [1] }), "each of 3 elements, but has 1"],
    ["too few to choose from", () => g.choice(3, 4, { replace: false }), "4 of 3 without replacement"],
    [
      "too few that are possible",
      () => g.choice(3, 3, { replace: false, p: [0.5, 0.5, 0] }),
      "only 2 have a probability above 0",
    ],
    ["a list to fill with choices", () => g.choiceInto([1, 2] as never, 5), "must be a Float64Array"],
    ["nothing to choose from", () => g.choice([], 1), "something to choose from"],
    [
      "options of choice that there are not",
      () => g.choice(3, 2, { weights: [1, 0, 0] } as never),
      "choice: there is no option weights; there are replace, p, shuffle",
    ],
    ["no options of choice", () => g.choice(3, 2, false as never), "options must be an object"],
    [
      "options of choiceInto",
      () => g.choiceInto(new Float64Array(2), 3, { replce: false } as never),
      "replce; did you mean replace?",
    ],
    [
      "choices of RandomState in an order",
      () => new RandomState(1).choice(3, 2, { shuffle: false } as never),
      "there is no option shuffle",
    ],
    ["options of integers", () => g.integers(0, 9, 2, { end: true } as never), "did you mean endpoint?"],
    ["no options of integers", () => g.integers(0, 9, 2, true as never), "options must be an object"],
    [
      "options of integersInto",
      () => g.integersInto(new Int32Array(2), 0, 9, { dtype: "int8" } as never),
      "there is no option dtype",
    ],
    ["options of a seed", () => new SeedSequence(1, { spawnkey: [1] } as never), "did you mean spawnKey?"],
    ["a seed for a bit generator", () => new Generator(1 as never), "not of 1; defaultRng takes a seed"],
    [
      "a Set to shuffle",
      () => g.shuffle(new Set([1, 2]) as never),
      "shuffle: expected an array, but got an object of class Set",
    ],
    ["a text to shuffle", () => new RandomState(1).shuffle("ab" as never), "shuffle: expected an array"],
    ["a permutation of a Set", () => g.permutation(new Set([1]) as never), "permutation: expected an array"],
    [
      "a permutation of a text",
      () => new RandomState(1).permutation("ab" as never),
      "permutation: expected an",
    ],
    ["a choice from nothing", () => g.choice(undefined as never), "expected a list or how many"],
    ["half a jump", () => new PCG64(1).jumped(0.5), "jumped: expected a number of jumps, not 0.5"],
    ["half a jump of Philox", () => new Philox(1).jumped(0.5), "jumped: expected a number of jumps"],
    ["half a step", () => new PCG64(1).advance(0.5), "whole number"],
    ["a jump back", () => new MT19937(1).jumped(-1), "number of jumps"],
  ];
  for (const [what, draw, message] of wrong) {
    it(`should refuse ${what}, and draw nothing`, () => {
      const before = g.bitGenerator.state;
      expect(draw).to.throw(ArgumentError, message);
      expect(g.bitGenerator.state).to.eql(before);
    });
  }
});
