import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../launch.ts";
import { needs } from "../needs.ts";

const source = join(packageRoot, "test", "cuda", "prototypes.cc");

/** Where headers of a CUDA toolkit may lie; those of libraries are looked for in CPATH as well. */
const folder = "/usr/local/cuda/include";

function compiles(header: string): boolean {
  const args = ["-std=c++17", "-fsyntax-only", "-I", folder, "-x", "c++", "-"];
  return spawnSync("g++", args, { input: `#include <${header}>` }).status === 0;
}

describe("cuda: prototypes", function () {
  this.timeout(60_000);

  it("are those of NVIDIA's headers", function () {
    needs(this, compiles("cuda.h"), "cuda.h of a CUDA toolkit", false);
    const others = [
      ["nvrtc.h", "HAVE_NVRTC"],
      ["nccl.h", "HAVE_NCCL"],
    ] as const;
    const defined = others.filter(([header]) => compiles(header)).map(([, name]) => `-D${name}`);
    execFileSync("g++", ["-std=c++17", "-fsyntax-only", "-I", folder, ...defined, source], { stdio: "pipe" });
  });
});
