/** Ranks that share the GPUs of this host, through the launcher. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { needsGpu } from "./device.ts";

const here = dirname(fileURLToPath(import.meta.url));
// The tests may lie packed beside the package (scripts/pack-for-gpu.mjs).
const root = [here, dirname(dirname(here))].find(folder => existsSync(join(folder, "dist", "tsmpirun.cjs")))!;
const program = [join(here, "gpu-ranks.mjs"), join(here, "programs", "ranks.ts")].find(existsSync)!;

describe("on a GPU: ranks", function () {
  this.timeout(240_000);

  const ways: readonly [string, number, Record<string, string>][] = [
    ["by NCCL where each has a device, alone", 1, {}],
    ["alone, by the host", 1, { TSMPI_NCCL: "off" }],
    ["that share a device", 2, {}],
    ["that share a device, more of them", 4, {}],
  ];
  for (const [what, ranks, env] of ways) {
    it(`send, reduce and multiply ${what}`, function () {
      needsGpu(this, "cublas");
      const args = [join(root, "dist", "tsmpirun.cjs"), "-n", String(ranks), "--timeout", "120", program];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, {
        cwd: root,
        env: { ...process.env, ...env },
        encoding: "utf8",
      });
      console.log(stdout.replace(/^/gm, "      "));
      expect(status, stdout + stderr).to.equal(0);
      expect(stdout.match(/^rank \d+ ok$/gm)).to.have.length(ranks);
    });
  }
});
