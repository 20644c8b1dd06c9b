import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { dtypes } from "../../src/cuda/dtype.ts";
import { cast } from "../../src/cuda/ptx/cast.ts";
import { elementwise, reduction } from "../../src/cuda/ptx/expression.ts";
import { fill } from "../../src/cuda/ptx/fill.ts";
import { gather } from "../../src/cuda/ptx/gather.ts";
import { type Grouping, lanesOf, single } from "../../src/cuda/ptx/groups.ts";
import { f32, f64, Kernel } from "../../src/cuda/ptx/kernel.ts";
import { philox } from "../../src/cuda/ptx/philox.ts";
import { scale } from "../../src/cuda/ptx/scale.ts";
import { transpose } from "../../src/cuda/ptx/transpose.ts";
import { needs } from "../needs.ts";
import { allFunctions, planned, reductions } from "./plans.ts";

const types = [...dtypes.values()];
const widths = [1, 2, 4, 8];
const groups: Grouping = { lanes: 4, vectors: true };
const groupings: readonly Grouping[] = [single, groups, { lanes: 8, vectors: true }];

/** Every kernel that tsmpi/cuda launches, by what it is for. */
const families: { readonly [family: string]: () => string[] } = {
  fill: () =>
    widths.flatMap(bytes =>
      [single, { lanes: bytes <= 2 ? 8 : 4, vectors: true }].map(one => fill(bytes, one)),
    ),
  gather: () =>
    [...widths, 16].flatMap(bytes =>
      [1, 2, 3, 4, 7].flatMap(axes => [false, true].map(wide => gather({ bytes, axes, wide }))),
    ),
  transpose: () => widths.map(transpose),
  scale: () => ["float64", "float32", "float16", "bfloat16", "int32"].map(name => scale(dtypes.get(name)!)),
  philox: () =>
    (["float64", "float32", "uint64"] as const).flatMap(form => [true, false].map(way => philox(form, way))),
  expressions: () =>
    [false, true].flatMap(wide =>
      allFunctions.map((text, i) => elementwise(`call${i}_${wide}`, planned(text, wide), groups)),
    ),
  reductions: () =>
    [false, true].flatMap(wide =>
      reductions.flatMap((text, i) => [
        reduction(`reduction${i}_${wide}`, planned(text, wide), groups),
        reduction(`apart${i}_${wide}`, planned(text, wide), { ...groups, vectors: false }),
      ]),
    ),
  "expressions of every type": () =>
    types.flatMap(type =>
      groupings.map(grouping =>
        elementwise(`${type.name}_${grouping.lanes}`, planned("x + 1", false, type.name), grouping),
      ),
    ),
  cast: () =>
    types.flatMap(from =>
      types
        .filter(to => to !== from)
        .flatMap(to =>
          [single, { lanes: lanesOf([from, to]), vectors: true }].map(grouping => cast(from, to, grouping)),
        ),
    ),
};

/** One module of many kernels: the header once. */
function joined(kernels: readonly string[]): string {
  const [version, target, address] = kernels[0].split("\n");
  // Tables are those of all kernels alike; one will do.
  const tables = new Set(kernels.flatMap(text => text.match(/^\.const .*$/gm) ?? []));
  const bodies = kernels.map(text => text.slice(text.indexOf(".visible")));
  return [version, target, address, ...tables, ...bodies].join("\n");
}

describe("cuda: PTX", function () {
  this.timeout(120_000);

  it("is of the oldest version and target, so that every driver and GPU takes it", () => {
    for (const texts of Object.values(families)) {
      for (const text of texts())
        expect(text).to.match(/^\.version 6\.4\n\.target sm_50\n\.address_size 64\n/);
    }
  });

  for (const [family, texts] of Object.entries(families)) {
    it(`is assembled for every kind of GPU: ${family}`, function () {
      needs(this, spawnSync("ptxas", ["--version"]).status === 0, "ptxas", false);
      const folder = mkdtempSync(join(tmpdir(), "tsmpi-ptx-"));
      try {
        const path = join(folder, "kernels.ptx");
        writeFileSync(path, joined(texts()));
        for (const target of ["sm_75", "sm_80", "sm_90", "sm_100", "sm_120"]) {
          execFileSync("ptxas", ["--gpu-name", target, "--output-file", join(folder, "out"), path], {
            stdio: "pipe",
          });
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  /** Bytes of each instruction that reads or writes global memory, in their order: those of groups before single ones. */
  const moved = (text: string): number[] =>
    [...text.matchAll(/(?:ld|st)\.global(?:\.v(\d))?\.[uf](\d+)/g)].map(
      ([, lanes = "1", bits]) => (Number(lanes) * Number(bits)) / 8,
    );

  it("moves groups by vectors, one load of each array before all stores", () => {
    const bytes: { readonly [dtype: string]: number[] } = {
      float64: [16, 16, 16, 16, 8, 8],
      float32: [16, 16, 4, 4],
      int32: [16, 16, 4, 4],
      float16: [16, 16, 2, 2],
      bfloat16: [16, 16, 2, 2],
      uint8: [8, 8, 1, 1],
    };
    for (const [dtype, expected] of Object.entries(bytes)) {
      const grouping = { lanes: lanesOf([dtypes.get(dtype)!]), vectors: true };
      const text = elementwise("sample", planned("x + a", false, dtype), grouping);
      expect(moved(text), dtype).to.deep.equal(expected);
    }
    const sum = planned("sum(x)", false);
    // The last is what a block leaves.
    expect(moved(reduction("sample", sum, groups))).to.deep.equal([16, 4, 8]);
    expect(moved(reduction("sample", sum, { ...groups, vectors: false }))).to.deep.equal([4, 4, 4, 4, 4, 8]);
    expect(moved(cast(dtypes.get("float64")!, dtypes.get("float16")!, groups))).to.deep.equal([
      16, 16, 8, 8, 2,
    ]);
    expect(moved(fill(4, groups))).to.deep.equal([16, 4]);
    expect(moved(philox("float32", true)).slice(0, 3)).to.deep.equal([16, 16, 4]);
  });

  it("has constants exactly", () => {
    expect([f32(1), f32(-0.1), f64(Math.PI)]).to.deep.equal([
      "0f3F800000",
      "0fBDCCCCCD",
      "0d400921FB54442D18",
    ]);
  });

  it("numbers registers by kind and declares them", () => {
    const kernel = new Kernel("sample");
    const count = kernel.parameter("count", "u64");
    kernel.make("f32", "add.rn.f32", f32(1), f32(2));
    kernel.stride(count, () => {});
    const text = kernel.toString();
    expect(text).to.include(".visible .entry sample(.param .u64 count)");
    expect(text).to.include("  .reg .f32 %f<2>;");
    expect(text).to.include("  ld.param.u64 %d1, [count];");
  });
});
