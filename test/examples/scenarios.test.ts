import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../launch.ts";

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
