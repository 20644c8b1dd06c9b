import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { launch, packageRoot } from "../launch.ts";

const page = readFileSync(join(packageRoot, "docs/examples.md"), "utf8");

describe("examples of distributed matrices", () => {
  for (const ranks of [1, 3, 6]) {
    it(`laplacian should print what the page shows on ${ranks}`, async () => {
      const { code, stdout, stderr } = await launch(["-n", String(ranks), "examples/laplacian.ts"]);
      expect(code, stderr).to.equal(0);
      expect(page).to.include(`\`\`\`text\n${stdout}\`\`\``);
    });
  }
  for (const [ranks, grid] of [
    [1, "1 x 1"],
    [2, "1 x 2"],
    [4, "2 x 2"],
  ] as const) {
    it(`hpl should pass on ${ranks}`, async () => {
      const args = ["-n", String(ranks), "examples/hpl.ts", "330", "32"];
      const { code, stdout, stderr } = await launch(args);
      expect(code, stderr).to.equal(0);
      const lines = stdout.split("\n");
      expect(lines[0]).to.equal(`order 330, blocks of 32, a grid of ${grid}`);
      expect(lines[1]).to.match(/^\|\|Ax-b\|\| .* = 0\.\d{7}$/);
      expect(lines[2]).to.equal("PASSED");
      expect(stderr).to.match(/^\d+\.\d+ s, \d+\.\d+ Gflop\/s\n$/);
    });
  }
});
