/**
 * Distributed matrices on two ranks of one thread, beside NumPy on two threads of the same OpenBLAS:
 * npx tsx bench/linalg/distributed/run.ts [--works matmul:4096,cholesky:6000] [--rounds 3] [--calls 2]
 *
 * Both sides run by turns, `rounds` times, `calls` calls each; the least time of each is shown. PYTHON names another
 * interpreter than /usr/bin/python3.
 */
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    works: { type: "string", default: "matmul:4096,cholesky:6000" },
    rounds: { type: "string", default: "3" },
    calls: { type: "string", default: "2" },
  },
});

const here = dirname(fileURLToPath(import.meta.url));
const tsmpirun = join(here, "..", "..", "..", "dist", "tsmpirun.cjs");

function time(command: string, args: string[], env: Record<string, string>): number {
  return Number(execFileSync(command, args, { encoding: "utf8", env: { ...process.env, ...env } }));
}

console.log("| work | 2 ranks x 1 thread | NumPy, 2 threads | NumPy / tsmpi |\n|---|---|---|---|");
for (const entry of values.works.split(",")) {
  const [work, n] = entry.split(":");
  let [ours, theirs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < Number(values.rounds); round++) {
    const ranks = ["-n", "2", "--threads-per-rank", "1", join(here, "ranks.ts"), work, n, values.calls];
    ours = Math.min(ours, time(process.execPath, [tsmpirun, ...ranks], {}));
    const numpy = [join(here, "numpy-side.py"), work, n, values.calls];
    theirs = Math.min(
      theirs,
      time(process.env.PYTHON ?? "/usr/bin/python3", numpy, { OPENBLAS_NUM_THREADS: "2" }),
    );
  }
  console.log(
    `| ${work} ${n} | ${ours.toFixed(2)} s | ${theirs.toFixed(2)} s | ${(theirs / ours).toFixed(2)} x |`,
  );
}
