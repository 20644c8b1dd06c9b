import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { build } from "esbuild";
import { packageRoot } from "../launch.ts";
import { launchProgram, onRanks, programPath, run } from "./run.ts";

describe("ranks: processes", () => {
  for (const end of ["exit", "end"]) {
    for (const when of ["soon", "late"]) {
      it(`delivers what a rank sent before its ${end}, received ${when}`, async () =>
        void (await run("last-words", 3, { args: [end, when] })));
    }
  }
  onRanks([2, 3], "processes", "lets ranks start processes and threads");

  it("is a world of one on one rank", async () => {
    const { code, stdout, stderr } = await launchProgram("alone", 1, { seconds: 60 });
    expect(stderr).to.equal("");
    expect([code, stdout]).to.deep.equal([0, "a world of 1\n"]);
  });

  it("is a world of one without the launcher", async () => {
    // Beside the package, so that the program's imports are found.
    const folder = mkdtempSync(join(packageRoot, "test", "ranks", ".alone-"));
    try {
      const outfile = join(folder, "alone.mjs");
      await build({
        entryPoints: [programPath("alone")],
        bundle: true,
        outfile,
        format: "esm",
        platform: "node",
        packages: "external",
        tsconfigRaw: {},
      });
      const { status, stdout, stderr } = spawnSync(process.execPath, [outfile], {
        cwd: tmpdir(),
        encoding: "utf8",
        timeout: 60_000,
      });
      expect(stderr).to.equal("");
      expect([status, stdout]).to.deep.equal([0, "a world of 1\n"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
