import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot, tsmpirun } from "../launch.ts";
import { folderWith, removeFolders } from "../launcher/helpers.ts";
import { needs } from "../needs.ts";
import { run } from "../ranks/run.ts";
import { onRanks } from "./run.ts";

const ranks = [1, 2, 3, 8];
/** No shared memory, as between hosts. */
const byMessages = { env: { TSMPI_MAP_MEMORY: "off" } };

describe("parallel: map", () => {
  onRanks(ranks, "map", "gives results in the order of items");
  onRanks(ranks, "schedules", "runs each item once, where the schedule says");
  onRanks([2, 3], "terms", "refuses options that are not the same on all ranks");
  onRanks(ranks, "task-errors", "tells every rank of tasks that throw");
  onRanks(ranks, "variants", "has scatterMap, gridMap, starmap and imap");
  onRanks(ranks, "seeds", "gives each item random numbers of its own");
  onRanks([1, 3], "progress", "tells a function how far it has got");
  onRanks([2, 3], "apart", "works where ranks share no memory");
  onRanks([2, 5], "schedules", "hands out items by messages", byMessages);
  onRanks([3], "terms", "refuses them where ranks share no memory", byMessages);
  onRanks([3], "task-errors", "tells of errors by messages", byMessages);
  onRanks([3], "variants", "has variants that go by messages", byMessages);

  for (const n of [1, 3]) {
    it(`writes a trace of tasks (${n} ranks)`, async () => {
      const folder = folderWith({});
      await run("../../parallel/programs/trace", n, { args: [join(folder, "trace.json")] });
    });
    it(`writes a trace of pools and graphs (${n} ranks)`, async () => {
      const folder = folderWith({});
      await run("../../parallel/programs/trace-pools", n, { args: [join(folder, "trace.json")] });
    });
  }
  after(removeFolders);

  const progress = "test/parallel/programs/progress.ts";
  it("prints progress in lines", async () => {
    for (const mode of ["lines", "bar"]) {
      const { stderr } = await run("../../parallel/programs/progress", 2, { args: [mode] });
      const lines = stderr.trimEnd().split("\n");
      for (const line of lines)
        expect(line).to.match(/^waiting \d+\/40 \d+ % in \d+\.\d s(, about \d+\.\d s left)?$/);
      expect(lines.at(-1)).to.match(/^waiting 40\/40 100 % in /);
      expect(lines.length).to.be.at.most(22);
    }
  });

  it("prints how busy ranks were", async () => {
    const { stdout, stderr } = await run("../../parallel/programs/progress", 3, { args: ["usage"] });
    expect(stdout).to.not.include("counting");
    const lines = stderr.trimEnd().split("\n");
    expect(lines).to.have.length(3);
    for (const [rank, line] of lines.entries()) {
      const [, busy] =
        new RegExp(
          `^counting: rank ${rank} on ${hostname()}: 3 tasks, busy (\\d+\\.\\d{3}) s, idle \\d+\\.\\d{3} s, peak memory \\d+ MiB$`,
        ).exec(line) ?? expect.fail(line);
      expect(Number(busy)).to.be.at.least(0.015);
    }
  });

  it("draws progress on a terminal", function () {
    const command = `${process.execPath} ${tsmpirun} -n 2 ${progress} bar`;
    const { status, stdout, error } = spawnSync("script", ["-qec", command, "/dev/null"], {
      cwd: packageRoot,
      encoding: "utf8",
      env: { ...process.env, TERM: "xterm" },
      timeout: 60_000,
    });
    needs(this, error === undefined, "script (Debian package bsdutils)");
    expect(status, stdout).to.equal(0);
    expect(stdout).to.match(/\rwaiting \[#{30}\] 40\/40 100 % in \d+\.\d s/);
  });
});
