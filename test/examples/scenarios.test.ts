import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { launch, packageRoot } from "../launch.ts";
import { needs } from "../needs.ts";

describe("the page of scenarios", () => {
  it("should name files that are there", () => {
    const docs = join(packageRoot, "docs");
    let named = 0;
    for (const line of readFileSync(join(docs, "scenarios.md"), "utf8").split("\n")) {
      if (!line.startsWith("|")) continue;
      // A name without a folder is in that of the one before it in the row.
      let folder = "?";
      const files = [...line.matchAll(/(?:\w[\w./-]*\/)?\w[\w-]*\.(?:test\.ts|ts|mjs)\b/g)].map(
        ([file]) => file,
      );
      const links = [...line.matchAll(/\]\(([^)#]+)/g)].map(([, link]) => join("docs", link));
      for (const file of files.filter(file => file !== "script.ts")) {
        if (file.includes("/")) folder = dirname(file);
        links.push(file.includes("/") ? file : join(folder, file));
      }
      for (const path of links)
        expect(existsSync(join(packageRoot, path)), `${path} in ${line}`).to.equal(true);
      named += links.length;
    }
    expect(named).to.be.above(100);
  });
});

describe("the programs of scenario 2", () => {
  it("should find the means that NumPy finds", async function () {
    const folder = join(packageRoot, "bench", "scenarios");
    const env = { DRAWS: "50000" };
    const python = (...args: string[]) =>
      spawnSync("/usr/bin/python3", args, { encoding: "utf8", env: { ...process.env, ...env } });
    needs(this, python("-c", "import numpy").status === 0, "NumPy for /usr/bin/python3");
    const meansIn = (text: string, name: string): number[] => {
      const [, numbers] = new RegExp(`^means, ${name}: (.*)$`, "m").exec(text)!;
      return numbers.split(" ").map(Number);
    };
    const { stderr: theirs } = python(join(folder, "peers", "generators.py"));
    const expected = meansIn(theirs, "NumPy Generator in a row");
    expect(expected).to.have.lengthOf(3);
    const { code, stdout, stderr } = await launch(["-n", "2", join(folder, "generators.ts")], { env });
    expect(code, stderr).to.equal(0);
    for (const [kind, mean] of meansIn(stderr, "an array for each kind").entries())
      expect(mean).to.be.closeTo(expected[kind], 1e-12);
    expect(stdout.match(/^\{.*"milliseconds"/gm)).to.have.lengthOf(2);
  });
});
