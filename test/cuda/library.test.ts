import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../launch.ts";
import { type FakeCuda, fakeCuda } from "./fake.ts";

/** What an expression over the door gives in a process of its own, with these variables. */
function evaluate(expression: string, env: Record<string, string>): unknown {
  const program = `import * as cuda from "tsmpi/cuda"; console.log(JSON.stringify(${expression}));`;
  const args = ["--input-type=module", "--eval", program];
  return JSON.parse(
    execFileSync(process.execPath, args, {
      cwd: packageRoot,
      env: { PATH: process.env.PATH, ...env },
      encoding: "utf8",
    }),
  );
}

describe("cuda: libraries (on the fake driver)", () => {
  let fake: FakeCuda;
  before(function () {
    this.timeout(180_000);
    fake = fakeCuda();
  });

  it("imports without CUDA, and says that there is no driver", () => {
    const [available, reason, devices] = evaluate("[cuda.available(), cuda.reason(), cuda.devices()]", {
      TSMPI_LIBCUDA: "/nowhere/libcuda.so.1",
    }) as [boolean, string, unknown[]];
    expect(available).to.equal(false);
    expect(reason).to.match(/^no CUDA driver: \/nowhere\/libcuda.so.1: cannot open shared object file/);
    expect(devices).to.deep.equal([]);
  });

  it("throws the reason where a device is asked for", () => {
    const program = `(() => { try { cuda.device() } catch (error) { return [error.code, error.message] } })()`;
    const [code, message] = evaluate(program, { TSMPI_LIBCUDA: "libnone.so" }) as [string, string];
    expect(code).to.equal("TSMPI_CUDA_UNAVAILABLE");
    expect(message).to.match(/no CUDA driver: libnone.so/);
  });

  const reasons: readonly [string, Record<string, string>, RegExp][] = [
    ["no device", { FAKE_CUDA_FAIL: "cuInit=100" }, /sees no device \(cuInit: CUDA_ERROR_NO_DEVICE\)/],
    ["no visible device", { FAKE_CUDA_DEVICES: "0" }, /sees no device; is CUDA_VISIBLE_DEVICES empty/],
    [
      "a driver that is too old",
      { FAKE_CUDA_VERSION: "10020" },
      /too old: it is for CUDA 10.2, .* 11.0 .driver 450/,
    ],
    [
      "a driver that does not start",
      { FAKE_CUDA_FAIL: "cuInit=999" },
      /does not start: cuInit: CUDA_ERROR_UNKNOWN/,
    ],
  ];
  for (const [what, env, sentence] of reasons) {
    it(`says in words that there is ${what}`, () => {
      expect(evaluate("cuda.reason()", { TSMPI_LIBCUDA: fake.driver, ...env })).to.match(sentence);
    });
  }

  it("names the functions that a library lacks", () => {
    expect(evaluate("cuda.reason()", { TSMPI_LIBCUDA: fake.cublas })).to.match(/too old: it has no cuInit, /);
  });

  it("says which package brings cuBLAS when there is none", () => {
    const reason = evaluate("[cuda.reason(), cuda.reason('cublas')]", {
      TSMPI_LIBCUDA: fake.driver,
      TSMPI_LIBCUBLAS: "libnone.so",
    }) as [null, string];
    expect(reason[0]).to.equal(null);
    expect(reason[1]).to.match(/no libcublas for CUDA 13 \(libnone.so: .*\); install .*nvidia-cublas/);
  });

  it("finds cuBLAS in a Python wheel of an environment, and none that is newer than the driver", () => {
    const prefix = mkdtempSync(join(tmpdir(), "tsmpi-cuda-"));
    try {
      const wheel = join(prefix, "lib", "python3.12", "site-packages", "nvidia", "cublas", "lib");
      mkdirSync(wheel, { recursive: true });
      symlinkSync(fake.cublas, join(wheel, "libcublas.so.12"));
      const env = { TSMPI_LIBCUDA: fake.driver, VIRTUAL_ENV: prefix };
      expect(evaluate("cuda.reason('cublas') ?? 'found'", env)).to.equal("found");
      expect(evaluate("cuda.reason('cublas')", { ...env, FAKE_CUDA_VERSION: "11080" })).to.match(
        /no libcublas for CUDA 11/,
      );
    } finally {
      rmSync(prefix, { recursive: true });
    }
  });

  it("finds cuBLAS beside the python3 that one on PATH is a link to, and among conda's libraries", () => {
    const folder = mkdtempSync(join(tmpdir(), "tsmpi-cuda-"));
    try {
      const [path, environment, conda] = ["path", "environment", "conda"].map(name => join(folder, name));
      const wheel = join(environment, "lib", "python3.12", "site-packages", "nvidia", "cu13", "lib");
      for (const made of [path, join(environment, "bin"), wheel, join(conda, "lib")])
        mkdirSync(made, { recursive: true });
      symlinkSync(fake.cublas, join(wheel, "libcublas.so.13"));
      // As environments have it: a link to another one, which has no wheels.
      symlinkSync("/nowhere/bin/python3.12", join(environment, "bin", "python3"));
      symlinkSync("../environment/bin/python3", join(path, "python3"));
      symlinkSync(fake.cublas, join(conda, "lib", "libcublas.so.12"));
      const where = "cuda.reason('cublas') ?? cuda.info().cublas.path";
      const found = (env: Record<string, string>): unknown =>
        evaluate(where, { TSMPI_LIBCUDA: fake.driver, ...env });
      expect(found({ PATH: path })).to.equal(join(wheel, "libcublas.so.13"));
      expect(found({ PATH: "", CONDA_PREFIX: conda })).to.equal(join(conda, "lib", "libcublas.so.12"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("finds a cuBLAS that knows the oldest device, which that of the newest driver may not", () => {
    const folder = mkdtempSync(join(tmpdir(), "tsmpi-cuda-"));
    try {
      const libraries = join(folder, "lib");
      mkdirSync(libraries);
      for (const major of [12, 13]) symlinkSync(fake.cublas, join(libraries, `libcublas.so.${major}`));
      const found = (FAKE_CUDA_CAPABILITY: string, FAKE_CUDA_VERSION = "13000"): unknown =>
        evaluate("cuda.reason('cublas') ?? cuda.info().cublas.path", {
          TSMPI_LIBCUDA: fake.driver,
          PATH: "",
          CONDA_PREFIX: folder,
          FAKE_CUDA_CAPABILITY,
          FAKE_CUDA_VERSION,
        });
      expect(found("75")).to.equal(join(libraries, "libcublas.so.13"));
      expect(found("70")).to.equal(join(libraries, "libcublas.so.12"));
      expect(found("70", "11080")).to.match(/^no libcublas for CUDA 11/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("opens what lies beside a library that a variable names", () => {
    const folder = mkdtempSync(join(tmpdir(), "tsmpi-cuda-"));
    try {
      symlinkSync(fake.cublas, join(folder, "libcublas.so.13"));
      symlinkSync(fake.nvrtc, join(folder, "libcublasLt.so.13"));
      const env = {
        TSMPI_LIBCUDA: fake.driver,
        TSMPI_LIBCUBLAS: join(folder, "libcublas.so.13"),
      };
      const open = `(cuda.reason("cublas"), (await import("node:fs")).readFileSync("/proc/self/maps", "utf8"))`;
      expect(evaluate(open, env)).to.include(fake.nvrtc);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("names the packages of the driver's version", () => {
    const found = (version: string): string[] =>
      evaluate("['cublas', 'nvrtc', 'nccl'].map(name => cuda.reason(name))", {
        TSMPI_LIBCUDA: fake.driver,
        TSMPI_LIBCUBLAS: "libnone.so",
        TSMPI_LIBNVRTC: "libnone.so",
        TSMPI_LIBNCCL: "libnone.so",
        FAKE_CUDA_VERSION: version,
      }) as string[];
    const wheels = (version: string): string[] =>
      found(version).map(reason => /pip's ([\w-]+)/.exec(reason)![1]);
    expect(wheels("13000")).to.deep.equal(["nvidia-cublas", "nvidia-cuda-nvrtc", "nvidia-nccl-cu13"]);
    expect(wheels("12040")).to.deep.equal([
      "nvidia-cublas-cu12",
      "nvidia-cuda-nvrtc-cu12",
      "nvidia-nccl-cu12",
    ]);
    expect(found("11080")[0]).to.match(/Debian's libcublas11 or pip's nvidia-cublas-cu11/);
  });

  it("tells of everything in info", () => {
    const info = evaluate("cuda.info()", { TSMPI_LIBCUDA: fake.driver, TSMPI_LIBCUBLAS: fake.cublas }) as any;
    expect(info.driver).to.deep.equal({ path: fake.driver, version: "13.0" });
    expect(info.cublas).to.deep.equal({ path: fake.cublas, version: "13.1.0" });
    expect(info.devices[0]).to.include({
      index: 0,
      name: "Fake GPU 0",
      computeCapability: "9.0",
      multiprocessors: 2,
    });
    expect(info.memory).to.include({ used: 0, cached: 0, total: 2 ** 30 });
  });
});
