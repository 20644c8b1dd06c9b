/** The awaited form: on a thread of its own, in the order of the calls. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import * as linalg from "../../src/linalg/index.ts";
import {
  array,
  axpy,
  dot,
  type Expression,
  exp,
  gemm,
  info,
  Matrix,
  matmul,
  scal,
  setThreads,
  sync,
} from "../../src/linalg/index.ts";
import { packageRoot } from "../launch.ts";
import { needs } from "../needs.ts";
import { expectFree } from "./event-loop.ts";

const wave = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => Math.sin(i));

/** Symmetric and positive definite. */
const definite = (): Matrix =>
  Matrix.from([
    [4, 1, 0],
    [1, 3, 1],
    [0, 1, 2],
  ]);

describe("linalg: awaited calls", () => {
  it("gives what the blocking twin gives", async () => {
    const n = 50;
    const [a, b, c] = [wave(n * n), wave(n * n), new Float64Array(n * n)];
    await gemm(n, n, n, a, b, c);
    const again = new Float64Array(n * n);
    sync.gemm(n, n, n, a, b, again);
    expect(c).to.deep.equal(again);
    expect(await dot(a, b)).to.equal(sync.dot(a, b));
    expect(await dot(a, b, { complex: true })).to.deep.equal(sync.dot(a, b, { complex: true }));
  });

  it("leaves the event loop free", async () => {
    const n = 600;
    const a = wave(n * n);
    await expectFree(() => {
      const c = new Float64Array(n * n).fill(Number.NaN);
      return { promise: gemm(n, n, n, a, a, c), written: !Number.isNaN(c[n * n - 1]) };
    });
  });

  const samples: { [name in keyof typeof sync]: () => unknown[] } = {
    asum: () => [wave(6)],
    axpy: () => [2, wave(6), wave(6)],
    cholesky: () => [definite()],
    compile: () => ["exp(x) + 1"],
    copy: () => [wave(6), new Float64Array(6)],
    det: () => [definite()],
    dot: () => [wave(6), wave(6)],
    eigh: () => [definite()],
    evaluate: () => [{ y: exp(array(wave(6))), sum: array(wave(6)).sum() }],
    evaluateInto: () => [new Float64Array(6), exp(array(wave(6)))],
    gels: () => [3, 2, 1, wave(6), wave(3)],
    gelsd: () => [3, 2, 1, wave(6), wave(3), new Float64Array(2)],
    gemm: () => [2, 2, 3, wave(6), wave(6), new Float64Array(4)],
    gemmBatched: () => [2, 2, 1, 2, wave(8), wave(4), new Float64Array(4)],
    gemv: () => [2, 3, wave(6), wave(3), new Float64Array(2)],
    geqrf: () => [3, 2, wave(6), new Float64Array(2)],
    ger: () => [2, 3, wave(2), wave(3), wave(6)],
    gesdd: () => [3, 2, wave(6), new Float64Array(2)],
    gesv: () => [3, 1, definite().data, new Int32Array(3), wave(3)],
    getrf: () => [3, 3, definite().data, new Int32Array(3)],
    getrs: () => [3, 1, definite().data, Int32Array.of(0, 2, 2), wave(3)],
    hemm: () => [2, 3, wave(8), wave(12), new Float64Array(12), { complex: true }],
    herk: () => [2, 2, wave(8), new Float64Array(8), { complex: true }],
    iamax: () => [wave(6)],
    inv: () => [definite()],
    lstsq: () => [new Matrix(wave(6), 3, 2), wave(3)],
    map: () => [wave(6), exp],
    mapInto: () => [new Float64Array(6), wave(6), exp],
    matmul: () => [definite(), definite().T],
    nrm2: () => [wave(6)],
    orgqr: () => [3, 2, 2, wave(6), wave(2)],
    potrf: () => [3, definite().data],
    potrs: () => [3, 1, definite().data, wave(3)],
    qr: () => [new Matrix(wave(6), 3, 2)],
    reduce: () => [wave(6), (x: Expression) => x.sum()],
    rot: () => [wave(6), wave(6), 0.6, 0.8],
    scal: () => [3, wave(6)],
    solve: () => [definite(), wave(3)],
    svd: () => [new Matrix(wave(6), 3, 2)],
    swap: () => [wave(6), new Float64Array(6)],
    syevd: () => [3, definite().data, new Float64Array(3)],
    symm: () => [2, 3, wave(4), wave(6), new Float64Array(6)],
    symv: () => [3, definite().data, wave(3), new Float64Array(3)],
    syrk: () => [2, 3, wave(6), new Float64Array(4)],
    trmm: () => [3, 2, definite().data, wave(6)],
    trmv: () => [3, definite().data, wave(3)],
    trsm: () => [3, 2, definite().data, wave(6)],
    trsv: () => [3, definite().data, wave(3)],
  };

  it("has an awaited form of every call, with the same result", async function () {
    expect(Object.keys(samples)).to.have.members(Object.keys(sync));
    const { lapack } = info();
    for (const [name, make] of Object.entries(samples)) {
      if (lapack === undefined && /^(eigh|ge(ls|lsd|qrf|sdd)|lstsq|orgqr|qr|svd|syevd)$/.test(name)) continue;
      const [blocking, awaited] = [make(), make()];
      const call = (linalg as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
      const twin = (sync as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
      let [wanted, begun] = [twin(...blocking), call(...awaited)];
      if (name === "compile") {
        wanted = (wanted as (x: Float64Array) => unknown)(wave(6));
        begun = (begun as (x: Float64Array) => unknown)(wave(6));
      }
      expect(begun, name).to.be.instanceOf(Promise);
      expect(await begun, name).to.deep.equal(wanted);
      // What was written, and what was not.
      expect(awaited.filter(ArrayBuffer.isView), name).to.deep.equal(blocking.filter(ArrayBuffer.isView));
    }
    needs(this, lapack !== undefined, "LAPACK (Debian: liblapack3)");
  });

  it("runs calls in the order made, so that one may use what the one before writes", async () => {
    const x = new Float64Array(1000).fill(1);
    const y = new Float64Array(1000);
    const calls: Promise<void>[] = [];
    for (let i = 0; i < 40; i++) calls.push(axpy(1, x, y), scal(2, x));
    await Promise.all(calls);
    expect(x[999]).to.equal(2 ** 40);
    expect(y[0]).to.equal(2 ** 40 - 1);
  });

  it("holds its arrays", async () => {
    const products = Array.from({ length: 30 }, (_, i) => {
      const n = 100;
      const c = Matrix.zeros(n, n);
      const a = Matrix.identity(n);
      a.data.fill(i, 0, 1);
      return matmul(a, a).then(product => [product.at(0, 0), c.at(0, 0)]);
    });
    (globalThis as { gc?: () => void }).gc?.();
    (await Promise.all(products)).forEach(([value], i) => {
      expect(value).to.equal(i * i);
    });
  });

  it("keeps the process alive until a call is over, and no longer", async () => {
    const bundle = JSON.stringify(join(packageRoot, "dist", "linalg.js"));
    const program = `
      import(${bundle}).then(({ gemm }) => {
        const n = 200, a = new Float64Array(n * n).fill(1), c = new Float64Array(n * n);
        void gemm(n, n, n, a, a, c).then(() => console.log("sum", c[0]));
      });
    `;
    const { status, stdout } = spawnSync(process.execPath, ["-e", program], { encoding: "utf8" });
    expect([status, stdout.trim()]).to.deep.equal([0, "sum 200"]);
  });

  it("ends at process.exit in the middle of a call", () => {
    const bundle = JSON.stringify(join(packageRoot, "dist", "linalg.js"));
    const program = `
      import(${bundle}).then(({ gemm }) => {
        const n = 700, a = new Float64Array(n * n).fill(1), c = new Float64Array(n * n);
        for (let i = 0; i < 50; i++) void gemm(n, n, n, a, a, c);
        setTimeout(() => process.exit(3), 20);
      });
    `;
    const env = { ...process.env, OMP_NUM_THREADS: "2" };
    expect(spawnSync(process.execPath, ["-e", program], { env, timeout: 50_000 }).status).to.equal(3);
  });

  it("works in worker threads, which may end in the middle of a call", async () => {
    const bundle = join(packageRoot, "dist", "linalg.js");
    const code = `
      import("${bundle}").then(async ({ gemm, sync }) => {
        const { parentPort } = await import("node:worker_threads");
        const n = 120, a = new Float64Array(n * n).fill(1), c = new Float64Array(n * n);
        await gemm(n, n, n, a, a, c);
        parentPort.postMessage(c[0] + sync.dot(a, a));
        for (let i = 0; i < 20; i++) void gemm(n, n, n, a, a, c);
      });
    `;
    const workers = Array.from({ length: 3 }, () => new Worker(code, { eval: true }));
    for (const [value] of await Promise.all(workers.map(worker => once(worker, "message")))) {
      expect(value).to.equal(120 + 120 * 120);
    }
    await Promise.all(workers.map(worker => worker.terminate()));
  });

  it("changes the number of threads at run time", () => {
    const before = info().threads;
    setThreads(1);
    expect(info().threads).to.equal(1);
    setThreads(2);
    expect(info().threads).to.equal(2);
    const n = 150;
    const a = wave(n * n);
    const [one, two] = [new Float64Array(n * n), new Float64Array(n * n)];
    sync.gemm(n, n, n, a, a, two);
    setThreads(1);
    sync.gemm(n, n, n, a, a, one);
    for (let i = 0; i < n * n; i++) expect(Math.abs(one[i] - two[i])).to.be.at.most(1e-12);
    setThreads(before);
  });
});
