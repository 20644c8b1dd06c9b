/** The CUDA C of expressions, run on the host as C++: what it computes, not how fast. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type DtypeName, dtypes } from "../../src/cuda/dtype.ts";
import { elementwiseC, reductionC } from "../../src/cuda/expressions/cuda-c.ts";
import { type Grouping, lanesOf, single } from "../../src/cuda/ptx/groups.ts";
import { packageRoot } from "../launch.ts";
import { planned } from "./plans.ts";

const sizes = [0, 1, 3, 4, 5, 7, 8, 9, 255, 1031, 5003];

/** Runs programs in C++ of kernels that share their definitions, and gives what they print. */
function run(kernels: readonly string[], main: string): string {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-cuda-c-"));
  try {
    const at = kernels[0].indexOf('extern "C"');
    const bodies = kernels.map(text => text.slice(text.indexOf('extern "C"')));
    const text = ['#include "cuda-c.h"', kernels[0].slice(0, at), ...bodies, main].join("\n");
    writeFileSync(join(folder, "program.cc"), text);
    const includes = join(packageRoot, "test", "cuda", "fake");
    const flags = ["-std=c++17", "-O1", "-fsanitize=alignment", "-fno-sanitize-recover", "-pthread"];
    execFileSync("g++", [...flags, "-I", includes, "program.cc", "-o", "program"], {
      cwd: folder,
      stdio: "pipe",
    });
    return execFileSync(join(folder, "program"), { encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** All but halves, whose conversions are instructions of the GPU. */
const types = [...dtypes.values()].filter(({ name }) => !name.endsWith("float16"));
const stored: { readonly [dtype in DtypeName]?: string } = {
  float64: "double",
  float32: "float",
  int8: "signed char",
  int64: "long long",
  uint64: "unsigned long long",
};
const typeText = (name: DtypeName): string => stored[name] ?? `${name}_t`;

describe("cuda: CUDA C, run on the host", function () {
  this.timeout(240_000);

  for (const wide of [false, true]) {
    it(`computes all elements, by groups and one by one: ${wide ? "float64" : "float32"}`, () => {
      const kernels: string[] = [];
      const calls: string[] = [];
      for (const dtype of types) {
        const groups: Grouping = { lanes: lanesOf([dtype]), vectors: true };
        for (const grouping of [groups, single]) {
          const name = `${dtype.name}_${grouping.lanes}`;
          kernels.push(elementwiseC(name, planned("x * 2 + a", wide, dtype.name), grouping));
          calls.push(`  check<${typeText(dtype.name)}>("${name}", ${name}, ${grouping.vectors ? 0 : 1});`);
        }
      }
      const main = `
template <typename E, typename F> void check(const char* name, F* kernel, int shift) {
  for (u64 size : {${sizes.join(", ")}}) {
    alignas(16) static E x[6000], y[6000];
    for (int i = 0; i < 6000; i++) x[i] = i % 50, y[i] = 77;
    launch(2, 8, [&] { kernel(size, y + shift, x + shift, 3); });
    for (u64 i = 0; i < 6000; i++) {
      bool inside = i >= (u64)shift && i < size + shift;
      if (y[i] != (inside ? x[i] * 2 + 3 : 77)) printf("%s %llu: element %llu\\n", name, size, i);
    }
  }
}
int main() {
${calls.join("\n")}
}`;
      expect(run(kernels, main)).to.equal("");
    });

    it(`reduces all elements, in the same order at any address: ${wide ? "float64" : "float32"}`, () => {
      // Each launch is many threads of the host.
      const few = [0, 1, 7, 1031];
      const texts = ["sum(x)", "dot(x, x)", "min(x)", "max(x)", "argmin(x)", "argmax(x)"];
      const kernels = texts.flatMap((text, i) => [
        reductionC(`groups${i}`, planned(text, wide), { lanes: 4, vectors: true }),
        reductionC(`apart${i}`, planned(text, wide), { lanes: 4, vectors: false }),
      ]);
      const main = `
int main() {
  alignas(16) static float x[6000], apart[6000];
  for (u64 size : {${few.join(", ")}}) {
    for (u64 i = 0; i < size; i++) apart[i + 1] = x[i] = (float)(i * 37 % 1000) / 8;
    double first[4], other[4];
    const auto both = [&](auto* kernel, auto* another) {
      for (double& value : first) value = 0;
      for (double& value : other) value = 0;
      launch(2, 256, [&] { kernel(size, first, x, 0); });
      launch(2, 256, [&] { another(size, other, apart + 1, 0); });
      if (memcmp(first, other, sizeof first)) printf("%llu: not the same\\n", size);
      for (double value : first) printf("%.17g ", value);
    };
${texts.map((_, i) => `    both(groups${i}, apart${i});`).join("\n")}
    printf("\\n");
  }
}`;
      const lines = run(kernels, main).trimEnd().split("\n");
      for (const [n, size] of few.entries()) {
        const values = Array.from({ length: size }, (_, i) => ((i * 37) % 1000) / 8);
        const found = lines[n].replaceAll("inf", "Infinity").trim().split(" ").map(Number);
        expect(found, lines[n]).to.have.length(24);
        // Of two blocks each a value and a place.
        const pairs = texts.map((_, i) => [0, 2].map(at => found.slice(i * 4 + at, i * 4 + at + 2)));
        const [sum, dot] = pairs.map(([one, two]) => one[0] + two[0]);
        expect([sum, dot]).to.deep.equal([
          values.reduce((total, value) => total + value, 0),
          values.reduce((total, value) => total + value * value, 0),
        ]);
        if (size === 0) continue;
        const [least, most] = [Math.min(...values), Math.max(...values)];
        expect(Math.min(...pairs[2].map(([value]) => value))).to.equal(least);
        expect(Math.max(...pairs[3].map(([value]) => value))).to.equal(most);
        for (const [pair, kept] of [
          [pairs[4], least],
          [pairs[5], most],
        ] as const) {
          const places = pair.filter(([value]) => value === kept).map(([, place]) => place);
          expect(Math.min(...places)).to.equal(values.indexOf(kept));
        }
      }
    });
  }
});
