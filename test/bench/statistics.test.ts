import { expect } from "chai";
import { formatBytes, formatNumber, parseBytes } from "../../bench/harness/format.ts";
import { planCalls } from "../../bench/harness/measure.ts";
import { OPERATIONS } from "../../bench/harness/operations.ts";
import { makeRow, meansOf, measured, ratioOf } from "../../bench/harness/results.ts";
import { geometricMean, median, pairedRatio, quantile, spread } from "../../bench/harness/statistics.ts";

describe("statistics of the benchmark", () => {
  it("should take medians and quantiles without changing their input", () => {
    const values = [5, 1, 4, 2];
    expect(median(values)).to.equal(3);
    expect(median([7])).to.equal(7);
    expect(median([3, 1, 2])).to.equal(2);
    expect(quantile(values, 0)).to.equal(1);
    expect(quantile(values, 1)).to.equal(5);
    expect(quantile(values, 0.25)).to.equal(1.75);
    expect(values).to.deep.equal([5, 1, 4, 2]);
    expect(() => median([])).to.throw(RangeError);
  });

  it("should not sort numbers as text", () => {
    expect(median([10, 9, 100])).to.equal(10);
  });

  it("should measure the spread by the quartiles", () => {
    expect(spread([10, 10, 10])).to.equal(0);
    expect(spread([8, 9, 10, 11, 12])).to.be.closeTo(0.1, 1e-12);
  });

  it("should pair batches, so that a machine that changes speed does not matter", () => {
    // Twice as fast in every pair, while the machine slows down tenfold in the middle.
    const ours = [1, 1, 10, 10, 10];
    expect(
      pairedRatio(
        ours.map(time => 2 * time),
        ours,
      ),
    ).to.equal(2);
    expect(pairedRatio([3, 2, 100], [1, 1, 1])).to.equal(3);
    expect(() => pairedRatio([1], [1, 2])).to.throw(RangeError);
  });

  it("should take geometric means", () => {
    expect(geometricMean([4, 1])).to.be.closeTo(2, 1e-12);
    expect(geometricMean([0.5, 2, 8])).to.be.closeTo(2, 1e-12);
    expect(() => geometricMean([])).to.throw(RangeError);
  });

  it("should compare only batches of one placement when there are enough of them", () => {
    const placements = ["near", "near", "near", "far"] as const;
    const ours = measured(1, [1, 1, 1, 9], [1, 1, 1, 9], [...placements]);
    const peer = measured(1, [2, 2, 2, 2], [2, 2, 2, 2], ["near", "near", "near", "near"]);
    expect(ratioOf(peer, ours)).to.deep.equal({ ratio: 2, slowest: 2, pairs: 3 });
    const elsewhere = measured(1, [2, 2, 2, 2], [2, 2, 2, 2], ["far", "far", "far", "near"]);
    expect(ratioOf(elsewhere, ours).pairs).to.equal(4);
  });

  it("should take the fastest C peer of a row, and means over rows", () => {
    const operation = OPERATIONS[0];
    const times = (time: number) => measured(1, [time, time], [time, time], []);
    const rows = [8, 64].map(bytes =>
      makeRow(
        { operation, bytes, label: `${bytes} B`, argument: "" },
        { tsmpi: times(1), openmpi: times(bytes / 4), mpich: times(100), ipc: times(0.5) },
        {},
        ["openmpi", "mpich"],
      ),
    );
    expect(rows[0].best).to.deep.equal({ contender: "openmpi", ratio: 2, slowest: 2 });
    expect(rows[0].ratios.ipc.ratio).to.equal(0.5);
    const { latency, p2p, all, collectives } = meansOf(rows);
    expect(latency.ratio).to.be.closeTo(Math.sqrt(2 * 16), 1e-12);
    expect(p2p).to.deep.equal(latency);
    expect(all.rows).to.equal(2);
    expect(all.least).to.equal(2);
    expect(collectives).to.equal(undefined);
  });

  it("should give all contenders the same number of calls, unless one would take for ever", () => {
    expect(planCalls([1, 2, 4], 1000)).to.deep.equal([1000, 1000, 1000]);
    expect(planCalls([1, 40_000], 1000)).to.deep.equal([1000, 3]);
    expect(planCalls([5000], 1000)).to.deep.equal([3]);
  });

  it("should read and write sizes", () => {
    const sizes = { "8": 8, "64B": 64, "1KiB": 1024, "8k": 8192, "1.5 MiB": 1_572_864, "1GiB": 2 ** 30 };
    for (const [text, bytes] of Object.entries(sizes)) expect(parseBytes(text), text).to.equal(bytes);
    for (const text of ["", "KiB", "8 x", "-8", "1e3", "0.3B"])
      expect(parseBytes(text), text).to.equal(undefined);
    expect([8, 1024, 1536, 1 << 20, 2 ** 31].map(formatBytes)).to.deep.equal([
      "8 B",
      "1 KiB",
      "1.5 KiB",
      "1 MiB",
      "2 GiB",
    ]);
    expect([0.0123, 0.17, 1.234, 12.34, 1234].map(formatNumber)).to.deep.equal([
      "0.012",
      "0.17",
      "1.23",
      "12.3",
      "1234",
    ]);
  });
});
