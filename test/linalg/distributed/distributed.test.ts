/** Distributed matrices through the real launcher, against the local routines, with a BLAS library and without. */
import { join } from "node:path";
import { expect } from "chai";
import { launch, packageRoot } from "../../launch.ts";

const programs = join(packageRoot, "test", "linalg", "distributed", "programs");

async function run(program: string, ranks: number, env: Record<string, string>): Promise<void> {
  const args = ["-n", String(ranks), "--timeout", "180", join(programs, `${program}.ts`)];
  const { code, stdout, stderr } = await launch(args, { env });
  expect(code, stderr).to.equal(0);
  expect(stdout).to.equal(`ok on ${ranks}\n`);
}

for (const program of ["layout", "matmul"]) {
  describe(`distributed matrices: ${program}`, () => {
    for (const ranks of [1, 2, 3, 4, 6]) {
      it(`should agree with one process on ${ranks}`, () => run(program, ranks, {}));
    }
    it("should do so on the own kernels", () => run(program, 4, { TSMPI_BLAS: "own" }));
  });
}
