/** All routines against plain TypeScript, with every library that is installed and every set of own kernels. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../launch.ts";
import { needs } from "../needs.ts";

interface Report {
  library: string;
  core?: string;
  integers: number;
  threads: number;
  /** Undefined: what only LAPACK does has not been checked. */
  lapack?: string;
  ran: number;
  failures: Record<string, string>;
}

function run(env: Record<string, string>): Promise<Report> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--require", "tsx/cjs", "--import", "tsx/esm", join("test", "linalg", "checks", "run.ts")],
      { cwd: packageRoot, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] },
    );
    let [out, err] = ["", ""];
    child.stdout.on("data", bytes => (out += bytes));
    child.stderr.on("data", bytes => (err += bytes));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(JSON.parse(out) as Report);
      else reject(new Error(`ended with ${code ?? signal}: ${err}`));
    });
  });
}

// Multiarch folders of Debian; libraries that only alternatives point to would be OpenBLAS again.
const folder = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;

const backends = [
  { title: "OpenBLAS", library: "OpenBLAS", env: { TSMPI_BLAS: "openblas", OMP_NUM_THREADS: "2" } },
  { title: "BLIS", library: "BLIS", env: { TSMPI_BLAS: "blis", OMP_NUM_THREADS: "1" } },
  {
    title: "OpenBLAS with 64-bit integers",
    library: "OpenBLAS64",
    env: { TSMPI_BLAS: "libopenblas64.so.0", OMP_NUM_THREADS: "1" },
  },
  {
    title: "reference BLAS",
    library: "reference",
    env: { TSMPI_BLAS: join(folder, "blas", "libblas.so.3"), OMP_NUM_THREADS: "1" },
  },
  ...["avx512", "avx2", "baseline"].map(level => ({
    title: `own kernels, ${level}`,
    library: "own",
    env: { TSMPI_BLAS: "own", TSMPI_SIMD: level, OMP_NUM_THREADS: "1" },
  })),
  // More threads than most machines of tests have cores, and than some products have blocks.
  { title: "own kernels, 3 threads", library: "own", env: { TSMPI_BLAS: "own", OMP_NUM_THREADS: "3" } },
];

const installed: Record<string, () => boolean> = {
  OpenBLAS: () => existsSync(join(folder, "libopenblas.so.0")),
  OpenBLAS64: () => existsSync(join(folder, "libopenblas64.so.0")),
  BLIS: () => existsSync(join(folder, "libblis.so.4")),
  reference: () => existsSync(join(folder, "blas", "libblas.so.3")),
  own: () => true,
};

describe("linalg: every library and kernel", () => {
  for (const { title, library, env } of backends) {
    it(title, async function () {
      this.timeout(Math.max(300_000, this.timeout()));
      needs(this, installed[library](), library);
      const report = await run(env);
      expect(Object.values(report.failures).join("\n")).to.equal("");
      expect(report.ran).to.be.greaterThan(25);
      expect(report.library).to.equal(library.replace("64", ""));
      if (library.endsWith("64")) expect(report.integers).to.equal(64);
      expect(report.threads).to.equal(Number(env.OMP_NUM_THREADS));
      const level = (env as { TSMPI_SIMD?: string }).TSMPI_SIMD;
      needs(this, report.lapack !== undefined, "LAPACK (Debian: liblapack3), for what has no own routine,");
      // A machine without the instructions has run the next best.
      if (level !== undefined && level !== report.core) {
        console.warn(`      skipped: this machine has no ${level}; ran ${report.core}`);
        this.skip();
      }
    });
  }
});
