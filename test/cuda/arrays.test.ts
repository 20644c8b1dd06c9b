import { setImmediate as later } from "node:timers/promises";
import { inspect } from "node:util";
import { expect } from "chai";
import * as cuda from "../../src/cuda/index.ts";
import { driver } from "../../src/cuda/library.ts";
import { ArgumentError, CudaError, DeviceMemoryError } from "../../src/errors.ts";
import type { TypedArray } from "../../src/index.ts";
import { failing, useFakeCuda } from "./fake.ts";
import { fails } from "./throws.ts";

const range = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => i);
const numbers = (array: TypedArray): number[] => Array.from(array as ArrayLike<number>);
const MiB = 2 ** 20;

/** An array of six whose memory somebody else has. */
function transferred(): Float32Array {
  const array = range(6);
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

/** One whose memory may become less while it is on its way. */
function resizable(): Float32Array {
  const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer;
  return new Float32Array(new Resizable(24, { maxByteLength: 4096 }));
}

const circular: { self?: unknown } = {};
circular.self = circular;

describe("cuda: device arrays (on the fake driver)", function () {
  this.timeout(180_000);
  before(useFakeCuda);

  const samples: readonly TypedArray[] = [
    new Float64Array([1.5, -2, Number.NaN]),
    new Float32Array([1.5, -2, Number.POSITIVE_INFINITY]),
    new Int8Array([1, -128, 127]),
    new Uint8Array([1, 0, 255]),
    new Int16Array([1, -32768]),
    new Uint16Array([1, 65535]),
    new Int32Array([1, -(2 ** 31)]),
    new Uint32Array([1, 2 ** 32 - 1]),
    new BigInt64Array([1n, -(2n ** 63n)]),
    new BigUint64Array([1n, 2n ** 64n - 1n]),
    // From Node 24 on.
    ...("Float16Array" in globalThis ? [new Float16Array([1.5, -2, Number.NaN])] : []),
  ];
  for (const sample of samples) {
    it(`come back as they went: ${sample.constructor.name}`, async () => {
      using array = await cuda.upload(sample);
      expect(await array.download()).to.deep.equal(sample);
    });
  }

  it("take arrays of no and of many elements, in pieces", async () => {
    using none = await cuda.upload(new Float32Array(0));
    expect(await none.download()).to.deep.equal(new Float32Array(0));
    // Longer than all staging buffers together, and no multiple of one.
    const many = Float64Array.from({ length: 3_000_001 }, (_, i) => i * 0.5);
    using array = await cuda.upload(many);
    const back = await array.download();
    expect(Buffer.compare(Buffer.from(back.buffer), Buffer.from(many.buffer))).to.equal(0);
  });

  it("move pinned arrays without staging", async () => {
    const host = cuda.pinned(Float32Array, 1000);
    host.set(range(1000));
    using array = await cuda.upload(host, [10, 100]);
    host.fill(0);
    await array.downloadInto(host);
    expect(host).to.deep.equal(range(1000));
  });

  it("have views that share memory, and keep it", async () => {
    const array = await cuda.upload(range(24), [2, 3, 4]);
    using part = array.slice([1], [-2], [1, 3]);
    using flat = array.reshape([6, -1]);
    using turned = flat.transpose();
    array.free();
    array.free();
    expect(part.shape).to.deep.equal([1, 2, 2]);
    expect(numbers(await part.download())).to.deep.equal([17, 18, 21, 22]);
    expect(turned.shape).to.deep.equal([4, 6]);
    expect(numbers(await turned.download()).slice(0, 6)).to.deep.equal([0, 4, 8, 12, 16, 20]);
    flat.fill(5);
    expect(numbers(await part.download())).to.deep.equal([5, 5, 5, 5]);
    const { used } = cuda.device().memoryInfo();
    part.free();
    flat.free();
    expect(cuda.device().memoryInfo().used).to.equal(used);
    turned.free();
    expect(cuda.device().memoryInfo().used).to.be.below(used);
  });

  it("exchange their last two axes, or take all in an order that is given", async () => {
    using array = await cuda.upload(range(24), [2, 3, 4]);
    const at = (i: number, j: number, k: number): number => (i * 3 + j) * 4 + k;
    using last = array.transpose();
    expect(last.shape).to.deep.equal([2, 4, 3]);
    for (const axes of [
      [2, 0, 1],
      [-1, 0, -2],
    ]) {
      using turned = array.transpose(axes);
      expect(turned.shape).to.deep.equal([4, 2, 3]);
      expect(turned.strides).to.deep.equal([1, 12, 4]);
      const elements = numbers(await turned.download());
      expect(elements).to.deep.equal(
        Array.from({ length: 24 }, (_, n) => at(Math.floor(n / 3) % 2, n % 3, Math.floor(n / 6))),
      );
    }
    using flat = array.reshape(-1);
    expect(flat.shape).to.deep.equal([24]);
    using same = flat.transpose([0]);
    expect(same.shape).to.deep.equal([24]);
    using scalar = cuda.zeros([]).transpose([]);
    expect(scalar.shape).to.deep.equal([]);
  });

  it("have shapes and strides that stay as they are", () => {
    const given = [2, 3];
    using array = cuda.zeros(given);
    given[0] = 3;
    using part = array.slice([1]);
    using turned = array.transpose();
    using flat = array.reshape([-1]);
    for (const { shape, strides } of [array, part, turned, flat]) {
      expect(() => (shape as number[]).push(1)).to.throw(TypeError);
      expect(() => (strides as number[]).push(1)).to.throw(TypeError);
    }
    expect(array.shape).to.deep.equal([2, 3]);
    expect(part.strides).to.deep.equal([3, 1]);
  });

  it("are filled, whatever their type", async () => {
    const types: readonly cuda.DtypeName[] = ["float64", "float32", "int8", "uint16", "int32", "uint32"];
    for (const dtype of types) {
      using array = cuda.full([3, 2], 7, { dtype });
      expect(numbers(await array.download()), dtype).to.deep.equal([7, 7, 7, 7, 7, 7]);
    }
    using long = cuda.full(2, -5n, { dtype: "int64" });
    expect(await long.download()).to.deep.equal(new BigInt64Array([-5n, -5n]));
    for (const dtype of ["float16", "bfloat16"] as const) {
      for (const value of [0, -0, 1, -2.5, 65504, 1e-7, 0.1, Number.POSITIVE_INFINITY]) {
        using array = cuda.full(2, value, { dtype });
        using wide = array.astype("float64");
        using again = cuda.full(2, value, { dtype: "float32" });
        using rounded = again.astype(dtype);
        using expected = rounded.astype("float64");
        expect(numbers(await wide.download()), `${value} ${dtype}`).to.deep.equal(
          numbers(await expected.download()),
        );
      }
    }
  });

  it("are converted as typed arrays are, and halves to nearest", async () => {
    using wide = await cuda.upload(new Float64Array([0, -1.75, 2.5, 300, -300, 1e10]));
    using bytes = wide.astype("int8");
    expect(numbers(await bytes.download())).to.deep.equal([0, -1, 2, 127, -128, 127]);
    using halves = wide.astype("float16");
    using back = halves.astype("float64");
    expect(numbers(await back.download())).to.deep.equal([
      0,
      -1.75,
      2.5,
      300,
      -300,
      Number.POSITIVE_INFINITY,
    ]);
    // 1 + 2^-8 lies in the middle of two bfloat16; the even one is 1. With 2^-7 more the even one is above.
    using middle = await cuda.upload(new Float32Array([1 + 2 ** -8, 1 + 3 * 2 ** -8, Number.NaN, -3.3e38]));
    using brief = middle.astype("bfloat16");
    using again = brief.astype("float32");
    const [low, high, nan, large] = numbers(await again.download());
    expect([low, high, nan]).to.deep.equal([1, 1 + 2 ** -6, Number.NaN]);
    expect(large).to.be.closeTo(-3.3e38, 3.3e38 / 256);
    using bits = await cuda.upload(new Uint16Array([0x3f80]), 1, { dtype: "bfloat16" });
    using one = bits.astype("int32");
    expect(numbers(await one.download())).to.deep.equal([1]);
  });

  const reals = [Number.NaN, -1.75, 2.5, 300, -300, 70_000, -70_000, 1e30, -1e30];
  /** As the device is to cut them. */
  const whole = (least: bigint, most: bigint): bigint[] =>
    reals.map(x => {
      if (Number.isNaN(x)) return 0n;
      const cut = BigInt(Math.trunc(x));
      return cut < least ? least : cut > most ? most : cut;
    });
  for (const bits of [8, 16, 32, 64] as const) {
    for (const sign of ["int", "uint"] as const) {
      const dtype = `${sign}${bits}` as const;
      it(`cut reals to ${dtype} at the ends of its range, and NaN to 0, however they come there`, async () => {
        const width = BigInt(bits);
        const expected =
          sign === "int"
            ? whole(-(2n ** (width - 1n)), 2n ** (width - 1n) - 1n)
            : whole(0n, 2n ** width - 1n);
        for (const source of [new Float32Array(reals), new Float64Array(reals)]) {
          // What float32 makes of 1e30 lies beyond all ranges, too.
          using array = await cuda.upload(source);
          using cast = array.astype(dtype);
          expect(numbers(await cast.download()).map(BigInt), "astype").to.deep.equal(expected);
          using mapped = cuda.full(reals.length, 77, { dtype });
          cuda.mapInto(mapped, array, x => x.mul(1));
          expect(numbers(await mapped.download()).map(BigInt), "mapInto").to.deep.equal(expected);
        }
        using halves = await cuda.upload(new Uint16Array([0x7e00, 0x7c00, 0x3f80]), 3, { dtype: "float16" });
        using cast = halves.astype(dtype);
        const [nan, infinite] = numbers(await cast.download()).map(BigInt);
        expect([nan, infinite]).to.deep.equal([0n, expected[7]]);
      });
    }
  }

  it("are copied within a device and to another", async () => {
    using first = await cuda.upload(range(6), [2, 3], { device: 0 });
    using turned = first.transpose();
    using second = turned.to(1);
    expect(second.device.index).to.equal(1);
    expect(numbers(await second.download())).to.deep.equal([0, 3, 1, 4, 2, 5]);
    using target = cuda.zeros([3, 2], { device: 0 });
    target.copyFrom(second);
    expect(numbers(await target.download())).to.deep.equal([0, 3, 1, 4, 2, 5]);
  });

  it("refuse to be used while they are transferred, and after they were freed", async () => {
    using array = await cuda.upload(range(6), [2, 3]);
    const coming = array.download();
    await fails(() => array.fill(1), ArgumentError, /is being downloaded; await that first/);
    using copy = array.copy();
    expect(await coming).to.deep.equal(range(6));
    const going = array.upload(range(6));
    await fails(() => array.copy(), ArgumentError, /is being uploaded to; await that first/);
    await going;
    expect(await copy.download()).to.deep.equal(range(6));
    copy.free();
    await fails(
      () => copy.download(),
      ArgumentError,
      /DeviceArray\(2 x 3 float32 on device 0\) has been freed/,
    );
  });

  it("have their transfers waited for by synchronize, which leaves errors to them", async () => {
    using array = cuda.empty(8 * MiB);
    const ended: string[] = [];
    const moves = [array.upload(new Float32Array(8 * MiB)).then(() => ended.push("upload"))];
    await cuda.device().synchronize();
    // For the promises that follow from it.
    await later();
    expect(ended).to.deep.equal(["upload"]);
    await Promise.all(moves);
    await failing("cuMemcpyDtoHAsync_v2=700", async () => {
      const coming = fails(() => array.download(), CudaError, /downloading: /);
      await cuda.device().synchronize();
      await coming;
    });
  });

  it("keep their memory until a transfer has ended, though freed before", async () => {
    const array = await cuda.upload(range(100));
    const coming = array.download();
    array.free();
    using other = cuda.full(100, 9);
    expect(await coming).to.deep.equal(range(100));
    expect(numbers(await other.download())[5]).to.equal(9);
  });

  it("free their memory when they are collected", async () => {
    const collect = (globalThis as { gc?: () => void }).gc ?? (await exposedGc());
    const { used } = cuda.device().memoryInfo();
    (() => cuda.zeros([1000, 100]))();
    expect(cuda.device().memoryInfo().used).to.be.above(used);
    for (let i = 0; i < 50 && cuda.device().memoryInfo().used > used; i++) {
      collect();
      await later();
    }
    expect(cuda.device().memoryInfo().used).to.be.at.most(used);
  });

  it("may be lost again and again, beyond the device's memory", async () => {
    const memory = process.env.FAKE_CUDA_MEMORY;
    cuda.device().trim();
    process.env.FAKE_CUDA_MEMORY = String(cuda.device().memoryInfo().used + 4 * MiB);
    try {
      for (let i = 0; i < 15; i++) {
        // The view is an array of its own that nobody frees.
        using a = cuda.full([256, 512], i);
        using turned = a.transpose().copy();
        const host = await turned.download();
        expect([host.length, host[0]]).to.deep.equal([256 * 512, i]);
      }
      for (let i = 0; i < 15; i++) expect((await cuda.full(256 * 512, i).download())[0]).to.equal(i);
    } finally {
      process.env.FAKE_CUDA_MEMORY = memory;
    }
  });

  it("say how much memory there is when it does not suffice", async () => {
    cuda.device().trim();
    using half = cuda.empty(32 * MiB);
    const error = await fails(
      () => cuda.empty(40 * MiB),
      DeviceMemoryError,
      /device 0 \(Fake GPU 0\) has no room for 167,772,160 bytes/,
    );
    expect(error.code).to.equal("TSMPI_DEVICE_MEMORY");
    expect(error.total).to.equal(256 * MiB);
    half.free();
    using enough = cuda.empty(40 * MiB);
    expect(enough.size).to.equal(40 * MiB);
  });

  const wrong: readonly [string, (array: cuda.DeviceArray) => unknown, RegExp][] = [
    ["a shape", () => cuda.zeros([2, -1]), /whole numbers from 0; this is \[2, -1\]/],
    ["a shape beyond all memory", () => cuda.zeros([2 ** 40, 2 ** 20]), /too large to be addressed/],
    ["no shape", () => cuda.zeros(undefined as never), /a whole number or a list of them, .* got undefined/],
    [
      "a text as shape",
      () => cuda.empty("12" as never),
      /a list of them, such as \[2, 3\]; got a string \("12"\)/,
    ],
    [
      "options in place of a shape",
      () => cuda.upload(range(6), { dtype: "float32" } as never),
      /a list of them, such as \[2, 3\]; got an object/,
    ],
    [
      "a type",
      () => cuda.zeros(2, { dtype: "float8" as never }),
      /a dtype is one of float64, float32, .*; got a string \("float8"\)/,
    ],
    ["no type", array => array.astype(undefined as never), /a dtype is one of .*; got undefined/],
    ["a number as type", array => array.astype(5n as never), /a dtype is one of .*; got a bigint \(5n\)/],
    ["an object as type", () => cuda.zeros(2, { dtype: circular as never }), /is one of .*; got an object/],
    [
      "texts in a shape",
      () => cuda.zeros(["2", 3] as never),
      /whole numbers from 0; this is \[a string \("2"\), 3\]/,
    ],
    [
      "a boolean in a shape",
      () => cuda.zeros([true] as never),
      /whole numbers from 0; this is \[a boolean \(true\)\]/,
    ],
    [
      "a symbol in a shape",
      () => cuda.empty([Symbol("n")] as never),
      /whole numbers from 0; this is \[a symbol\]/,
    ],
    [
      "a second length",
      () => cuda.zeros(2, 3 as never),
      /zeros: options must be an object with any of dtype/,
    ],
    [
      "an option",
      () => cuda.full(2, 1, { type: "float64" } as never),
      /full: there is no option type; did you mean dtype\?/,
    ],
    [
      "no value",
      () => cuda.full(2, undefined as never),
      /full: the value must be a number or a bigint; got undefined/,
    ],
    [
      "a text as value",
      array => array.fill("7" as never),
      /must be a number or a bigint; got a string \("7"\)/,
    ],
    ["a device", () => cuda.zeros(2, { device: 2 }), /there is no device 2; this process has 2/],
    [
      "a text as device",
      () => cuda.device("0" as never),
      /what device\(\) gives, or its index; got a string \("0"\)/,
    ],
    [
      "a text as device of an array",
      () => cuda.zeros(2, { device: "1" as never }),
      /or its index; got a string \("1"\)/,
    ],
    ["a symbol as device", array => array.to(Symbol("gpu") as never), /or its index; got a symbol/],
    ["a boolean as device", array => array.to(true as never), /or its index; got a boolean \(true\)/],
    ["a number of elements", array => array.upload(range(5)), /has 6 elements, the typed array 5/],
    [
      "another typed array",
      array => array.downloadInto(new Float64Array(6)),
      /wants a Float32Array; got Float64Array\(6\)/,
    ],
    [
      "a list as target",
      array => array.downloadInto([1, 2] as never),
      /downloadInto: .* wants a Float32Array; got a list of 2/,
    ],
    ["a transferred array", array => array.upload(transferred()), /upload: .* is detached/],
    ["a transferred target", array => array.downloadInto(transferred()), /downloadInto: .* is detached/],
    ["a new array of a transferred one", () => cuda.upload(transferred()), /upload: .* is detached/],
    ["an array that may shrink", array => array.upload(resizable()), /resizable ArrayBuffer/],
    ["a target that may shrink", array => array.downloadInto(resizable()), /resizable ArrayBuffer/],
    ["a new array of one that may shrink", () => cuda.upload(resizable()), /resizable ArrayBuffer/],
    ["no typed array", () => cuda.upload([1, 2] as never), /must be a typed array/],
    ["a new shape", array => array.reshape([4, 2]), /cannot reshape .* to 4 x 2: that would be 8/],
    ["an axis to infer", array => array.reshape([4, -1]), /cannot find the -1 in \[4, -1\] for 6/],
    ["a range", array => array.slice([0, 3]), /\[0, 3\] is no range of axis 0, whose length is 2/],
    [
      "an index as range",
      array => array.slice(1 as never),
      /a range is \[from, to\], .* axis 0 got a number \(1\)/,
    ],
    [
      "texts as range",
      array => array.slice(["0", "1"] as never),
      /\[a string \("0"\), a string \("1"\)\] is no range of axis 0/,
    ],
    [
      "a symbol as range",
      array => array.slice([Symbol("from")] as never),
      /\[a symbol\] is no range of axis 0, whose length is 2/,
    ],
    [
      "a step",
      array => array.slice([0, 2, 2] as never),
      /a range has a start and an end, and no step; for axis 0 got \[0, 2, 2\]/,
    ],
    [
      "axes to transpose that are no list",
      array => array.transpose(1 as never),
      /transpose: the axes are a list, such as \[1, 0\]; got a number \(1\)/,
    ],
    ["axes given twice", array => array.transpose([1, 1]), /\[1, 1\] is no order of the 2 axes of Dev/],
    ["too few axes", array => array.transpose([0]), /\[0\] is no order of the 2 axes/],
    [
      "texts as axes",
      array => array.transpose(["1", 0] as never),
      /\[a string \("1"\), 0\] is no order of the 2 axes/,
    ],
    [
      "a shape that is not in one list",
      array => (array.reshape as (...shape: number[]) => unknown).call(array, 6, 1),
      /reshape: the shape is one list, such as \[2, 3\]; got 2 arguments/,
    ],
    ["ranges", array => array.slice([], [], []), /has 2 axes, and slice was given 3 ranges/],
    ["no new shape", array => array.reshape(undefined as never), /or a list of them, .* got undefined/],
    ["an upload into a view with gaps", array => array.transpose().upload(range(6)), /use copy\(\) first/],
    ["a value", () => cuda.full(2, 300, { dtype: "int8" }), /full: 300 is no int8/],
    [
      "a copy of another type",
      array => array.copyFrom(cuda.zeros([2, 3], { dtype: "int32" })),
      /cannot take the elements/,
    ],
    [
      "a copy of a typed array",
      array => array.copyFrom(range(6) as never),
      /copyFrom: the source must be a device array; got Float32Array\(6\), which upload makes one of/,
    ],
    ["a copy onto itself", array => array.copyFrom(array.reshape([2, 3])), /views of the same memory/],
    ["a pinned type", () => cuda.pinned("float32" as never, 5), /class of a typed array, .* got a string/],
    [
      "pinned lists",
      () => cuda.pinned(Array as never, 5),
      /class of a typed array, such as Float32Array; got a function/,
    ],
    [
      "a library",
      () => cuda.reason("cudnn" as never),
      /reason: there is driver, cublas, nvrtc, nccl; got a string/,
    ],
    ["a pinned length", () => cuda.pinned(Float32Array, -1), /whole number from 0; got a number \(-1\)/],
    [
      "a text as pinned length",
      () => cuda.pinned(Float32Array, "3" as never),
      /whole number from 0; got a string \("3"\)/,
    ],
    [
      "a generator",
      array => cuda.randomInto(array, {} as never),
      /a Philox of tsmpi\/random, .*; got an object/,
    ],
  ];
  for (const [what, work, sentence] of wrong) {
    it(`explain what is wrong with ${what}`, async () => {
      using array = await cuda.upload(range(6), [2, 3]);
      await fails(() => work(array), ArgumentError, sentence);
    });
  }

  const calls: readonly [string, number, (array: cuda.DeviceArray) => unknown][] = [
    ["cuMemAlloc_v2", 999, () => cuda.zeros(50 * MiB)],
    ["cuLaunchKernel", 719, array => array.fill(2)],
    ["cuMemcpyDtoDAsync_v2", 1, array => array.copy()],
    ["cuMemcpyPeerAsync", 1, array => array.to(1)],
    ["cuMemcpyHtoDAsync_v2", 700, array => array.upload(range(6))],
    ["cuMemcpyDtoHAsync_v2", 700, array => array.download()],
    ["cuStreamWaitEvent", 400, array => array.download()],
    ["cuEventQuery", 719, array => array.download()],
    ["cuEventRecord", 400, array => array.download()],
    ["cuEventQuery", 700, () => cuda.device().synchronize()],
    ["cuEventElapsedTime", 600, () => cuda.device().timer().stop()],
    ["cuMemHostAlloc", 2, () => cuda.pinned(Float32Array, 8)],
    ["cuMemGetInfo_v2", 999, () => cuda.device().memoryInfo()],
  ];
  for (const [call, code, work] of calls) {
    it(`report an error of ${call}, and work again after it`, async () => {
      using array = await cuda.upload(range(6), [2, 3]);
      const error = await failing(`${call}=${code}`, () =>
        fails(() => work(array), CudaError, new RegExp(`${call}: `)),
      );
      expect([error.call, error.status]).to.deep.equal([call, code]);
      array.fill(1);
      expect(numbers(await array.download())).to.deep.equal([1, 1, 1, 1, 1, 1]);
    });
  }

  it("report an error in the middle of a long transfer", async () => {
    using array = cuda.empty(8 * MiB);
    const host = new Float32Array(8 * MiB);
    for (const failure of ["cuMemcpyHtoDAsync_v2=700@5", "cuEventQuery=700@2", "cuEventRecord=400@4"]) {
      const call = failure.split("=")[0];
      await failing(failure, () =>
        fails(() => array.upload(host), CudaError, new RegExp(`uploading: ${call}`)),
      );
    }
    await failing("cuMemcpyDtoHAsync_v2=700@6", () =>
      fails(() => array.downloadInto(host), CudaError, /downloading: /),
    );
    await array.upload(host);
  });

  it("go to their devices whatever another library of the process makes current", async () => {
    using array = cuda.full(5, 1);
    using timer = cuda.device().timer();
    driver().cuCtxSetCurrent(0);
    using copy = array.copy();
    driver().cuCtxSetCurrent(cuda.device(1).context);
    array.fill(2);
    expect(numbers(await copy.download())).to.deep.equal([1, 1, 1, 1, 1]);
    const stopped = timer.stop();
    driver().cuCtxSetCurrent(0);
    expect(await stopped).to.be.at.least(0);
  });

  it("measure time on the device", async () => {
    using timer = cuda.device().timer();
    using array = cuda.zeros(1000);
    const first = await timer.stop();
    array.fill(1);
    expect(await timer.stop()).to.be.at.least(first);
  });

  it("need a timer no longer than until it has stopped, and dispose of it once", async () => {
    const timed = async (): Promise<number> => {
      using timer = cuda.device().timer();
      // Not awaited here: the timer is disposed of meanwhile.
      return timer.stop();
    };
    expect(await timed()).to.be.at.least(0);
    const timer = cuda.device().timer();
    timer[Symbol.dispose]();
    timer[Symbol.dispose]();
    await fails(() => timer.stop(), ArgumentError, /the timer has been disposed of/);
  });

  it("say of more pinned memory than there is that there is none", async () => {
    const error = await fails(
      () => cuda.pinned(Float64Array, 2 ** 49),
      CudaError,
      /pinning .*: cuMemHostAlloc/,
    );
    expect(error.status).to.equal(2);
  });

  it("are shown in a line by console.log", async () => {
    using array = cuda.zeros([2, 3], { dtype: "int8", device: 1 });
    expect(inspect(array)).to.equal("DeviceArray(2 x 3 int8 on device 1)");
    expect(`${array}`).to.equal(inspect(array));
    array.free();
    expect(inspect({ array })).to.equal("{ array: DeviceArray(2 x 3 int8 on device 1) }");
  });

  it("lie on devices that console.log shows in a line", () => {
    expect(inspect(cuda.device())).to.equal("device 0 (Fake GPU 0)");
  });
});

async function exposedGc(): Promise<() => void> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
