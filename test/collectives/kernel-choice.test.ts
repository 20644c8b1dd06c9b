import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { buildSync } from "esbuild";
import { withNative } from "../../src/collectives/native-kernels.ts";
import * as operators from "../../src/collectives/operators.ts";
import { packageFolder } from "../../src/native.ts";
import { available } from "./support.ts";

describe("the choice of a kernel", () => {
  it("takes the native one from the given length on", () => {
    const seen: number[] = [];
    const dtype = available.find(({ name }) => name === "Float64Array")!;
    const kernel = withNative(operators.sum.code, dtype, target => seen.push(target.length), 10);
    for (const length of [0, 9, 10, 11, 3]) {
      const array = new Float64Array(length).fill(2);
      kernel(array, array, array);
      if (length >= 10) expect(array).to.deep.equal(new Float64Array(length).fill(4));
    }
    expect(seen).to.deep.equal([0, 9, 3]);
  });

  /** What a program prints that has the operators in a bundle of its own, in `folder`. */
  function runAlone(folder: string, kernels = ""): { before: boolean; after: boolean; result: number } {
    const entry = `
      import { sum } from ${JSON.stringify(join(packageFolder(), "src/collectives/operators.ts"))};
      import { dtypeOf } from ${JSON.stringify(join(packageFolder(), "src/codec/dtype.ts"))};
      const loaded = () => process.report.getReport().sharedObjects.some(path => path.endsWith("tsmpi.node"));
      const add = length => {
        const array = new Float64Array(length).fill(2);
        sum.kernel(dtypeOf(array))(array, array, array);
        return array[length - 1];
      };
      const short = add(10);
      const before = loaded();
      const result = short + add(100_000) + add(100_000);
      console.log(JSON.stringify({ before, after: loaded(), result }));`;
    const outfile = join(folder, "program.mjs");
    buildSync({
      stdin: { contents: entry, resolveDir: folder },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile,
      logLevel: "error",
    });
    const env = { ...process.env, TSMPI_KERNELS: kernels };
    return JSON.parse(execFileSync(process.execPath, [outfile], { encoding: "utf8", env }));
  }

  function within(parent: string, body: (folder: string) => void): void {
    mkdirSync(parent, { recursive: true });
    const folder = mkdtempSync(join(parent, "kernels-"));
    try {
      body(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it("loads the addon at the first long array, unless told otherwise", () =>
    within(join(packageFolder(), "dist"), folder => {
      expect(runAlone(folder)).to.deep.equal({ before: false, after: true, result: 12 });
      expect(runAlone(folder, "typescript")).to.deep.equal({ before: false, after: false, result: 12 });
      expect(runAlone(folder, "native")).to.deep.equal({ before: true, after: true, result: 12 });
    }));

  it("does without the addon where there is none", () =>
    within(tmpdir(), folder => {
      writeFileSync(join(folder, "package.json"), "{}");
      expect(runAlone(folder)).to.deep.equal({ before: false, after: false, result: 12 });
    }));
});
