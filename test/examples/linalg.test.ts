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
  // The figures are those of numpy.linalg.lstsq for the same random numbers.
  for (const [ranks, library] of [[1], [2], [3], [3, "own"], [5], [8]] as const) {
    it(`crossprod should print what the page shows on ${ranks}, BLAS ${library ?? "as found"}`, async () => {
      const env = { TSMPI_BLAS: library };
      const { code, stdout, stderr } = await launch(["-n", String(ranks), "examples/crossprod.ts"], { env });
      expect(code, stderr).to.equal(0);
      expect(page).to.include(`\`\`\`text\n${stdout}\`\`\``);
      expect(stderr).to.match(/^\d+\.\d{3} s on \d+ ranks\n$/);
    });
  }
  it("crossprod should do with ranks that have no rows", async () => {
    const { code, stdout, stderr } = await launch(["-n", "8", "examples/crossprod.ts", "5", "3"]);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.include("\n1.41825458 1.66350998 3.11670829\n").and.include("residuals 1.17788740, of");
  });
  it("crossprod should refuse fewer rows than it needs", async () => {
    const { code, stderr } = await launch(["-n", "2", "examples/crossprod.ts", "3", "3"]);
    expect(code).to.equal(1);
    expect(stderr).to.include("rows, more than columns; got 3 rows and 3 columns");
  });
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
