/** Sizes of chunks, against a clock that the test sets. */
import { expect } from "chai";
import { chunkOf } from "../../src/parallel/options.ts";
import type { Source, Span } from "../../src/parallel/run.ts";
import { DynamicClaims, GuidedClaims, guidedChunk, Pace } from "../../src/parallel/sources.ts";
import { Turn } from "../../src/parallel/team.ts";

function newTurn(): Turn {
  return new Turn(new Int32Array(64), 0, false, 0, false);
}

/** Lengths of all that sources take by turns, which must be all places in their order. */
function lengths(total: number, sources: readonly Source[]): number[] {
  const taken: number[] = [];
  let place = 0;
  for (let i = 0; ; i++) {
    const span = sources[i % sources.length].next() as Span | undefined;
    if (span === undefined) break;
    expect(span.from).to.equal(place);
    place = span.to;
    taken.push(span.to - span.from);
  }
  expect(place).to.equal(total);
  return taken;
}

describe("parallel: chunks of items", () => {
  const { now } = performance;
  let clock = 0;
  before(() => {
    performance.now = () => clock;
  });
  after(() => {
    performance.now = now;
  });

  it("grow while items are short, at most fourfold, and shrink at once", () => {
    const pace = new Pace(1);
    const wait = (milliseconds: number, rest = 1e6): number => {
      clock += milliseconds;
      return pace.wanted(rest, 4);
    };
    // The first says how long one takes.
    expect(wait(0)).to.equal(1);
    expect([wait(0.001), wait(0.004), wait(0.016)]).to.deep.equal([4, 16, 64]);
    // 64 took 0.64 ms: 100 take 1 ms; 100 took 1 ms: as many again.
    expect([wait(0.64), wait(1)]).to.deep.equal([100, 100]);
    // 100 took 100 ms.
    expect([wait(100), wait(0.5)]).to.deep.equal([1, 2]);
    // One that takes longer than a chunk should is one nevertheless.
    expect([wait(10), wait(10)]).to.deep.equal([1, 1]);
    // No more than half of this rank's part of the rest.
    for (let i = 0; i < 5; i++) wait(0);
    expect(wait(0, 80)).to.equal(10);
    expect(wait(0, 3)).to.equal(1);
  });

  it("are as long as a claim is worth, in dynamic maps without a chunk", () => {
    const turn = newTurn();
    const source = new DynamicClaims(turn, 1000, 2, undefined);
    const taken: number[] = [];
    for (let span = source.next(); span !== undefined; span = source.next()) {
      taken.push(span.to - span.from);
      // 2 us each, of 20 us.
      clock += 0.002 * (span.to - span.from);
    }
    expect(taken.slice(0, 5)).to.deep.equal([1, 4, 10, 10, 10]);
    expect(Math.max(...taken)).to.equal(10);
    expect(taken.reduce((sum, each) => sum + each)).to.equal(1000);
    expect(taken.at(-1)).to.equal(1);
  });

  it("are as long as said, but no longer than a rank's part", () => {
    const turn = newTurn();
    const ranks = [0, 1, 2].map(() => new DynamicClaims(turn, 10, 3, 3));
    expect(lengths(10, ranks)).to.deep.equal([3, 3, 3, 1]);
    const long = newTurn();
    expect(
      lengths(
        10,
        [0, 1, 2].map(() => new DynamicClaims(long, 10, 3, 1000)),
      ),
    ).to.deep.equal([4, 4, 2]);
    expect(chunkOf({ chunk: 7 }, 100, 4)).to.equal(7);
    expect(chunkOf({ chunksPerRank: 5 }, 100, 4)).to.equal(5);
    expect(chunkOf({ chunksPerRank: 3 }, 100, 4)).to.equal(9);
    expect(chunkOf({ chunksPerRank: 1000 }, 100, 4)).to.equal(1);
    expect(chunkOf({}, 100, 4)).to.equal(undefined);
  });

  it("are half of a rank's part of the rest, in guided maps", () => {
    expect(guidedChunk(100, 2, 1)).to.equal(25);
    expect(guidedChunk(100, 2, 30)).to.equal(30);
    expect(guidedChunk(3, 2, 30)).to.equal(3);
    expect(guidedChunk(1, 8, 1)).to.equal(1);
    const turn = newTurn();
    const two = [0, 1].map(() => new GuidedClaims(turn, 100, 2, 1));
    expect(lengths(100, two)).to.deep.equal([25, 19, 14, 11, 8, 6, 5, 3, 3, 2, 1, 1, 1, 1]);
    const least = newTurn();
    expect(lengths(50, [new GuidedClaims(least, 50, 2, 8)])).to.deep.equal([13, 10, 8, 8, 8, 3]);
  });
});
