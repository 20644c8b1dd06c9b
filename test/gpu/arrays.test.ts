/**
 * `npm run test:gpu`: what the tests on the fake driver cannot show. On a machine without a GPU all of it is skipped,
 * with the reason. Correctness is relative error against float64 on the host, on new random data each time.
 */
import { expect } from "chai";
import * as cuda from "tsmpi/cuda";
import { gemm } from "tsmpi/linalg";
import { Generator, Philox } from "tsmpi/random";
import { many, needsGpu, poison, random, relativeError, wide } from "./device.ts";

describe("on a GPU", function () {
  this.timeout(120_000);

  before(function () {
    needsGpu(this, "cublas");
    console.log(JSON.stringify(cuda.info(), undefined, 2));
  });

  for (const n of [1, 1000, 1 << 20, 10_000_001]) {
    it(`moves ${n} elements there and back, pinned and not`, async () => {
      const source = Float64Array.from({ length: n }, (_, i) => i * 0.5);
      using array = await cuda.upload(source);
      const host = cuda.pinned(Float64Array, n);
      host.fill(Number.NaN);
      await array.downloadInto(host);
      expect(Buffer.compare(Buffer.from(host.buffer, 0, n * 8), Buffer.from(source.buffer))).to.equal(0);
      array.fill(Number.NaN);
      await array.upload(host);
      const back = (await array.download()) as Float64Array;
      expect(Buffer.compare(Buffer.from(back.buffer), Buffer.from(source.buffer))).to.equal(0);
    });
  }

  const types: readonly [cuda.DtypeName, boolean, number][] = [
    ["float64", false, 1e-14],
    ["float32", false, 1e-6],
    ["float32", true, 2e-3],
    ["float16", false, 2e-3],
    ["bfloat16", false, 1e-2],
  ];
  for (const [dtype, tf32, bound] of types) {
    it(`multiplies ${dtype}${tf32 ? " as TF32" : ""}, in every order of the operands`, async () => {
      const [m, n, k] = [301, 257, 403];
      using wideA = await cuda.upload(random(m * k), [m, k]);
      using wideB = await cuda.upload(random(k * n), [k, n]);
      using a = wideA.astype(dtype);
      using b = wideB.astype(dtype);
      const right = new Float64Array(m * n);
      await gemm(m, n, k, await wide(a), await wide(b), right);
      for (const [turnA, turnB] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ]) {
        // A transposed copy, seen transposed again.
        using left = turnA ? a.transpose().copy().transpose() : a.copy();
        using other = turnB ? b.transpose().copy().transpose() : b.copy();
        using c = cuda.full([m, n], Number.NaN, { dtype });
        cuda.matmulInto(c, left, other, { tf32 });
        expect(relativeError(await wide(c), right), `${turnA} ${turnB}`).to.be.below(bound);
      }
    });
  }

  it("multiplies stacks, with alpha and beta, and int8", async () => {
    const [batch, n] = [7, 65];
    const [a, b] = [random(batch * n * n), random(batch * n * n)];
    using left = await cuda.upload(a, [batch, n, n]);
    using right = await cuda.upload(b, [batch, n, n]);
    using c = cuda.full([batch, n, n], 3, { dtype: "float64" });
    cuda.matmulInto(c, left, right, { alpha: 2, beta: -1 });
    const got = (await c.download()) as Float64Array;
    for (let i = 0; i < batch; i++) {
      const part = i * n * n;
      const expected = new Float64Array(n * n).fill(3);
      const options = { alpha: 2, beta: -1 };
      await gemm(n, n, n, a.subarray(part, part + n * n), b.subarray(part, part + n * n), expected, options);
      expect(relativeError(got.subarray(part, part + n * n), expected)).to.be.below(1e-14);
    }
    const bytes = Int8Array.from({ length: 64 * 64 }, () => Math.floor(Math.random() * 256) - 128);
    using x = await cuda.upload(bytes, [64, 64]);
    poison(64 * 64 * 4);
    using y = cuda.matmul(x, x);
    const numbers = Float64Array.from(bytes);
    const product = new Float64Array(64 * 64);
    await gemm(64, 64, 64, numbers, numbers, product);
    expect(Array.from((await y.download()) as Int32Array)).to.deep.equal(Array.from(product));
  });

  it("multiplies views: slices, stacks of strided rows, vectors, one matrix for all", async () => {
    const [batch, m, k, n] = [5, 40, 56, 33];
    const [a, b] = [random(batch * m * 2 * k), random(k * n)];
    using all = await cuda.upload(a, [batch, m, 2 * k]);
    using left = all.slice([], [], [k, 2 * k]);
    using right = await cuda.upload(b, [k, n]);
    using whole = cuda.full([batch, m, n + 7], Number.NaN, { dtype: "float64" });
    using target = whole.slice([], [], [3, 3 + n]);
    cuda.matmulInto(target, left, right);
    const got = (await whole.download()) as Float64Array;
    for (let i = 0; i < batch; i++) {
      const expected = new Float64Array(m * n);
      await gemm(m, n, k, a.subarray(i * m * 2 * k + k), b, expected, { lda: 2 * k });
      const part = Float64Array.from(
        { length: m * n },
        (_, at) => got[(i * m + Math.floor(at / n)) * (n + 7) + 3 + (at % n)],
      );
      expect(relativeError(part, expected), `matrix ${i}`).to.be.below(1e-14);
    }
    expect(got.filter(Number.isNaN).length, "what lies beside the target").to.equal(batch * m * 7);
    using vector = await cuda.upload(b.slice(0, 2 * k));
    using matrix = await cuda.upload(a.slice(0, m * 2 * k), [m, 2 * k]);
    poison(m * 8);
    using product = cuda.matmul(matrix, vector);
    const expected = new Float64Array(m);
    await gemm(m, 1, 2 * k, a, b, expected);
    expect(relativeError((await product.download()) as Float64Array, expected)).to.be.below(1e-14);
  });

  it("keeps memory that is freed for the next array", async () => {
    const gpu = cuda.device();
    gpu.trim();
    const { used } = gpu.memoryInfo();
    const first = cuda.full(10_000_000, 1);
    first.free();
    expect(gpu.memoryInfo()).to.include({ used });
    expect(gpu.memoryInfo().cached).to.be.at.least(40_000_000);
    {
      using second = cuda.full(10_000_000, 2);
      expect((await second.download()).at(-1)).to.equal(2);
    }
    gpu.trim();
    expect(gpu.memoryInfo().cached).to.equal(0);
  });

  it("draws the numbers of the host's Philox, bit for bit", async () => {
    for (const Type of [Float32Array, Float64Array]) {
      const [here, there] = [new Philox(7), new Philox(7)];
      const expected = new Generator(here).randomInto(new Type(1_000_003));
      using array = cuda.empty(1_000_003, { dtype: Type === Float32Array ? "float32" : "float64" });
      array.fill(Number.NaN);
      cuda.randomInto(array, there);
      expect(await array.download()).to.deep.equal(expected);
      expect(there.state).to.deep.equal(here.state);
    }
  });

  const functions: readonly [string, (x: number) => number, number][] = [
    ["exp(x) + 3 * sin(x)", x => Math.exp(x) + 3 * Math.sin(x), 4],
    ["log(abs(x) + 1) * tanh(x)", x => Math.log(Math.abs(x) + 1) * Math.tanh(x), 4],
    ["cos(1e30 * x)", x => Math.cos(1e30 * x), Number.POSITIVE_INFINITY],
    ["x < 0 ? sqrt(-x) : exp2(x)", x => (x < 0 ? Math.sqrt(-x) : 2 ** x), 4],
  ];
  for (const [text, reference, scale] of functions) {
    it(`computes ${text} for many elements`, async () => {
      for (const Type of [Float32Array, Float64Array]) {
        const epsilon = Type === Float32Array ? 2 ** -23 : 2 ** -52;
        const x = Type.from(random(many(3_000_001)));
        using array = await cuda.upload(x);
        poison(x.byteLength);
        using made = cuda.evaluate(text, { x: array });
        const y = (await made.download()) as Float32Array | Float64Array;
        let worst = 0;
        for (const [i, value] of x.entries()) {
          const off = Math.abs(y[i] - reference(value));
          // NaN, too, is worse.
          if (!(off <= worst)) worst = off;
        }
        // Angles of 1e30 are rounded on the device, so only the size of their cosines is known.
        expect(worst).to.be.below(scale === Number.POSITIVE_INFINITY ? 2.001 : scale * 4 * epsilon);
      }
    });
  }

  it("reduces many elements in one pass", async () => {
    const x = random(5_000_011);
    using array = await cuda.upload(x);
    const found = await cuda.reduce(array, x => ({
      sum: x.sum(),
      min: x.min(),
      argmax: x.argmax(),
      norm: x.norm(),
    }));
    const most = x.reduce((a, b) => Math.max(a, b));
    expect(found.sum).to.be.closeTo(
      x.reduce((a, b) => a + b, 0),
      1e-6,
    );
    expect(found.min).to.equal(x.reduce((a, b) => Math.min(a, b)));
    expect(found.argmax).to.equal(x.indexOf(most));
    expect(found.norm).to.be.closeTo(Math.sqrt(x.reduce((a, b) => a + b * b, 0)), 1e-6);
  });

  it("copies views, converts types and times itself", async () => {
    using timer = cuda.device().timer();
    using matrix = await cuda.upload(random(1000 * 700), [1000, 700]);
    using twice = matrix.transpose().copy().transpose().copy();
    expect(await twice.download()).to.deep.equal(await matrix.download());
    using halves = matrix.astype("bfloat16");
    expect(relativeError(await wide(halves), (await matrix.download()) as Float64Array)).to.be.below(3e-3);
    expect(await timer.stop()).to.be.above(0);
  });

  it("computes, converts, fills and adds up views that begin anywhere", async () => {
    const n = many(1_000_000) + 3;
    const values = Float64Array.from({ length: n + 4 }, (_, i) => (i * 37) % 100);
    for (const dtype of ["float64", "float32", "float16", "bfloat16", "int8", "uint16", "int64"] as const) {
      using doubles = await cuda.upload(values);
      using all = doubles.astype(dtype);
      for (const shift of [0, 1, 2, 3]) {
        const expected = values.subarray(shift, shift + n);
        const what = `${dtype} from ${shift} on`;
        using part = all.slice([shift, shift + n]);
        using frame = cuda.full(n + 4, 77, { dtype });
        using target = frame.slice([shift, shift + n]);
        target.fill(1);
        cuda.mapInto(target, [part, target], (x, y) => x.add(y));
        const written = new Float64Array(n + 4).fill(77);
        for (const [i, value] of expected.entries()) written[shift + i] = value + 1;
        expect(relativeError(await wide(frame), written), what).to.equal(0);
        expect(
          await cuda.reduce(part, x => ({ sum: x.sum(), least: x.argmin(), most: x.argmax() })),
          what,
        ).to.deep.equal({
          sum: expected.reduce((sum, value) => sum + value, 0),
          least: expected.indexOf(0),
          most: expected.indexOf(99),
        });
      }
    }
  });

  it("copies views in any order of their axes, by tiles and by several elements at once", async () => {
    for (const dtype of ["float64", "float32", "uint16", "uint8"] as const) {
      const [stack, rows, columns] = [3, 70, 101];
      const values = Float64Array.from({ length: stack * rows * columns }, (_, i) => i % 251);
      using doubles = await cuda.upload(values, [stack, rows, columns]);
      using all = doubles.astype(dtype);
      const at = (s: number, r: number, c: number): number => values[(s * rows + r) * columns + c];
      using turned = all.transpose().copy();
      const right: number[] = [];
      for (let s = 0; s < stack; s++)
        for (let c = 0; c < columns; c++) for (let r = 0; r < rows; r++) right.push(at(s, r, c));
      expect(relativeError(await wide(turned), right), `${dtype} transposed`).to.equal(0);
      for (const [from, to] of [
        [0, 100],
        [1, 101],
        [4, 36],
        [50, 51],
      ]) {
        using part = turned.slice([], [from, to], [2, 66]).copy();
        const cut: number[] = [];
        for (let s = 0; s < stack; s++)
          for (let c = from; c < to; c++) for (let r = 2; r < 66; r++) cut.push(at(s, r, c));
        expect(relativeError(await wide(part), cut), `${dtype} ${from} to ${to}`).to.equal(0);
      }
    }
  });

  it("cuts reals to integers at the ends of their range, and NaN to 0", async () => {
    const reals = [Number.NaN, -1.75, 2.5, 300, -300, 70_000, -70_000, 1e30, -1e30];
    for (const bits of [8, 16, 32, 64] as const) {
      for (const sign of ["int", "uint"] as const) {
        const dtype = `${sign}${bits}` as const;
        const [least, most] =
          sign === "int"
            ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]
            : [0n, 2n ** BigInt(bits) - 1n];
        const expected = reals.map(x => {
          const cut = Number.isNaN(x) ? 0n : BigInt(Math.trunc(x));
          return cut < least ? least : cut > most ? most : cut;
        });
        for (const source of [new Float32Array(reals), new Float64Array(reals)]) {
          using array = await cuda.upload(source);
          using cast = array.astype(dtype);
          using mapped = cuda.full(reals.length, 77, { dtype });
          cuda.mapInto(mapped, array, x => x.mul(1));
          for (const made of [cast, mapped])
            expect(Array.from(await made.download(), BigInt), dtype).to.deep.equal(expected);
        }
      }
    }
  });

  it("refuses what would disturb a transfer, and what does not go together", async () => {
    using array = cuda.full(5_000_000, 1);
    const coming = array.download();
    expect(() => array.fill(2)).to.throw(/is being downloaded; await that first/);
    expect((await coming)[4_999_999]).to.equal(1);
    using other = cuda.zeros([3, 3], { dtype: "float64" });
    expect(() => cuda.matmul(other, array.reshape([1000, 5000]))).to.throw(/the types differ/);
    expect(() => cuda.empty(2, { device: 99 })).to.throw(/there is no device 99/);
    array.free();
    expect(() => array.copy()).to.throw(/has been freed/);
  });

  it("frees what nobody can reach before it says that there is no room", async () => {
    const gpu = cuda.device();
    gpu.trim();
    const elements = Math.floor(gpu.memoryInfo().free / 8 / 4);
    for (let i = 0; i < 20; i++) {
      // The view is an array of its own that nobody frees.
      using array = cuda.empty([2, Math.floor(elements / 2)]);
      array.transpose();
      await gpu.synchronize();
    }
    gpu.trim();
  });

  it("leaves of products of nothing what beta says, in every type", async () => {
    for (const dtype of ["float64", "float32", "float16", "bfloat16"] as const) {
      using left = cuda.zeros([3, 40, 0], { dtype });
      using right = cuda.zeros([3, 0, 50], { dtype });
      using frame = cuda.full([3, 40, 70], 2, { dtype });
      using target = frame.slice([], [], [20, 70]);
      cuda.matmulInto(target, left, right, { beta: -3 });
      const expected = Float64Array.from({ length: 8400 }, (_, i) => (i % 70 < 20 ? 2 : -6));
      expect(await wide(frame), dtype).to.deep.equal(expected);
      frame.fill(Number.NaN);
      cuda.matmulInto(target, left, right);
      expect((await wide(frame)).filter(x => x === 0).length, dtype).to.equal(6000);
    }
  });

  it("says that there is no room, and goes on", async () => {
    const { total } = cuda.device().memoryInfo();
    expect(() => cuda.empty(total, { dtype: "float64" })).to.throw(/has no room for/);
    using small = cuda.zeros(10);
    expect(await small.download()).to.deep.equal(new Float32Array(10));
  });
});
