import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { dtypes } from "../../src/cuda/dtype.ts";
import { elementwiseC, reductionC } from "../../src/cuda/expressions/cuda-c.ts";
import { packageRoot } from "../launch.ts";
import { needs } from "../needs.ts";
import { type FakeCuda, fakeCuda, fakeEnvironment } from "./fake.ts";
import { allFunctions, planned, reductions } from "./plans.ts";

describe("cuda: expressions as CUDA C (on the fake NVRTC)", function () {
  this.timeout(240_000);
  let fake: FakeCuda;
  before(() => {
    fake = fakeCuda();
  });

  /** Runs a program in a process of its own, in which `mul(2)` is what NVRTC is said to have compiled. */
  function run(lines: string, env: Record<string, string> = {}): string {
    const folder = mkdtempSync(join(tmpdir(), "tsmpi-nvrtc-"));
    try {
      const image = join(folder, "image");
      writeFileSync(
        image,
        [
          ".version 6.4",
          ".visible .entry EXPRESSION(.param .u64 count, .param .u64 target, .param .u64 array0)",
          "{",
          "  .reg .b64 %d<3>;",
          "  .reg .f32 %f<2>;",
          "  ld.param.u64 %d1, [target];",
          "  mov.f32 %f1, 0f41400000;",
          "  st.global.f32 [%d1], %f1;",
          "  ret;",
          "}",
          "",
        ].join("\n"),
      );
      const program = `import * as cuda from "tsmpi/cuda"; ${lines}`;
      return execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
        cwd: packageRoot,
        env: {
          ...fakeEnvironment(),
          TSMPI_LIBNVRTC: fake.nvrtc,
          FAKE_NVRTC_IMAGE: image,
          PATH: process.env.PATH,
          ...env,
        },
        encoding: "utf8",
      }).trim();
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it("are compiled by NVRTC where it is there, for the device", () => {
    const program = `
      const x = cuda.full(1, 6);
      console.log((await cuda.map(x, x => x.mul(2)).download())[0], cuda.info().nvrtc.version);`;
    expect(run(program)).to.equal("12 13.0");
  });

  it("are written as PTX where NVRTC does not know the device", () => {
    const program = "console.log((await cuda.map(cuda.full(1, 5), x => x.mul(2)).download())[0]);";
    expect(run(program, { FAKE_CUDA_FAIL: "nvrtcCompileProgram=5" })).to.equal("10");
  });

  it("come back with the compiler's words when it refuses them", () => {
    const program = `
      try { cuda.map(cuda.full(1, 5), x => x.mul(2)); } catch (error) { console.log(error.code, error.message); }`;
    const said = run(program, { FAKE_CUDA_FAIL: "nvrtcCompileProgram=6" });
    expect(said).to.match(
      /^TSMPI_CUDA compiling an expression: nvrtcCompileProgram: status 6\n[\s\S]*const T v2 = v0 \* v1;/,
    );
  });

  for (const wide of [false, true]) {
    it(`are what nvcc takes, for every kind of GPU: ${wide ? "float64" : "float32"}`, function () {
      needs(this, spawnSync("nvcc", ["--version"]).status === 0, "nvcc", false);
      const kernels = [
        ...allFunctions.map((text, i) => elementwiseC(`call${i}`, planned(text, wide))),
        ...[...dtypes.keys()].map((name, i) => elementwiseC(`type${i}`, planned("x + 1", wide, name))),
        ...reductions.map((text, i) => reductionC(`reduction${i}`, planned(text, wide))),
      ];
      // The definitions once, then every kernel.
      const at = kernels[0].indexOf('extern "C"');
      const source =
        kernels[0].slice(0, at) + kernels.map(text => text.slice(text.indexOf('extern "C"'))).join("\n");
      const folder = mkdtempSync(join(tmpdir(), "tsmpi-nvcc-"));
      try {
        writeFileSync(join(folder, "kernels.cu"), source);
        const targets = ["75", "80", "90", "100", "120"].flatMap(n => [
          "-gencode",
          `arch=compute_${n},code=sm_${n}`,
        ]);
        execFileSync(
          "nvcc",
          ["-fatbin", "-std=c++17", "--threads", "0", ...targets, "-o", "out", "kernels.cu"],
          { cwd: folder, stdio: "pipe" },
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
