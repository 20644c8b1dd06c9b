import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../launch.ts";
import { fakeCuda, fakeEnvironment } from "./fake.ts";

/** How many streams, events and their like are living after what the fakes have traced. */
const living = (trace: string): number =>
  trace
    .split("\n")
    .reduce((sum, line) => sum + (line.startsWith("made") ? 1 : line.startsWith("ended") ? -1 : 0), 0);

/** What a program says, which is its own worker, and what is living when the process has ended. */
function said(text: string): [text: string, living: number] {
  // Within the package, whose own name the program imports.
  const folder = mkdtempSync(join(packageRoot, "build", "cuda-workers-"));
  try {
    const program = join(folder, "program.mjs");
    writeFileSync(
      program,
      `import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
      import { setTimeout as pause } from "node:timers/promises";
      import { isMainThread, parentPort, Worker } from "node:worker_threads";
      import { sum, world } from "tsmpi";
      import * as cuda from "tsmpi/cuda";
      const next = (worker, event) => new Promise(resolve => worker.once(event, resolve));
      const count = ${living.toString()};
      const living = () => count(readFileSync(process.env.FAKE_CUDA_TRACE, "utf8"));
      const threads = () => readdirSync("/proc/self/task").length;
      const free = () => [0, 1].map(index => cuda.device(index).memoryInfo().free).join();
      /** Until it is so, for some seconds. */
      const becomes = async (what, wanted) => {
        for (let i = 0; i < 500 && what() !== wanted; i++) await pause(10);
        return what() === wanted ? "same" : \`\${what()} instead of \${wanted}\`;
      };
      const hold = process.env.FAKE_CUDA_HOLD + "0";
      ${text}`,
    );
    const trace = join(folder, "trace");
    const output = execFileSync(process.execPath, [program], {
      cwd: packageRoot,
      env: {
        ...fakeEnvironment(),
        TSMPI_LIBNCCL: fakeCuda().nccl,
        PATH: process.env.PATH,
        FAKE_CUDA_TRACE: trace,
        FAKE_CUDA_HOLD: join(folder, "hold-"),
      },
      encoding: "utf8",
      timeout: 60_000,
    });
    return [output.trim(), living(readFileSync(trace, "utf8"))];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Uses all that there is to be used, and has transfers under way at the end. */
const use = `
  const array = await cuda.upload(new Float32Array(2 ** 20), [2 ** 20]);
  const matrix = cuda.zeros([16, 16]);
  cuda.matmul(matrix, matrix);
  cuda.map(array, x => x.mul(2));
  cuda.zeros(1000, { device: cuda.device(1) }).copyFrom(cuda.zeros(1000));
  const page = cuda.pinned(Float32Array, 2 ** 20);
  await array.downloadInto(page);
  await cuda.device().timer().stop();
  const gpus = await cuda.over(world);
  await gpus.allreduceInto(array, array, sum);
  array.download();
  array.downloadInto(page);
  cuda.device(1).synchronize();`;

describe("cuda: worker threads of JavaScript (on the fakes)", function () {
  this.timeout(180_000);

  it("may end while another thread's transfers wait", () => {
    const [ended] = said(`
      if (!isMainThread) {
        // The first to use the native threads.
        await cuda.full(1, 7).download();
        parentPort.once("message", () => process.exit());
        parentPort.postMessage("used");
      } else {
        const worker = new Worker(new URL(import.meta.url));
        await next(worker, "message");
        const target = new Float32Array(2 ** 20);
        const array = cuda.full(target.length, 3);
        const transfers = Array.from({ length: 500 }, () => array.downloadInto(target));
        worker.postMessage("end");
        const ended = await Promise.race([next(worker, "exit"), Promise.all(transfers)]);
        await Promise.all(transfers);
        console.log(ended, target[5]);
      }`);
    expect(ended, "the worker's end came first").to.equal("0 3");
  });

  const endings: readonly [string, string, number][] = [
    ["by themselves", "", 0],
    ["by process.exit", "process.exit(5)", 5],
    ["by terminate", 'parentPort.postMessage("used"); setInterval(() => {}, 1000);', 1],
  ];
  for (const [how, ending, code] of endings) {
    it(`leave nothing behind when they end ${how}`, () => {
      const [left] = said(`
        if (!isMainThread) {
          ${use}
          ${ending}
        } else {
          const own = cuda.full(5, 3);
          await own.download();
          const run = async () => {
            const worker = new Worker(new URL(import.meta.url));
            worker.once("message", () => worker.terminate());
            return next(worker, "exit");
          };
          // What Node itself keeps of its first worker does not count.
          await run();
          const before = [free(), living(), threads()];
          console.log(await run(), await run());
          console.log(free() === before[0], living() === before[1], await becomes(() => threads() <= before[2], true));
          console.log((await own.download())[4]);
        }`);
      expect(left).to.equal(`${code} ${code}\ntrue true same\n3`);
    });
  }

  it("leave nothing behind when they end before a kernel does", () => {
    const [left] = said(`
      if (!isMainThread) {
        const array = cuda.zeros(2 ** 20);
        writeFileSync(hold, "");
        array.fill(1);
        const uploaded = array.upload(new Float32Array(2 ** 20));
        parentPort.postMessage("used");
        await uploaded;
      } else {
        await cuda.full(5, 3).download();
        const before = [free(), living(), threads()];
        const worker = new Worker(new URL(import.meta.url));
        await next(worker, "message");
        await worker.terminate();
        console.log(free() === before[0]);
        rmSync(hold);
        console.log(await becomes(free, before[0]), await becomes(living, before[1]), await becomes(() => threads() <= before[2], true));
      }`);
    expect(left).to.equal("false\nsame same same");
  });

  it("end an NCCL communicator once, also while they free it", () => {
    const [left] = said(`
      if (!isMainThread) {
        const gpus = await cuda.over(world);
        const array = cuda.zeros(10);
        await gpus.allreduceInto(array, array, sum);
        parentPort.postMessage(await gpus.ncclReason() ?? "joined");
        await next(parentPort, "message");
        void gpus.free();
        await pause(50);
        process.exit();
      } else {
        await cuda.full(5, 3).download();
        const before = [free(), living()];
        const worker = new Worker(new URL(import.meta.url));
        console.log(await new Promise(resolve => worker.once("message", resolve)));
        process.env.FAKE_CUDA_DELAY = "cuCtxSetCurrent=300";
        worker.postMessage("free it");
        await next(worker, "exit");
        delete process.env.FAKE_CUDA_DELAY;
        await pause(500);
        console.log(await becomes(free, before[0]), await becomes(living, before[1]));
      }`);
    expect(left).to.equal("joined\nsame same");
  });

  it("end with a driver that is going", () => {
    const [ended, left] = said(`
      if (!isMainThread) {
        ${use}
        parentPort.postMessage("used");
        setInterval(() => {}, 1000);
      } else {
        const worker = new Worker(new URL(import.meta.url));
        await next(worker, "message");
        process.env.FAKE_CUDA_FAIL = "cuCtxSetCurrent=4";
        console.log(await worker.terminate());
      }`);
    expect(ended).to.equal("1");
    expect(left).to.be.greaterThan(10);
  });

  it("leave nothing behind when the process ends before them", () => {
    const [ended, left] = said(`
      if (!isMainThread) {
        ${use}
        parentPort.postMessage("used");
        setInterval(() => {}, 1000);
      } else {
        const worker = new Worker(new URL(import.meta.url));
        await next(worker, "message");
        console.log(living() > 10);
        process.exit();
      }`);
    expect(ended).to.equal("true");
    expect(left).to.equal(0);
  });

  it("give back what the main thread does not, whose end is the driver's", () => {
    const [, left] = said(use);
    expect(left).to.be.greaterThan(10);
  });
});
