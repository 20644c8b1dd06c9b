import { readFileSync } from "node:fs";
import { expect } from "chai";
import { ArgumentError } from "../../src/errors.ts";
import { MRG32k3a } from "../../src/random/index.ts";
import { needs } from "../needs.ts";
import { R_SIZE } from "./make-vectors.ts";
import { rAnswers, rCalls } from "./r.ts";

function compare(answers: number[][], n: number): void {
  rCalls().forEach(({ r, ours }, i) => {
    expect(Array.from(ours(n)), r).to.eql(answers[i]);
  });
}

describe("random: MRG32k3a, bit for bit R's", function () {
  this.timeout(Math.max(300_000, this.timeout()));

  it("should agree with the vectors", () => {
    const vectors = JSON.parse(readFileSync(new URL("r-vectors.json", import.meta.url), "utf8"));
    compare(vectors, R_SIZE);
  });

  it("should agree with R", function () {
    const answers = rAnswers(20_000);
    needs(this, answers !== undefined, "R");
    compare(answers!, 20_000);
  });

  it("should draw what P. L'Ecuyer, R. Simard, E. J. Chen and W. D. Kelton have published", () => {
    // The first numbers of their package RngStreams ("An object-oriented random-number package", Operations Research
    // 50(6), 2002), whose seed is six times 12345.
    const drawn = new MRG32k3a([12345, 12345, 12345, 12345, 12345, 12345]).runif(3);
    for (const [i, published] of [0.127011, 0.318527, 0.309186].entries()) {
      expect(drawn[i]).to.be.within(published, published + 1e-6);
    }
  });

  it("should go on from a state, signed or not", () => {
    const rng = new MRG32k3a(9);
    const expected = new MRG32k3a(9).runif(5);
    expect(new MRG32k3a(rng.randomSeed).runif(5)).to.eql(expected);
    expect(new MRG32k3a(Array.from(rng.randomSeed.slice(1), word => word >>> 0)).runif(5)).to.eql(expected);
  });

  it("should draw the same one by one as in one fill", () => {
    const rng = new MRG32k3a(9);
    expect(Float64Array.from({ length: 999 }, () => rng.runif())).to.eql(new MRG32k3a(9).runif(999));
  });

  it("should refuse what is no seed, state or parameter", () => {
    for (const seed of [
      0.5,
      2 ** 32,
      -(2 ** 31) - 1,
      [1, 2, 3],
      [0, 0, 0, 1, 1, 1],
      [1, 1, 1, 1, 1, 4294944443],
    ]) {
      expect(() => new MRG32k3a(seed), String(seed)).to.throw(ArgumentError);
    }
    const rng = new MRG32k3a(1);
    expect(() => rng.runif(3, 2, 1)).to.throw(ArgumentError, "min must not be above max");
    expect(() => rng.rnorm(3, 0, -1)).to.throw(ArgumentError, "sd must not be negative");
    expect(() => rng.rexp(3, 0)).to.throw(ArgumentError, "rate must be greater than 0");
    expect(() => rng.sample(3, 4)).to.throw(ArgumentError, "4 of 3");
    expect(() => rng.runif(-1)).to.throw(ArgumentError, "size");
  });
});
