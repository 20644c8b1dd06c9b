import { expect } from "chai";
import { referenceSum } from "../collectives/exact-reference.ts";
import { launchProgram, onRanks, sizes } from "./run.ts";

const element = (i: number): number =>
  Math.sin(i * 97 + 3) * 2 ** (((i * 7 + 15) % 23) - 11) * 10 ** ((i % 601) - 300);

describe("ranks: reproducible reductions", () => {
  const all = Buffer.alloc(8);
  all.writeDoubleBE(referenceSum(Float64Array.from({ length: 1_000_000 }, (_, i) => element(i))));
  onRanks(sizes, "reproducible", "exact sums, however the numbers are spread", {
    args: [all.toString("hex")],
  });

  it("are told from plain ones", async () => {
    const { code, stderr } = await launchProgram("reproducible", 2, { args: ["mismatch"] });
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /CollectiveMismatchError.*allreduce by sum \(reproducible\), collective 0 on world/,
    );
  });
});
