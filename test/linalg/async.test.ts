/** The awaited form: on a thread of its own, in the order of the calls. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { axpy, dot, gemm, info, Matrix, matmul, scal, setThreads, sync } from "../../src/linalg/index.ts";
import { packageRoot } from "../launch.ts";

const wave = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => Math.sin(i));

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
    const n = 300;
    const a = wave(n * n);
    // It calls back by the event loop, so that other things come first, however short the product is.
    const order: string[] = [];
    const product = gemm(n, n, n, a, a, new Float64Array(n * n)).then(() => order.push("product"));
    await Promise.resolve().then(() => order.push("job"));
    await product;
    expect(order).to.deep.equal(["job", "product"]);
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
