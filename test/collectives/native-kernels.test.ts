import { expect } from "chai";
import fc from "fast-check";
import type { Dtype, TypedArray } from "../../src/codec/dtype.ts";
import {
  type ElementOperator,
  elementKernel,
  type Kernel,
  locKernel,
} from "../../src/collectives/kernels.ts";
import * as operators from "../../src/collectives/operators.ts";
import { native } from "../../src/native.ts";
import { available } from "./support.ts";

const builtIn = Object.values(operators).filter(
  (value): value is operators.Operator => value instanceof operators.Operator,
);

interface Pairing {
  op: operators.Operator;
  dtype: Dtype;
  loop: Kernel;
}

const pairings: Pairing[] = builtIn.flatMap(op =>
  available.flatMap(dtype => {
    const loop =
      op.grain === 2
        ? locKernel(op === operators.minLoc ? "<" : ">")
        : elementKernel(op.name as ElementOperator, dtype);
    return loop === undefined ? [] : [{ op, dtype, loop }];
  }),
);

const levels = ["avx512", "avx2", "neon", "baseline"].filter(level => native().reduceLevel(level) === level);

/** Numbers that tell rounding, wrapping, clamping and comparing apart, as the elements of `dtype`. */
function specials(dtype: Dtype): TypedArray {
  const bits = [
    0,
    1,
    2,
    15,
    16,
    127,
    128,
    254,
    255,
    256,
    32767,
    32768,
    65535,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
  ];
  if (dtype.name.startsWith("Big")) {
    const wide = [...bits.map(BigInt), 2n ** 32n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];
    return Reflect.construct(dtype.create, [wide]) as TypedArray;
  }
  const limits = [
    65504,
    65520,
    2 ** -24,
    2 ** -14,
    3.4028234e38,
    2 ** -149,
    2 ** -126,
    1.7976931348623157e308,
  ];
  const floats = [...limits, Number.MIN_VALUE, 2 ** -1022, 0.5, 0.1, 1 / 3, 1.0009765625, Number.NaN, 1 / 0];
  const both = [...bits, ...floats].flatMap(value => [value, -value]);
  return Reflect.construct(dtype.create, [dtype.name.startsWith("Float") ? both : bits]) as TypedArray;
}

// Not Math.random: a failure must come again.
let state = 1;
function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

/** Elements of random bits and special ones in turn. */
function fill(array: TypedArray, special: TypedArray): void {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  for (let i = 0; i < bytes.length; i++) bytes[i] = random(256);
  for (let i = 0; i < array.length; i++) if (random(3) > 0) array[i] = special[random(special.length)];
}

/** Whether all bits agree; which NaN it is JavaScript leaves open. */
function expectSame(actual: TypedArray, wanted: TypedArray, message: () => string): void {
  const bytes = (array: TypedArray) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  if (bytes(actual).equals(bytes(wanted))) return;
  const at = Array.from<unknown>(actual as ArrayLike<unknown>).findIndex(
    (element, index) => !Object.is(element, wanted[index]),
  );
  if (at >= 0) throw new Error(`${message()}: element ${at} is ${actual[at]}, not ${wanted[at]}`);
}

/** Which of three places target, left and right take. */
const aliasings = {
  apart: [0, 1, 2],
  left: [0, 0, 1],
  right: [0, 1, 0],
  operands: [0, 1, 1],
  all: [0, 0, 0],
};

interface Case extends Pairing {
  length: number;
  /** In elements, of the three places. */
  offsets: readonly number[];
  aliasing: keyof typeof aliasings;
}

/** Runs the native loop and the one in TypeScript on copies of `memory`, and compares all of it. */
function check({ op, dtype, loop, length, offsets, aliasing }: Case, memory: TypedArray): void {
  const third = Math.floor(memory.length / 3);
  const run = (kernel: Kernel) => {
    const copy = memory.slice() as TypedArray;
    const place = (index: number) => copy.subarray(index * third + offsets[index]).subarray(0, length);
    const [target, left, right] = aliasings[aliasing].map(place);
    kernel(target, left, right);
    return copy;
  };
  const actual = run((target, left, right) =>
    native().reduceArrays(op.code, dtype.code, target, left, right),
  );
  expectSame(actual, run(loop), () => `length ${length}, offsets ${offsets.join(" ")}, ${aliasing}`);
}

describe("native kernels", () => {
  const best = native().reduceLevel();
  afterEach(() => native().reduceLevel(best));

  for (const level of levels) {
    describe(level, () => {
      for (const pairing of pairings) {
        const { op, dtype } = pairing;
        it(`${op.name} on ${dtype.name} as in TypeScript, bit for bit`, () => {
          native().reduceLevel(level);
          const special = specials(dtype);
          const perRegister = 64 / dtype.bytes;
          for (const length of [...Array(71).keys(), 1000, 4097]) {
            if (length % op.grain !== 0) continue;
            const memory = new dtype.create(3 * (length + perRegister));
            fill(memory, special);
            const shifted = [0, 1, 2].map(() => random(perRegister));
            for (const aliasing of Object.keys(aliasings) as (keyof typeof aliasings)[]) {
              check({ ...pairing, length, offsets: [0, 0, 0], aliasing }, memory);
              check({ ...pairing, length, offsets: shifted, aliasing }, memory);
            }
          }
        });
      }

      it("all pairs of special values", () => {
        native().reduceLevel(level);
        for (const pairing of pairings) {
          const values = specials(pairing.dtype);
          // As pairs of value and index both take part in every combination.
          const length = values.length ** 2 * 2;
          const memory = new pairing.dtype.create(3 * length);
          for (let i = 0; i < length; i += 2) {
            memory[length + i] = memory[length + i + 1] = values[(i / 2) % values.length];
            memory[2 * length + i] = values[Math.floor(i / 2 / values.length)];
            memory[2 * length + i + 1] = values[random(values.length)];
          }
          check({ ...pairing, length, offsets: [0, 0, 0], aliasing: "apart" }, memory);
        }
      });

      it("random elements, lengths and places", () => {
        native().reduceLevel(level);
        const bits = (dtype: Dtype, words: bigint[]) =>
          new dtype.create(BigUint64Array.from(words).buffer, 0, (words.length * 8) / dtype.bytes);
        const cases = fc.constantFrom(...pairings).chain(pairing => {
          const special = Array.from(bits64(specials(pairing.dtype)));
          const word = fc.oneof(fc.constantFrom(...special), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
          return fc.record({
            pairing: fc.constant(pairing),
            words: fc.array(word, { minLength: 3, maxLength: 100 }),
            seeds: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
            aliasing: fc.constantFrom(...(Object.keys(aliasings) as (keyof typeof aliasings)[])),
          });
        });
        fc.assert(
          fc.property(cases, ({ pairing, words, seeds, aliasing }) => {
            const memory = bits(pairing.dtype, words);
            const third = Math.floor(memory.length / 3);
            const { grain } = pairing.op;
            const length = Math.floor((seeds[0] % (third + 1)) / grain) * grain;
            const offsets = seeds.slice(1).map(seed => seed % (third - length + 1));
            check({ ...pairing, length, offsets, aliasing }, memory);
          }),
          { numRuns: Number(process.env.FUZZ_RUNS ?? 3000) },
        );
      });
    });
  }

  it("work in shared memory and on subclasses", () => {
    const shared = new Float64Array(new SharedArrayBuffer(800)).fill(1.5);
    native().reduceArrays(operators.sum.code, 9, shared, shared, shared);
    expect(shared).to.deep.equal(new Float64Array(100).fill(3));
    const buffer = Buffer.alloc(100, 200);
    native().reduceArrays(operators.sum.code, 2, buffer, buffer, buffer);
    expect(buffer.equals(Buffer.alloc(100, 144))).to.equal(true);
  });

  it("refuse what would make them read or write elsewhere", () => {
    const eight = new Float64Array(8);
    const refused: [unknown[], RegExp][] = [
      [[0, 9, eight, eight, eight], /no such operator/],
      [[13, 9, eight, eight, eight], /no such operator/],
      [[1, 0, eight, eight, eight], /no such operator/],
      [[1, 13, eight, eight, eight], /no such operator/],
      [[8, 9, eight, eight, eight], /no such operator/],
      [["sum", 9, eight, eight, eight], /no such operator/],
      [[], /no such operator/],
      [[1, 9], /three typed arrays/],
      [[1, 9, eight, eight, [1]], /three typed arrays/],
      [[1, 9, eight, new DataView(eight.buffer), eight], /three typed arrays/],
      [[1, 9, new Float32Array(8), eight, eight], /three typed arrays/],
      [[1, 12, eight, eight, eight], /three typed arrays/],
      [[1, 9, eight, eight.subarray(1), eight], /length/],
      [[1, 9, eight, eight, eight.subarray(1)], /length/],
      [[11, 9, eight.subarray(1), eight.subarray(1), eight.subarray(1)], /half a pair/],
    ];
    const call = native().reduceArrays as (...given: unknown[]) => void;
    for (const [given, message] of refused) expect(() => call(...given), String(given)).to.throw(message);
    const detached = new Float64Array(8);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(() => call(1, 9, detached, eight, eight)).to.throw(/length/);
  });
});

function bits64(array: TypedArray): BigUint64Array {
  return new BigUint64Array(array.buffer.slice(0, Math.floor(array.byteLength / 8) * 8));
}
