import { expect } from "chai";
import { type DeviceFigures, leastSquare, mayPay, pays, times } from "../../src/linalg/crossover.ts";

/** About what a server's processor and an accelerator on PCIe have, in float64. */
const figures: DeviceFigures = { cpu: 1e12, gpu: 5e13, upload: 2e10, download: 1e10, latency: 1e-4 };

describe("linalg: when a product goes to the GPU", () => {
  it("adds up transfers, product and latency", () => {
    const { cpu, gpu } = times(1000, 2000, 500, "float64", figures);
    expect(cpu).to.be.closeTo(2e9 / 1e12, 1e-12);
    expect(gpu).to.be.closeTo(1e-4 + (8 * 1_500_000) / 2e10 + 2e9 / 5e13 + (8 * 2_000_000) / 1e10, 1e-12);
    expect(times(1000, 2000, 500, "float32", figures).gpu).to.be.closeTo(
      1e-4 + (4 * 1_500_000) / 2e10 + 2e9 / 5e13 + (4 * 2_000_000) / 1e10,
      1e-12,
    );
  });

  it("finds the size from which squares go, and sends none below it", () => {
    for (const dtype of ["float32", "float64"] as const) {
      const n = leastSquare(dtype, figures);
      expect(n).to.be.within(400, 2000);
      expect(
        [n - 1, n, n + 1, 10 * n].map(m => pays(m, m, m, dtype, figures)),
        dtype,
      ).to.deep.equal([false, true, true, true]);
    }
    expect(leastSquare("float32", figures), "half the bytes").to.be.below(leastSquare("float64", figures));
  });

  it("keeps products that have as many bytes as operations", () => {
    expect(pays(20_000, 1, 20_000, "float64", figures), "matrix by vector").to.equal(false);
    expect(pays(20_000, 20_000, 1, "float64", figures), "outer product").to.equal(false);
    expect(pays(20_000, 4000, 20_000, "float64", figures)).to.equal(true);
  });

  it("keeps all where the GPU is no faster, or the bus too slow", () => {
    expect(leastSquare("float64", { ...figures, gpu: 1e12 })).to.equal(Number.POSITIVE_INFINITY);
    expect(pays(4000, 4000, 4000, "float64", { ...figures, upload: 1e8 })).to.equal(false);
    expect(leastSquare("float64", { ...figures, upload: 1e9 })).to.be.above(leastSquare("float64", figures));
  });

  it("does not ask for small products, however fast the GPU", () => {
    const free: DeviceFigures = { ...figures, gpu: 1e20, upload: 1e20, download: 1e20, latency: 0 };
    expect(pays(191, 191, 191, "float64", free)).to.equal(false);
    expect(pays(192, 192, 192, "float64", free)).to.equal(true);
    expect([mayPay(191, 192, 192), mayPay(0, 1e6, 1e6), mayPay(1000, 100, 1000)]).to.deep.equal([
      false,
      false,
      true,
    ]);
  });
});
