import { execFileSync } from "node:child_process";
import { expect } from "chai";
import type { Matrix } from "../../src/linalg/index.ts";
import { failing, useFakeCuda } from "../cuda/fake.ts";
import { fails } from "../cuda/throws.ts";
import { packageRoot } from "../launch.ts";

// Imported as linalg imports tsmpi/cuda, when it is needed: the runner may load what a test imports by name apart.
type Linalg = typeof import("../../src/linalg/index.ts");
let linalg: Linalg;
let errors: typeof import("../../src/errors.ts");

function drawn(rows: number, columns: number, dtype: "float32" | "float64"): Matrix {
  const matrix = linalg.Matrix.zeros(rows, columns, dtype);
  for (let i = 0; i < matrix.data.length; i++) matrix.data[i] = Math.random() * 2 - 1;
  return matrix;
}

function expectProduct(got: Matrix, a: Matrix, b: Matrix): void {
  const wanted = linalg.sync.matmul(a, b);
  expect([got.rows, got.columns, got.dtype]).to.deep.equal([wanted.rows, wanted.columns, wanted.dtype]);
  let off = 0;
  for (const [i, x] of wanted.data.entries()) off = Math.max(off, Math.abs(got.data[i] - x));
  expect(off).to.be.at.most(a.columns * (a.dtype === "float64" ? 1e-14 : 1e-5));
}

/** What a program prints that has the built package and no GPU. */
function without(program: string, env: Record<string, string> = {}): string {
  return execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: packageRoot,
    env: { PATH: process.env.PATH, TSMPI_LIBCUDA: "libnone.so", ...env },
    encoding: "utf8",
  }).trim();
}

describe("linalg: products on a GPU (on the fake driver)", function () {
  this.timeout(180_000);
  before(async () => {
    useFakeCuda();
    linalg = await import("../../src/linalg/index.ts");
    errors = await import("../../src/errors.ts");
  });
  after(() => linalg.setDevice("cpu"));

  /** Every call of cuBLAS fails: what still gives a product has not been there. */
  const broken = <T>(work: () => T | Promise<T>): Promise<T> => failing("cublasGemmEx=13", work);

  for (const dtype of ["float64", "float32"] as const) {
    it(`are those of the processor, however the matrices lie: ${dtype}`, async () => {
      const [a, b] = [drawn(31, 47, dtype), drawn(47, 23, dtype)];
      const large = drawn(60, 60, dtype);
      const pairs: [Matrix, Matrix][] = [
        [a, b],
        [b.T, a.T],
        [a, a.T],
        [a.T, a],
        [large.slice(3, 20, 5, 40), large.T.slice(10, 45, 2, 9)],
        [a.row(3), b.column(2)],
        [a.slice(0, 0), b],
        [a.slice(0, 31, 0, 0), b.slice(0, 0)],
      ];
      for (const [left, right] of pairs)
        expectProduct(await linalg.matmul(left, right, { device: "cuda" }), left, right);
      expectProduct(await a.matmul(b, { device: "cuda" }), a, b);
    });
  }

  it("go there when told to, and stay when told to", async () => {
    const [a, b] = [drawn(9, 8, "float64"), drawn(8, 7, "float64")];
    await broken(() =>
      fails(
        () => linalg.matmul(a, b, { device: "cuda" }),
        errors.CudaError,
        /CUBLAS_STATUS_EXECUTION_FAILED/,
      ),
    );
    await broken(async () => expectProduct(await linalg.matmul(a, b, { device: "cpu" }), a, b));
    await broken(async () => expectProduct(await linalg.matmul(a, b), a, b));
    linalg.setDevice("cuda");
    await broken(() => fails(() => linalg.matmul(a, b), errors.CudaError, /CUBLAS_STATUS_EXECUTION_FAILED/));
    await broken(() => fails(() => a.matmul(b), errors.CudaError, /CUBLAS_STATUS_EXECUTION_FAILED/));
    await broken(async () => expectProduct(await a.matmul(b, { device: "cpu" }), a, b));
    await broken(() => expectProduct(linalg.sync.matmul(a, b), a, b));
    linalg.setDevice("cpu");
    await broken(async () => expectProduct(await a.matmul(b), a, b));
  });

  it("see what calls before them write", async () => {
    const { gemm } = linalg;
    const n = 200;
    const [a, b] = [drawn(n, n, "float64"), drawn(n, n, "float64")];
    const between = linalg.Matrix.zeros(n, n);
    const first = gemm(n, n, n, a.data, b.data, between.data);
    const got = await linalg.matmul(between, b, { device: "cuda" });
    await first;
    expectProduct(got, linalg.sync.matmul(a, b), b);
  });

  it("go where they are faster, by what was measured", async () => {
    const { threads } = linalg.info();
    linalg.setThreads(1);
    process.env.FAKE_CUBLAS_INSTANT = "256";
    try {
      const { n, cpu, gpu, upload, download, latency } = await linalg.crossover("float64");
      for (const figure of [cpu, gpu, upload, download, latency]) expect(figure).to.be.above(0);
      expect(gpu, "the fake that computes nothing").to.be.above(cpu);
      expect(n).to.be.within(192, 3000);
      const [small, large] = [n - 1, n].map(size => drawn(size, size, "float64"));
      await broken(() =>
        fails(() => linalg.matmul(large, large, { device: "auto" }), errors.CudaError, /cublasGemmEx/),
      );
      await broken(async () =>
        expectProduct(await linalg.matmul(small, small, { device: "auto" }), small, small),
      );
      linalg.setDevice("auto");
      await broken(() => fails(() => large.matmul(large), errors.CudaError, /cublasGemmEx/));
      await broken(async () => expectProduct(await small.matmul(small), small, small));
      expect(await linalg.crossover("float64"), "measured once").to.include({
        n,
        cpu,
        gpu,
        upload,
        download,
        latency,
      });
    } finally {
      delete process.env.FAKE_CUBLAS_INSTANT;
      linalg.setThreads(threads);
      linalg.setDevice("cpu");
    }
  });

  it("stay where the GPU has no room, if they may", async () => {
    const a = drawn(5, 6, "float64");
    const failures = "cuMemAlloc_v2=2";
    const { device } = await import("../../src/cuda/index.ts");
    device().trim();
    await failing(failures, () =>
      fails(() => linalg.matmul(a, a.T, { device: "cuda" }), errors.DeviceMemoryError, /no room/),
    );
    const { multiplyOnDevice } = await import("../../src/linalg/offload.ts");
    const flat = { data: a.data, rows: 5, columns: 6, transposed: false };
    const turned = { data: a.data, rows: 5, columns: 6, transposed: true };
    const target = new Float64Array(25);
    expect(await failing(failures, () => multiplyOnDevice("auto", flat, turned, target))).to.equal(false);
    expect(await multiplyOnDevice("auto", flat, turned, target)).to.equal(true);
  });

  it("of complex matrices stay, and cannot be told to go", async () => {
    const a = linalg.Matrix.from([[[1, 2]]], "complex128");
    expect((await linalg.matmul(a, a, { device: "auto" })).at(0, 0)).to.deep.equal([-3, 4]);
    await fails(
      () => linalg.matmul(a, a, { device: "cuda" }),
      errors.ArgumentError,
      /float32 and float64, not complex128/,
    );
    await fails(
      () => linalg.crossover("complex64" as never),
      errors.ArgumentError,
      /must be "float32" or "float64"/,
    );
  });

  it("want a device that there is, and matrices that fit", async () => {
    const a = drawn(2, 3, "float64");
    const words: readonly [() => unknown, RegExp][] = [
      [
        () => linalg.matmul(a, a.T, { device: "gpu" as never }),
        /matmul: device must be "cpu", "cuda" or "auto", but is "gpu"/,
      ],
      [() => linalg.setDevice(1 as never), /setDevice: device must be .*, but is 1/],
      [() => linalg.matmul(a, a, { device: "cuda" }), /a is 2 x 3 of float64, b is 2 x 3/],
      [() => linalg.matmul(a, a, { device: "auto" }), /a is 2 x 3 of float64, b is 2 x 3/],
    ];
    for (const [work, sentence] of words) await fails(work, errors.ArgumentError, sentence);
  });

  it("are left to the processor where there is no GPU", () => {
    const program = `
      import { CudaUnavailableError } from "tsmpi";
      import { crossover, Matrix, matmul } from "tsmpi/linalg";
      const a = Matrix.identity(300);
      const got = await matmul(a, a, { device: "auto" });
      const wrong = await matmul(a, a, { device: "cuda" }).catch(error => error);
      const none = await crossover().catch(error => error);
      console.log(got.at(299, 299), wrong instanceof CudaUnavailableError, wrong.message, none.code);`;
    expect(without(program)).to.match(
      /^1 true matmul on device "cuda": no CUDA driver: libnone.so: .* TSMPI_CUDA_UNAVAILABLE$/,
    );
  });

  it("are made where TSMPI_DEVICE says, unless the program does", () => {
    const program = `
      import { Matrix, matmul, setDevice } from "tsmpi/linalg";
      const one = Matrix.identity(3);
      const outcome = promise => promise.then(c => c.data[0], error => error.message);
      console.log(await outcome(matmul(one, one)), await outcome(matmul(one, one, { device: "cpu" })));
      setDevice("cpu");
      console.log(await outcome(matmul(one, one)));`;
    expect(without(program, { TSMPI_DEVICE: "cuda" })).to.match(/^matmul on device "cuda": .* 1\n1$/);
    expect(without(program, { TSMPI_DEVICE: "cpu" })).to.equal("1 1\n1");
    expect(without(program, { TSMPI_DEVICE: "gpu" })).to.match(
      /^TSMPI_DEVICE must be "cpu", "cuda" or "auto", but is "gpu" 1\n1$/,
    );
  });

  it("load nothing of tsmpi/cuda before one is asked for", () => {
    const hook =
      'export const resolve = (name, context, next) => { if (/cuda/.test(name)) throw Error("loads " + name); return next(name, context); }';
    const program = `
      import { register } from "node:module";
      register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hook)}));
      const { Matrix, matmul } = await import("tsmpi/linalg");
      const [small, large] = [Matrix.identity(100), Matrix.identity(200)];
      await matmul(large, large);
      await matmul(small, small, { device: "auto" });
      await matmul(large, large, { device: "auto" }).catch(error => console.log(error.message));`;
    expect(without(program)).to.equal("loads ./cuda.js");
  });
});
