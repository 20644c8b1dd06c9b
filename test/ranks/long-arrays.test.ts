import { freemem } from "node:os";
import { expect } from "chai";
import { launchProgram, onRanks, run } from "./run.ts";

const cases: readonly [name: string, ranks: readonly number[], title: string][] = [
  ["sizes", [2, 3, 8], "passes arrays of every length round"],
  ["types", [2], "passes arrays of every type"],
  ["any", [2, 3, 8], "gives a receive from any rank one array only"],
  ["unexpected", [2, 4], "keeps more than can be on offer at once, in any order"],
  ["refused", [2], "ends the send of an array that is refused"],
  ["late", [2, 8], "wakes the other side"],
  ["ends", [3], "meets the end of the other side"],
  ["order", [2, 3], "keeps the order among other messages"],
];

for (const copies of ["on", "off"]) {
  describe(`ranks: long arrays, copies between processes ${copies}`, () => {
    const env = { TSMPI_CROSS_COPY: copies };
    for (const [name, ranks, title] of cases) onRanks(ranks, "long-arrays", title, { args: [name], env });
    // Through the ring a message that its receiver reads is sent to its end.
    if (copies === "on") onRanks([2], "long-arrays", "lets a send be given up", { args: ["given up"], env });
  });
}

describe("ranks: short messages", () => {
  onRanks([2, 3, 8], "short-way", "match in order, whichever way they are received");
});

describe("ranks: huge arrays", () => {
  // The sender's pages are those that hold zeros, all the same one; the receiver's are its own.
  const needed = 8;
  for (const copies of ["on", "off"]) {
    it(`arrive, 5 GiB of them, copies between processes ${copies}`, async function () {
      if (freemem() < needed * 2 ** 30) {
        console.warn(`      skipped: ${needed} GiB of free memory are needed`);
        this.skip();
      }
      await run("huge", 2, { args: ["5 GiB"], seconds: 600, env: { TSMPI_CROSS_COPY: copies } });
    });
  }

  onRanks([2], "huge", "are refused when the host cannot hold them twice", { args: ["too large"] });
});

describe("ranks: long arrays when a rank is killed", () => {
  for (const victim of ["sender", "receiver"]) {
    it(`ends the job when the ${victim} is`, async () => {
      const { code, stderr } = await launchProgram("killed-copying", 2, { args: [victim], seconds: 60 });
      expect(code, stderr).to.equal(137);
      expect(stderr).to.match(/was killed by SIGKILL; the job was ended/);
      expect(stderr).not.to.include("    at ");
    });
  }
});
