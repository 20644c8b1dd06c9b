import { expect } from "chai";
import { Pace } from "../../src/transport/pace.ts";

const MIB = 2 ** 20;

/** How many of the next arrays go another way. */
function spell(pace: Pace): number {
  let count = 0;
  while (pace.isSlow()) count++;
  return count;
}

describe("the pace of shared memory", () => {
  it("is not slow before it is known", () => {
    const pace = new Pace(16e6);
    for (let i = 0; i < 3; i++) pace.note(MIB, 1);
    expect(spell(pace)).to.equal(0);
  });

  it("is slow when all of some arrays were, for a while, and is then measured again", () => {
    const pace = new Pace(16e6);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 4; i++) pace.note(MIB, 0.5);
      expect(spell(pace)).to.equal(250);
    }
    for (let i = 0; i < 4; i++) pace.note(MIB, 0.05);
    expect(spell(pace)).to.equal(0);
  });

  it("is not slow because another rank came late", () => {
    const pace = new Pace(16e6);
    for (const milliseconds of [20, 0.05, 500, 3]) pace.note(MIB, milliseconds);
    expect(spell(pace)).to.equal(0);
  });
});
