import { expect } from "chai";
import { cgroupCores, usableCores } from "../../launcher/cores.ts";
import { coresOfRank, rankList, ranksText } from "../../launcher/plan.ts";
import { foldRanks, waitLines } from "../../launcher/report.ts";
import { folderWith, removeFolders } from "./helpers.ts";

describe("the plan of a job", () => {
  after(removeFolders);

  it("should find at least one usable core", () => {
    expect(usableCores()).to.be.at.least(1);
  });

  it("should read a quota of cgroup v2 on the way up", () => {
    const root = folderWith({ "a/b/cpu.max": "max 100000\n", "a/cpu.max": "250000 100000\n" });
    expect(cgroupCores(root, "0::/a/b\n")).to.equal(2.5);
    expect(cgroupCores(root, "0::/elsewhere\n")).to.equal(Number.POSITIVE_INFINITY);
  });

  it("should read a quota of cgroup v1, and the mount itself inside a container", () => {
    const root = folderWith({ "cpu/cpu.cfs_quota_us": "150000\n", "cpu/cpu.cfs_period_us": "100000\n" });
    expect(cgroupCores(root, "4:cpu:/docker/abc\n3:memory:/x\n")).to.equal(1.5);
    const free = folderWith({ "cpu/cpu.cfs_quota_us": "-1\n" });
    expect(cgroupCores(free, "4:cpu:/\n")).to.equal(Number.POSITIVE_INFINITY);
  });

  it("should give ranks cores round robin", () => {
    expect([0, 1, 2].map(rank => coresOfRank(rank, [4, 7], 1))).to.deep.equal([[4], [7], [4]]);
    expect([0, 1].map(rank => coresOfRank(rank, [0, 1, 2, 3], 2))).to.deep.equal([
      [0, 1],
      [2, 3],
    ]);
    expect(coresOfRank(1, [0, 1], 8)).to.deep.equal([0, 1]);
  });

  it("should list ranks shortly", () => {
    expect(rankList([4, 0, 1, 2])).to.equal("0-2, 4");
    expect(rankList([5, 4])).to.equal("4, 5");
    expect(ranksText([3])).to.equal("rank 3");
  });

  it("should fold equal waits", () => {
    const waits = new Map([
      [0, "barrier"],
      [1, "barrier"],
      [2, "barrier"],
      [3, "recv from rank 5"],
      [4, "barrier"],
    ]);
    expect(waitLines(waits)).to.deep.equal([
      "ranks 0-2, 4 were waiting in barrier",
      "rank 3 was waiting in recv from rank 5",
    ]);
    expect(foldRanks(new Map(), () => "")).to.deep.equal([]);
  });
});
