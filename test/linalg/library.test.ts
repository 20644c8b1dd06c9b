/** Which library is taken. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { isMusl } from "../../src/native.ts";
import { launch, packageRoot } from "../launch.ts";
import { needs } from "../needs.ts";

const bundle = join(packageRoot, "dist", "linalg.js");

function ask(
  expression: string,
  env: Record<string, string | undefined>,
): { stdout: string; stderr: string } {
  const code = `import(${JSON.stringify(bundle)}).then(async linalg => console.log(JSON.stringify(${expression})))`;
  return spawnSync(process.execPath, ["-e", code], { env: { ...process.env, ...env }, encoding: "utf8" });
}

const info = (env: Record<string, string | undefined>): Record<string, unknown> =>
  JSON.parse(ask("linalg.info()", env).stdout) as Record<string, unknown>;

/** Libraries of C, by their file names, in a folder that is gone after `use`. */
async function withLibraries(
  sources: Record<string, string>,
  use: (folder: string) => void | Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-blas-"));
  try {
    for (const [name, source] of Object.entries(sources)) {
      const file = join(folder, `${name}.c`);
      writeFileSync(file, source);
      execFileSync("gcc", ["-shared", "-fPIC", "-o", join(folder, name), file]);
    }
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("linalg: the library", () => {
  const debian = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;

  it("is OpenBLAS where it is installed, with its version, core and file", function () {
    needs(this, existsSync(join(debian, "libopenblas.so.0")), "libopenblas0");
    const found = info({ TSMPI_BLAS: undefined, OMP_NUM_THREADS: "3", OPENBLAS_NUM_THREADS: undefined });
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
    // By its name, too, whatever libblas.so.3 leads to.
    expect(info({ TSMPI_BLAS: "reference" })).to.include({ library: "reference", path: reference });
  });

  it("is not another than TSMPI_BLAS names, when a file of that name is a link to one", async () => {
    const source = `const char *openblas_get_config(void) { return "OpenBLAS 9.8.7"; }
      void cblas_dgemm(void) {}
      double cblas_ddot(int n, const double *x, int incx, const double *y, int incy) { return n > 0 ? 3 : 0; }`;
    await withLibraries({ "libblis.so.4": source }, folder => {
      const { stderr } = ask("linalg.sync.dot(new Float64Array(1), new Float64Array(1))", {
        TSMPI_BLAS: "blis",
        LD_LIBRARY_PATH: folder,
      });
      // Another file of BLIS may serve.
      if (stderr === "")
        expect(info({ TSMPI_BLAS: "blis", LD_LIBRARY_PATH: folder })).to.include({ library: "BLIS" });
      else expect(stderr).to.contain("libblis.so.4 is OpenBLAS");
    });
  });

  it("leaves products to the own kernels where OpenBLAS does not know a processor with AVX-512", async function () {
    const { core: best } = info({ TSMPI_BLAS: "own", TSMPI_SIMD: undefined });
    if (best !== "avx512") {
      console.warn(`      skipped: this machine has no avx512, but ${String(best)}`);
      this.skip();
    }
    const product = `(() => {
      const n = 70, a = new Float64Array(n * n).fill(1), c = new Float64Array(n * n);
      linalg.sync.gemm(n, n, n, a, a, c);
      return [linalg.info().products, c[0], c[n * n - 1]];
    })()`;
    // Its products are none, by which it is known.
    const source = (core: string): string => `
      const char *openblas_get_config(void) { return "OpenBLAS 9.8.7"; }
      const char *openblas_get_corename(void) { return "${core}"; }
      void openblas_set_num_threads(int n) {}
      void cblas_dgemm(void) {}
      double cblas_ddot(int n, const double *x, int incx, const double *y, int incy) { return n > 0 ? 3 : 0; }`;
    for (const core of ["Haswell", "SkylakeX"]) {
      await withLibraries({ "libopenblas.so.0": source(core) }, folder => {
        const asked = (env: Record<string, string | undefined>): unknown => {
          const { stdout, stderr } = ask(product, { TSMPI_BLAS: undefined, LD_LIBRARY_PATH: folder, ...env });
          expect(stderr).to.equal("");
          return JSON.parse(stdout);
        };
        const given = ["OpenBLAS", 0, 0];
        expect(asked({})).to.deep.equal(core === "Haswell" ? ["own", 70, 70] : given);
        if (core !== "Haswell") return;
        expect(asked({ TSMPI_BLAS: "openblas" })).to.deep.equal(given);
        // As many threads as the library would use, until something else is said.
        const started = `await (async () => {
          const { readdirSync } = await import("node:fs");
          const threads = () => readdirSync("/proc/self/task").length;
          const n = 300, a = new Float64Array(n * n);
          if (process.env.WANTED) linalg.setThreads(Number(process.env.WANTED));
          // LAPACK, if there is one, has threads of its own by then.
          linalg.info();
          const before = threads();
          linalg.sync.gemm(n, n, n, a, a, new Float64Array(n * n));
          return threads() - before;
        })()`;
        const env = {
          TSMPI_BLAS: undefined,
          LD_LIBRARY_PATH: folder,
          OPENBLAS_NUM_THREADS: "1",
          OMP_NUM_THREADS: "4",
        };
        expect(ask(started, env).stdout).to.equal("0\n");
        expect(ask(started, { ...env, WANTED: "3" }).stdout).to.equal("2\n");
        expect(asked({ TSMPI_SIMD: "avx2" })).to.deep.equal(given);
      });
    }
  });

  it("says which Debian package has LAPACK when there is none", async () => {
    await withLibraries({ "liblapack.so.3": "", "liblapack64.so.3": "" }, folder => {
      const env = { TSMPI_BLAS: "own", LD_LIBRARY_PATH: folder };
      expect(info(env)).to.not.have.property("lapack");
      const calls = ["qr(a)", "svd(a)", "eigh(a)", "lstsq(a, b)", "gels(2, 2, 1, a.data, b)"]
        .map(call => `() => linalg.sync.${call}`)
        .concat("() => linalg.svd(a)")
        .join(", ");
      const expression = `await (async () => {
        const a = linalg.Matrix.identity(2), b = Float64Array.of(1, 2), failed = [];
        for (const call of [${calls}]) {
          try { await call(); failed.push("nothing"); } catch (error) { failed.push(error.code + " " + error.message); }
        }
        return [failed, ...linalg.sync.solve(a, b), linalg.sync.det(a)];
      })()`;
      const { stdout, stderr } = ask(expression, env);
      expect(stderr).to.equal("");
      const [failed, ...solved] = JSON.parse(stdout) as [string[], ...number[]];
      expect(failed).to.have.lengthOf(6);
      for (const text of failed) {
        expect(text).to.match(/^TSMPI_BLAS_MISSING \w+ needs LAPACK, .*apt-get install libopenblas0$/);
      }
      // What needs none is there.
      expect(solved).to.deep.equal([1, 2, 1]);
    });
  });

  it("is given the workspace that it asks for, also where a float has not enough digits for its size", async () => {
    const parameters = (real: string, type: string) =>
      `const char *job, const char *uplo, const int *n, ${type} *a, const int *lda, ${real} *w, ${type} *work, const int *lwork`;
    const source = `
      void cblas_dgemm(void) {}
      double cblas_ddot(int n, const double *x, int incx, const double *y, int incy) { return n > 0 ? 3 : 0; }
      void dgesdd_(void) {}
      void ssyevd_(${parameters("float", "float")}, int *iwork, const int *liwork, int *info) {
        int wanted = 1 + 6 * *n + 2 * *n * *n;
        *info = *lwork != -1 && *lwork < wanted ? -8 : 0;
        if (*lwork != -1) return;
        *work = wanted;
        *iwork = 1;
      }
      void cheevd_(${parameters("float", "float")}, float *rwork, const int *lrwork, int *iwork, const int *liwork,
                   int *info) {
        int wanted = 1 + 5 * *n + 2 * *n * *n;
        *info = *lrwork != -1 && *lrwork < wanted ? -10 : 0;
        if (*lwork != -1) return;
        *work = 1;
        *rwork = wanted;
        *iwork = 1;
      }
      void dsyevd_(${parameters("double", "double")}, int *iwork, const int *liwork, int *info) {
        *info = -8;
      }`;
    await withLibraries({ "libblas.so": source }, folder => {
      const env = { TSMPI_BLAS: join(folder, "libblas.so") };
      // 2 n² + 6 n + 1 is odd and above 2 ** 24.
      const n = 2896;
      const arrays = `new Float32Array(2 * ${n} ** 2), new Float32Array(${n})`;
      for (const complex of [false, true]) {
        const { stderr } = ask(`linalg.sync.syevd(${n}, ${arrays}, { complex: ${complex} }) ?? 0`, env);
        expect(stderr).to.equal("");
      }
      // A size that its integers cannot hold comes back as a refusal.
      const { stderr } = ask("linalg.sync.syevd(1, Float64Array.of(1), Float64Array.of(1))", env);
      expect(stderr).to.contain("syevd: LAPACK does not take its argument 8").and.contain("TSMPI_ARGUMENT");
    });
  });

  it("does without memory to pack in, and says so when LAPACK has none to work in", async function () {
    needs(this, !isMusl(), "glibc");
    const [m, n, k] = [40, 299, 301];
    const columns = 2 ** 24;
    // Refuses what the products ask for when FAIL says so: the copy of b that complex factors need, the aligned memory
    // for packing from the first or from the second on, the workspace of gelsd.
    const source = `
      #include <stddef.h>
      #include <stdlib.h>
      #include <unistd.h>
      void *__libc_malloc(size_t n);
      void *__libc_memalign(size_t alignment, size_t n);
      static void *refuse(void) { write(2, "refused\\n", 8); return NULL; }
      static int fail(void) { const char *said = getenv("FAIL"); return said == NULL ? 0 : atoi(said); }
      void *malloc(size_t n) {
        int mine = n == ${16 * k * n} || n == ${8 * columns};
        return mine && fail() == 3 ? refuse() : __libc_malloc(n);
      }
      void *aligned_alloc(size_t alignment, size_t n) {
        static int count = 0;
        int which = fail();
        return n >= 32768 && (which == 1 || which == 2) && ++count >= which ? refuse() : __libc_memalign(alignment, n);
      }`;
    await withLibraries({ "libnothing.so": source }, folder => {
      const expression = `(() => {
        const whole = (n, modulus) => Float64Array.from({ length: n }, (_, i) => i % modulus);
        const sum = c => c.reduce((sum, value, i) => sum + value * (i % 11), 0);
        const [a, b, c] = [whole(${2 * m * k}, 7), whole(${2 * k * n}, 5), whole(${2 * m * n}, 3)];
        linalg.sync.gemm(${m}, ${n}, ${k}, a, b, c, { beta: 2 });
        const first = sum(c);
        linalg.sync.gemm(${m}, ${n}, ${k}, a, b, c, { alpha: [1, -2], beta: 1, complex: true, transA: "C", lda: ${m} });
        let failed = "";
        const none = new Float64Array(0);
        if (linalg.info().lapack !== undefined) {
          try { linalg.sync.gelsd(0, ${columns}, 0, none, none, none); } catch (error) { failed = error.code + " " + error.message; }
        }
        return [first, sum(c), failed];
      })()`;
      const said = (fail: string): [number, number, string] => {
        const LD_PRELOAD = join(folder, "libnothing.so");
        const env = { TSMPI_BLAS: "own", OMP_NUM_THREADS: "1", LD_PRELOAD, FAIL: fail };
        const { stdout, stderr } = ask(expression, env);
        expect(stderr.includes("refused")).to.equal(fail !== "0");
        return JSON.parse(stdout);
      };
      const usual = said("0");
      expect(usual[2]).to.equal("");
      expect(said("1")).to.deep.equal(usual);
      expect(said("2")).to.deep.equal(usual);
      const { lapack } = info({ TSMPI_BLAS: "own" });
      const [first, second, failed] = said("3");
      expect([first, second]).to.deep.equal(usual.slice(0, 2));
      if (lapack === undefined) return;
      expect(failed).to.equal(
        `TSMPI_OUT_OF_MEMORY gelsd needs ${8 * columns} bytes to work in, and there is no memory for them; free some, or take a smaller matrix`,
      );
    });
  });

  it("uses as many threads as its own variable says, or else OMP_NUM_THREADS, also under tsmpirun", async function () {
    needs(this, existsSync(join(debian, "libopenblas.so.0")), "libopenblas0");
    const folder = mkdtempSync(join(tmpdir(), "tsmpi-threads-"));
    const unset = {
      TSMPI_BLAS: undefined,
      OMP_NUM_THREADS: undefined,
      OPENBLAS_NUM_THREADS: undefined,
      MKL_NUM_THREADS: undefined,
      BLIS_NUM_THREADS: undefined,
    };
    try {
      const program = join(folder, "main.mjs");
      writeFileSync(
        program,
        `import { info } from ${JSON.stringify(bundle)};\nconsole.log(info().library, info().threads);\n`,
      );
      const cases: [args: string[], env: Record<string, string>, said: string][] = [
        [[], { OMP_NUM_THREADS: "3" }, "OpenBLAS 3"],
        [[], { OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "3" }, "OpenBLAS 1"],
        [[], { OPENBLAS_NUM_THREADS: "3" }, "OpenBLAS 3"],
        [["-x", "OMP_NUM_THREADS=3"], {}, "OpenBLAS 3"],
        [["--threads-per-rank", "3"], { OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "2" }, "OpenBLAS 3"],
        [[], { TSMPI_BLAS: "own", OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "3" }, "own 3"],
      ];
      if (existsSync(join(debian, "libblis.so.4"))) {
        cases.push([[], { TSMPI_BLAS: "blis", BLIS_NUM_THREADS: "3" }, "BLIS 3"]);
        cases.push([[], { TSMPI_BLAS: "blis", BLIS_NUM_THREADS: "1", OMP_NUM_THREADS: "3" }, "BLIS 1"]);
      }
      for (const [args, env, said] of cases) {
        const { stdout } = await launch(["-n", "1", ...args, program], { env: { ...unset, ...env } });
        expect(stdout.trim()).to.equal(said);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(info({ ...unset, OPENBLAS_NUM_THREADS: "1" })).to.include({ library: "OpenBLAS", threads: 1 });
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

  it("recognises 64-bit integers by the suffix of the symbols, and does itself what the library lacks", async () => {
    const source = `const char *openblas_get_config64_(void) { return "OpenBLAS 9.8.7 USE64BITINT"; }
      void cblas_dgemm64_(void) {}
      double cblas_ddot64_(long n, const double *x, long incx, const double *y, long incy) {
        double sum = 0;
        for (long i = 0; i < n; i++) sum += x[i * incx] * y[i * incy];
        return n > 0 ? sum + 1000 : 0;
      }`;
    await withLibraries({ "libblas64_.so": source }, folder => {
      const env = { TSMPI_BLAS: join(folder, "libblas64_.so") };
      expect(info(env)).to.include({ library: "OpenBLAS", version: "9.8.7", integers: 64 });
      // A thousand too many: it was this library.
      const three = "new Float64Array([1, 2, 3])";
      expect(JSON.parse(ask(`linalg.sync.dot(${three}, ${three})`, env).stdout)).to.equal(1014);
      expect(JSON.parse(ask(`linalg.sync.asum(${three})`, env).stdout)).to.equal(6);
    });
  });

  it("starts threads for large problems only", () => {
    const expression = `await (async () => {
      const { readdirSync } = await import("node:fs");
      const product = n => {
        const a = new Float64Array(n * n);
        linalg.sync.gemm(n, n, n, a, a, new Float64Array(n * n));
        return readdirSync("/proc/self/task").length;
      };
      const before = product(1);
      return [product(60) - before, product(300) - before];
    })()`;
    const { stdout } = ask(expression, { TSMPI_BLAS: "own", OMP_NUM_THREADS: "3" });
    expect(JSON.parse(stdout)).to.deep.equal([0, 2]);
  });

  it("takes the instructions that TSMPI_SIMD names, when the machine has them", () => {
    const { core } = info({ TSMPI_BLAS: "own", TSMPI_SIMD: "baseline" });
    expect(core).to.equal(process.arch === "arm64" ? "neon" : "baseline");
  });

  it("refuses a TSMPI_SIMD that names none", () => {
    const { stdout, stderr } = ask("linalg.info()", { TSMPI_SIMD: "something" });
    expect(stdout).to.equal("");
    expect(stderr).to.include(
      'ArgumentError: TSMPI_SIMD must be "avx512", "avx2" or "baseline", but is "something"',
    );
  });
});
