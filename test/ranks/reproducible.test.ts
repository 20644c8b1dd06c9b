import { expect } from "chai";
import { exactSum } from "./exact-sum.ts";
import { launchProgram, onRanks, sizes } from "./run.ts";

describe("ranks: reproducible reductions", () => {
  onRanks(sizes, "reproducible", "exact sums, however the numbers are spread", {
    args: [exactSum()],
  });

  it("are told from plain ones", async () => {
    const { code, stderr } = await launchProgram("reproducible", 2, { args: ["mismatch"] });
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /CollectiveMismatchError.*allreduce by sum \(reproducible\), collective 0 on world/,
    );
  });
});
