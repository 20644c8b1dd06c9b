/** Which library is taken. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../launch.ts";
import { needs } from "../needs.ts";

function ask(
  expression: string,
  env: Record<string, string | undefined>,
): { stdout: string; stderr: string } {
  const bundle = join(packageRoot, "dist", "linalg.js");
  const code = `import(${JSON.stringify(bundle)}).then(linalg => console.log(JSON.stringify(${expression})))`;
  return spawnSync(process.execPath, ["-e", code], { env: { ...process.env, ...env }, encoding: "utf8" });
}

const info = (env: Record<string, string | undefined>): Record<string, unknown> =>
  JSON.parse(ask("linalg.info()", env).stdout) as Record<string, unknown>;

describe("linalg: the library", () => {
  const debian = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;

  it("is OpenBLAS where it is installed, with its version, core and file", function () {
    needs(this, existsSync(join(debian, "libopenblas.so.0")), "libopenblas0");
    const found = info({ TSMPI_BLAS: undefined, OMP_NUM_THREADS: "3" });
    expect(found).to.include({ library: "OpenBLAS", threads: 3 });
    expect(found.version).to.match(/^\d+\.\d+\.\d+/);
    expect(found.core).to.match(/^[A-Z]\w+$/);
    expect(found.path).to.contain("libopenblas");
    expect(found.lapack).to.equal(found.path);
  });

  it("is what TSMPI_BLAS says: a name in any case, or a path", function () {
    expect(info({ TSMPI_BLAS: "own" })).to.include({ library: "own", integers: 64 });
    expect(info({ TSMPI_BLAS: "Own" })).to.not.have.property("path");
    const reference = join(debian, "blas", "libblas.so.3");
    needs(this, existsSync(reference), "libblas3");
    expect(info({ TSMPI_BLAS: reference })).to.include({ library: "reference", path: reference });
  });

  it("is an error with the reason when TSMPI_BLAS names what does not load", () => {
    for (const [name, reason] of [
      ["/nowhere/libblas.so", "cannot open shared object file"],
      ["libc.so.6", "has no cblas_dgemm"],
    ]) {
      const { stderr } = ask("linalg.sync.dot(new Float64Array(1), new Float64Array(1))", {
        TSMPI_BLAS: name,
      });
      expect(stderr).to.contain(`TSMPI_BLAS is "${name}", which does not load`).and.contain(reason);
      expect(stderr).to.contain("TSMPI_BLAS_MISSING");
    }
  });

  it("recognises 64-bit integers by the suffix of the symbols, and does itself what the library lacks", () => {
    const temporary = mkdtempSync(join(tmpdir(), "tsmpi-blas-"));
    try {
      const [source, library] = [join(temporary, "blas.c"), join(temporary, "libblas64_.so")];
      writeFileSync(
        source,
        `const char *openblas_get_config64_(void) { return "OpenBLAS 9.8.7 USE64BITINT"; }
         void cblas_dgemm64_(void) {}
         double cblas_ddot64_(long n, const double *x, long incx, const double *y, long incy) {
           double sum = 0;
           for (long i = 0; i < n; i++) sum += x[i * incx] * y[i * incy];
           return n > 0 ? sum + 1000 : 0;
         }`,
      );
      execFileSync("gcc", ["-shared", "-fPIC", "-o", library, source]);
      const env = { TSMPI_BLAS: library };
      expect(info(env)).to.include({ library: "OpenBLAS", version: "9.8.7", integers: 64 });
      // A thousand too many: it was this library.
      const three = "new Float64Array([1, 2, 3])";
      expect(JSON.parse(ask(`linalg.sync.dot(${three}, ${three})`, env).stdout)).to.equal(1014);
      expect(JSON.parse(ask(`linalg.sync.asum(${three})`, env).stdout)).to.equal(6);
    } finally {
      rmSync(temporary, { recursive: true });
    }
  });

  it("takes the instructions that TSMPI_SIMD names, when the machine has them", () => {
    const { core } = info({ TSMPI_BLAS: "own", TSMPI_SIMD: "baseline" });
    expect(core).to.equal(process.arch === "arm64" ? "neon" : "baseline");
    const best = info({ TSMPI_BLAS: "own", TSMPI_SIMD: undefined }).core;
    expect(info({ TSMPI_BLAS: "own", TSMPI_SIMD: "something" }).core).to.equal(best);
  });
});
