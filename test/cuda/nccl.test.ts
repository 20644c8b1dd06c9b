import { expect } from "chai";
import { keepsToLoopback, type Standing } from "../../src/cuda/nccl.ts";

describe("cuda: NCCL", () => {
  const ranks = (...of: readonly [host: string, anywhere: boolean][]): Standing[] =>
    of.map(([host, anywhere]) => ({ host, anywhere }));

  it("keeps to the loopback interface where no other host may take part later", () => {
    const [here, there] = ["a", "b"];
    expect(keepsToLoopback(ranks([here, false], [here, false]), true)).to.equal(true);
    expect(keepsToLoopback(ranks([here, true], [here, true]), true)).to.equal(true);
    expect(keepsToLoopback(ranks([here, false], [here, true]), false)).to.equal(true);
    // Of several hosts all ranks must have said so: one that has not will never be in such a communicator.
    expect(keepsToLoopback(ranks([here, true], [here, true]), false)).to.equal(false);
    expect(keepsToLoopback(ranks([here, true], [there, true]), false)).to.equal(false);
  });
});
