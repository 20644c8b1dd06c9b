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

  it("is slow when some in a row were, for a while, and then as soon as one is", () => {
    const pace = new Pace(16e6);
    for (let i = 0; i < 4; i++) pace.note(MIB, 0.5);
    expect(spell(pace)).to.equal(250);
    pace.note(MIB, 0.5);
    expect(spell(pace)).to.equal(250);
  });

  it("is not slow any more when one is fast", () => {
    const pace = new Pace(16e6);
    for (let i = 0; i < 4; i++) pace.note(MIB, 0.5);
    pace.note(MIB, 0.05);
    expect(spell(pace)).to.equal(0);
    for (let i = 0; i < 3; i++) pace.note(MIB, 0.5);
    expect(spell(pace)).to.equal(0);
  });

  it("is not slow because another rank came late", () => {
    const pace = new Pace(16e6);
    for (const milliseconds of [20, 3, 500, 0.05, 500]) pace.note(MIB, milliseconds);
    expect(spell(pace)).to.equal(0);
  });

  it("need not be timed every time while it is fast", () => {
    const pace = new Pace(16e6);
    expect(pace.isDue()).to.equal(true);
    pace.note(MIB, 0.05);
    let count = 0;
    while (!pace.isDue()) count++;
    expect(count).to.equal(15);
    pace.note(MIB, 0.5);
    expect(pace.isDue()).to.equal(true);
  });
});
