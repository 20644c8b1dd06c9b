import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../launch.ts";
import { fakeEnvironment } from "./fake.ts";

describe("cuda: worker threads of JavaScript (on the fake driver)", function () {
  this.timeout(180_000);

  it("may end while another thread's transfers wait", () => {
    // Within the package, whose own name the program imports.
    const folder = mkdtempSync(join(packageRoot, "build", "cuda-workers-"));
    try {
      const program = join(folder, "program.mjs");
      writeFileSync(
        program,
        `import { isMainThread, parentPort, Worker } from "node:worker_threads";
        import * as cuda from "tsmpi/cuda";
        if (!isMainThread) {
          // The first to use the native threads.
          await cuda.full(1, 7).download();
          parentPort.once("message", () => process.exit());
          parentPort.postMessage("used");
        } else {
          const worker = new Worker(new URL(import.meta.url));
          const next = event => new Promise(resolve => worker.once(event, resolve));
          await next("message");
          const target = new Float32Array(2 ** 20);
          const array = cuda.full(target.length, 3);
          const transfers = Array.from({ length: 500 }, () => array.downloadInto(target));
          worker.postMessage("end");
          const ended = await Promise.race([next("exit"), Promise.all(transfers)]);
          await Promise.all(transfers);
          console.log(ended, target[5]);
        }`,
      );
      const said = execFileSync(process.execPath, [program], {
        cwd: packageRoot,
        env: { ...fakeEnvironment(), PATH: process.env.PATH },
        encoding: "utf8",
        timeout: 60_000,
      });
      expect(said.trim(), "the worker's end came first").to.equal("0 3");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
