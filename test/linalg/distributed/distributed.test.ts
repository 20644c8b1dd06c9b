/** Distributed matrices through the real launcher, against the local routines, with a BLAS library and without. */
import { join } from "node:path";
import { expect } from "chai";
import { launch, packageRoot } from "../../launch.ts";

const programs = join(packageRoot, "test", "linalg", "distributed", "programs");

async function run(
  program: string,
  ranks: number,
  env: Record<string, string>,
  where: readonly string[] = [],
): Promise<void> {
  const args = ["-n", String(ranks), "--timeout", "180", ...where, join(programs, `${program}.ts`)];
  const { code, stdout, stderr } = await launch(args, { env });
  expect(code, stderr).to.equal(0);
  expect(stdout).to.equal(`ok on ${ranks}\n`);
}

const most = [1, 2, 3, 4, 6];
for (const [program, counts] of [
  ["layout", most],
  ["matmul", most],
  ["layers", [1, 4, 5, 6, 8, 12]],
  ["operations", most],
  ["factorisations", most],
  ["sparse", most],
] as const) {
  describe(`distributed matrices: ${program}`, () => {
    for (const ranks of counts) {
      it(`should agree with one process on ${ranks}`, () => run(program, ranks, {}));
    }
    it("should do so on the own kernels", () => run(program, 4, { TSMPI_BLAS: "own" }));
  });
}

describe("distributed matrices: layers between hosts", () => {
  it("should be chosen where they send less", () =>
    run("layers", 8, {}, ["--hosts", "a:4,b:4", "--agent", "env NAME={host}"]));
});
