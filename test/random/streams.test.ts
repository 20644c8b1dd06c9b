import { expect } from "chai";
import { defaultRng, SeedSequence, streams } from "../../src/random/index.ts";

describe("random: seeds and streams", () => {
  it("should draw what numpy.random.default_rng draws", () => {
    const rng = defaultRng(12345);
    expect(Array.from(rng.random(3))).to.eql([0.22733602246716966, 0.31675833970975287, 0.7973654573327341]);
    expect(Array.from(rng.standardNormal(3))).to.eql([
      -0.2591732349343976, -0.07534330701052097, -0.740884652085609,
    ]);
    expect(Array.from(rng.integers(0, 100, 5))).to.eql([56, 59, 21, 18, 22]);
    expect(Array.from(rng.permutation(6))).to.eql([0, 4, 2, 3, 5, 1]);
  });

  it("should spawn the children that NumPy spawns", () => {
    const [, , child] = new SeedSequence(7).spawn(3);
    expect(Array.from(child.generateState(4))).to.eql([3831650445, 4088273801, 1611045428, 732922199]);
  });

  it("should have a stream for each item, whoever asks in whatever order", () => {
    expect(streams(1).stream(3).random()).to.equal(0.1141246529720964);
    const { stream } = streams(1);
    const first = (i: number) => stream(i).random();
    const forward = [0, 1, 2, 3].map(first);
    expect([3, 2, 1, 0].map(first).reverse()).to.eql(forward);
    expect(new Set(forward).size).to.equal(4);
    expect(streams(1).stream(2, 5).random()).to.equal(
      defaultRng(new SeedSequence(1).spawn(3)[2].spawn(6)[5]).random(),
    );
  });
});
