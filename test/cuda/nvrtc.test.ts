import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { dtypes } from "../../src/cuda/dtype.ts";
import { elementwiseC, reductionC } from "../../src/cuda/expressions/cuda-c.ts";
import { type Grouping, lanesOf, single } from "../../src/cuda/ptx/groups.ts";
import { packageRoot } from "../launch.ts";
import { needs } from "../needs.ts";
import { type FakeCuda, fakeCuda, fakeEnvironment } from "./fake.ts";
import { allFunctions, planned, reductions } from "./plans.ts";

const groups: Grouping = { lanes: 4, vectors: true };

/** What nvcc makes of a program. */
function nvcc(source: string, options: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-nvcc-"));
  try {
    writeFileSync(join(folder, "kernels.cu"), source);
    execFileSync("nvcc", [...options, "-std=c++17", "-o", "out", "kernels.cu"], {
      cwd: folder,
      stdio: "pipe",
    });
    return readFileSync(join(folder, "out"), "latin1");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

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
        ...allFunctions.map((text, i) => elementwiseC(`call${i}`, planned(text, wide), groups)),
        ...[...dtypes.keys()].flatMap(name =>
          [single, groups, { lanes: 8, vectors: true }].map(grouping =>
            elementwiseC(`${name}_${grouping.lanes}`, planned("x + 1", wide, name), grouping),
          ),
        ),
        ...reductions.flatMap((text, i) => [
          reductionC(`reduction${i}`, planned(text, wide), groups),
          reductionC(`apart${i}`, planned(text, wide), { ...groups, vectors: false }),
        ]),
      ];
      // The definitions once, then every kernel.
      const at = kernels[0].indexOf('extern "C"');
      const source =
        kernels[0].slice(0, at) + kernels.map(text => text.slice(text.indexOf('extern "C"'))).join("\n");
      const targets = ["75", "80", "90", "100", "120"].flatMap(n => [
        "-gencode",
        `arch=compute_${n},code=sm_${n}`,
      ]);
      nvcc(source, ["-fatbin", "--threads", "0", ...targets]);
    });
  }

  it("move groups by vectors, which nvcc makes of them", function () {
    needs(this, spawnSync("nvcc", ["--version"]).status === 0, "nvcc", false);
    const vectors: { readonly [dtype: string]: string[] } = {
      float64: ["ld.v2.64", "ld.v2.64", "st.v2.64", "st.v2.64", "ld.64", "st.64"],
      float32: ["ld.v4.32", "st.v4.32", "ld.32", "st.32"],
      float16: ["ld.v4.32", "st.v4.32", "ld.16", "st.16"],
    };
    for (const [dtype, expected] of Object.entries(vectors)) {
      const grouping = { lanes: lanesOf([dtypes.get(dtype)!]), vectors: true };
      const ptx = nvcc(elementwiseC("sample", planned("x + a", dtype === "float64", dtype), grouping), [
        "-ptx",
      ]);
      const moved = [...ptx.matchAll(/\b(ld|st)\.global(?:\.nc)?(\.v\d)?\.[a-z](\d+)/g)].map(
        ([, way, lanes = "", bits]) => `${way}${lanes}.${bits}`,
      );
      expect(moved, dtype).to.deep.equal(expected);
    }
  });
});
