/** Kernels that take elements by groups: whole groups and what is left over, at addresses that suit vectors or do not. */
import { execFileSync } from "node:child_process";
import { expect } from "chai";
import * as cuda from "../../src/cuda/index.ts";
import type { TypedArray } from "../../src/index.ts";
import { abs, sin } from "../../src/linalg/index.ts";
import { Generator, Philox } from "../../src/random/index.ts";
import { packageRoot } from "../launch.ts";
import { fakeEnvironment, useFakeCuda } from "./fake.ts";

const numbers = (array: TypedArray): number[] => Array.from(array as ArrayLike<number | bigint>, Number);

const types: readonly cuda.DtypeName[] = [
  "float64",
  "float32",
  "float16",
  "bfloat16",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
];
const sizes = [0, 1, 3, 4, 5, 7, 8, 9, 15, 255, 256, 257, 1031];
/** Elements by which views begin later than their memory does. */
const shifts = [0, 1, 2, 4];

/** 0 to 99 again and again, which every type holds exactly. */
const whole = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => (i * 37) % 100);

async function made(dtype: cuda.DtypeName, values: Float64Array): Promise<cuda.DeviceArray> {
  using wide = await cuda.upload(values);
  return wide.astype(dtype);
}

async function read(array: cuda.DeviceArray): Promise<number[]> {
  using wide = array.astype("float64");
  return numbers(await wide.download());
}

describe("cuda: groups of elements (on the fake driver)", function () {
  this.timeout(240_000);
  before(useFakeCuda);

  /** Runs `work` on views of all sizes and shifts, and expects what it says of them and nothing else to be written. */
  async function written(
    dtype: cuda.DtypeName,
    work: (target: cuda.DeviceArray, shift: number) => readonly number[] | Promise<readonly number[]>,
  ): Promise<void> {
    for (const size of sizes) {
      for (const shift of shifts) {
        using all = cuda.full(size + 20, 77, { dtype });
        using target = all.slice([shift, shift + size]);
        const expected = new Array<number>(size + 20).fill(77);
        expected.splice(shift, size, ...(await work(target, shift)));
        expect(await read(all), `${size} ${dtype} from ${shift} on`).to.deep.equal(expected);
      }
    }
  }

  for (const dtype of types) {
    it(`are computed, filled and converted, and nothing beside them: ${dtype}`, async () => {
      const values = whole(1100);
      using x = await made(dtype, values);
      await written(dtype, target => {
        target.fill(5);
        return new Array<number>(target.size).fill(5);
      });
      for (const from of shifts) {
        await written(dtype, target => {
          using part = x.slice([from, from + target.size]);
          cuda.mapInto(target, part, x => x.add(1));
          return numbers(values.slice(from, from + target.size)).map(value => value + 1);
        });
      }
      await written(dtype, target => {
        using part = x.slice([0, target.size]);
        cuda.mapInto(target, [target, part], (y, x) => x.sub(y).add(77));
        cuda.mapInto(target, target, y => y.div(1));
        return numbers(values.slice(0, target.size));
      });
      for (const other of types) {
        for (const size of [7, 8, 301]) {
          for (const shift of [0, 1]) {
            using part = x.slice([shift, shift + size]);
            using converted = part.astype(other);
            const expected = numbers(values.slice(shift, shift + size));
            expect(await read(converted), `${size} as ${other} from ${shift} on`).to.deep.equal(expected);
          }
        }
      }
    });

    it(`are reduced in one order wherever they lie: ${dtype}`, async () => {
      for (const size of [1, 3, 4, 7, 8, 9, 255, 257, 5003]) {
        const values = whole(size);
        // All kept ones more than once, so that the first counts.
        const [least, most] = [Math.min(...values), Math.max(...values)];
        using dense = await made(dtype, values);
        using all = await made(dtype, whole(size + 3));
        for (const shift of [0, 1, 3]) {
          using part = all.slice([shift, shift + size]);
          cuda.mapInto(part, dense, x => x.mul(1));
          const found = await cuda.reduce(part, x => ({
            sum: x.sum(),
            mean: x.mean(),
            min: x.min(),
            max: x.max(),
            argmin: x.argmin(),
            argmax: x.argmax(),
            dot: x.dot(x),
            norm: x.norm(),
            any: x.eq(most).any(),
            all: x.eq(most).all(),
          }));
          const sum = values.reduce((total, value) => total + value, 0);
          const squares = values.reduce((total, value) => total + value * value, 0);
          expect(found, `${size} from ${shift} on`).to.deep.equal({
            sum,
            mean: sum / size,
            min: least,
            max: most,
            argmin: values.indexOf(least),
            argmax: values.indexOf(most),
            dot: squares,
            norm: Math.sqrt(squares),
            any: 1,
            all: Number(least === most),
          });
        }
      }
    });
  }

  it("keep signs and all digits of narrow types", async () => {
    for (const Type of [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array]) {
      const values = new Type(67).map(() => Math.floor(Math.random() * 2 ** 32));
      using array = await cuda.upload(values);
      expect(await read(array)).to.deep.equal(Array.from(values));
      using mapped = cuda.zeros(67, { dtype: array.dtype });
      cuda.mapInto(mapped, array, x => x.mul(1));
      expect(await mapped.download(), Type.name).to.deep.equal(values);
      using narrow = array.astype("int8");
      expect(await narrow.download(), Type.name).to.deep.equal(Int8Array.from(values));
    }
    for (const dtype of ["float16", "bfloat16"] as const) {
      // All that there are, but NaN.
      const infinity = dtype === "float16" ? 0x7c00 : 0x7f80;
      const values = Uint16Array.from({ length: 2 ** 16 }, (_, i) =>
        (i & 0x7fff) > infinity ? i & 0x8000 : i,
      );
      using array = await cuda.upload(values, undefined, { dtype });
      using wide = array.astype("float32");
      using back = wide.astype(dtype);
      using mapped = cuda.zeros(values.length, { dtype });
      cuda.mapInto(mapped, array, x => x.mul(1));
      for (const same of [back, mapped]) {
        const bits = new Uint16Array(values.length);
        await same.downloadInto(bits);
        expect(bits, dtype).to.deep.equal(values);
      }
    }
  });

  it("give the same sums to the last bit, at any address", async () => {
    for (const Type of [Float32Array, Float64Array]) {
      const values = new Type(10_001).map(() => Math.random() * 10 ** (Math.random() * 12));
      using dense = await cuda.upload(values);
      const sums = (array: cuda.DeviceArray): Promise<unknown> =>
        cuda.reduce(array, x => ({ sum: x.sum(), dot: x.dot(sin(x)) }));
      const expected = await sums(dense);
      for (const shift of [1, 2, 3]) {
        using all = cuda.empty(values.length + shift, { dtype: dense.dtype });
        using part = all.slice([shift]);
        cuda.mapInto(part, dense, x => x);
        expect(await sums(part)).to.deep.equal(expected);
      }
    }
  });

  it("are of several types at once, of which one may lie apart", async () => {
    const values = whole(600);
    for (const [first, second, third] of [
      ["float32", "uint8", "float64"],
      ["int8", "float16", "uint8"],
      ["int64", "bfloat16", "int16"],
      ["uint8", "uint8", "float32"],
    ] as const) {
      using a = await made(first, values);
      using b = await made(second, values);
      for (const shift of shifts) {
        using x = a.slice([0, 500]);
        using y = b.slice([shift, 500 + shift]);
        using target = cuda.zeros(500, { dtype: third });
        cuda.mapInto(target, [x, y], (x, y) => abs(x.sub(y).mul(0.5)));
        const expected = numbers(values.slice(0, 500)).map((value, i) => {
          const half = Math.abs(value - values[i + shift]) / 2;
          return third.startsWith("float") ? half : Math.trunc(half);
        });
        expect(await read(target), `${first} ${second} ${third} ${shift}`).to.deep.equal(expected);
        const dot = await cuda.reduce([x, y], (x, y) => x.dot(y));
        expect(dot).to.equal(expected.reduce((sum, _, i) => sum + values[i] * values[i + shift], 0));
      }
    }
  });

  it("know NaN and the first of equals within a group", async () => {
    for (const place of [0, 1, 2, 3, 4, 6, 1022]) {
      const values = new Float32Array(1025).fill(1);
      values[place] = values[place + 2] = Number.NaN;
      using array = await cuda.upload(values);
      const found = await cuda.reduce(array, x => ({
        min: x.min(),
        max: x.max(),
        a: x.argmin(),
        b: x.argmax(),
      }));
      expect(found).to.deep.equal({ min: Number.NaN, max: Number.NaN, a: place, b: place });
    }
  });

  it("are random numbers, wherever a generator stands and the array lies", async () => {
    for (const dtype of ["float64", "float32", "uint64"] as const) {
      for (const drawn of [0, 1, 2, 3, 4]) {
        for (const shift of [0, 1, 2, 3]) {
          for (const size of [1, 4, 7, 8, 9, 33]) {
            const [here, there] = [new Philox(drawn + shift), new Philox(drawn + shift)];
            for (const generator of [here, there]) generator.randomRaw(drawn);
            using all = cuda.zeros(size + 8, { dtype });
            using part = all.slice([shift, shift + size]);
            cuda.randomInto(part, there);
            const expected = new Array<number | bigint>(size + 8).fill(dtype === "uint64" ? 0n : 0);
            const numbersHere =
              dtype === "uint64"
                ? here.randomRaw(size)
                : dtype === "float64"
                  ? new Generator(here).random(size)
                  : new Generator(here).randomInto(new Float32Array(size));
            expected.splice(shift, size, ...(numbersHere as Iterable<number | bigint>));
            expect(Array.from((await all.download()) as Iterable<number | bigint>)).to.deep.equal(expected);
            expect(there.state).to.deep.equal(here.state);
          }
        }
      }
    }
  });

  it("would fail at addresses that are none for vectors, as on a GPU", () => {
    // Ends all work on the device, and so is done in a process of its own.
    const image = [
      ".version 6.4",
      ".visible .entry vector(.param .u64 address)",
      "{",
      "  .reg .b64 %d<2>;",
      "  .reg .f32 %f<3>;",
      "  ld.param.u64 %d1, [address];",
      "  ld.global.v2.f32 {%f1, %f2}, [%d1];",
      "  st.global.v2.f32 [%d1], {%f2, %f2};",
      "  ret;",
      "}",
      "",
    ].join("\n");
    const program = `
      import * as cuda from "tsmpi/cuda";
      const x = await cuda.upload(new Float32Array([1, 2, 3, 4]));
      const turn = at => {
        const part = x.slice([at]);
        x.device.modules.launch("vector", () => ${JSON.stringify(image)}, 1, [["u64", part.writeAddress]]);
      };
      turn(2);
      console.log((await x.download()).join(" "));
      turn(1);
      await x.download().catch(error => console.log(error.message));`;
    const said = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: packageRoot,
      env: { ...fakeEnvironment(), PATH: process.env.PATH },
      encoding: "utf8",
    });
    expect(said).to.match(/^1 2 4 4\n.*CUDA_ERROR_MISALIGNED_ADDRESS/);
  });
});
