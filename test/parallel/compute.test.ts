import { join } from "node:path";
import { expect } from "chai";
import { launch, packageRoot } from "../launch.ts";
import { sizes } from "../ranks/run.ts";
import { onRanks } from "./run.ts";

describe("parallel: compute", () => {
  onRanks(sizes, "compute", "graphs");

  it("leaves values where they were made, and moves them from rank to rank", async () => {
    const program = join(packageRoot, "test/parallel/programs/graph-values.ts");
    const { code, stderr } = await launch(["-n", "3", "--timeout", "60", "--stats", program]);
    expect(code, stderr).to.equal(0);
    const rows = [...stderr.matchAll(/^tsmpirun: +(\d) +\d+ +(\S+ \S+) +\d+ +(\S+ \S+)/gm)];
    const [sent, received] = [2, 3].map(column => rows.map(row => row[column]));
    expect(sent, stderr).to.have.length(3);
    expect(`${sent[0]} ${received[0]}`).to.not.include("MiB");
    expect([sent[1], sent[2]].filter(bytes => bytes.includes("MiB"))).to.deep.equal(["8.0 MiB"]);
  });
});
