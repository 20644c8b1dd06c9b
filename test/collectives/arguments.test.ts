import { expect } from "chai";
import { alltoall, alltoallInto } from "../../src/collectives/alltoall.ts";
import { broadcast, broadcastInto } from "../../src/collectives/broadcast.ts";
import type { Algorithm, CollectiveContext } from "../../src/collectives/context.ts";
import { gather, gatherInto } from "../../src/collectives/gather.ts";
import { scatter, scatterInto } from "../../src/collectives/scatter.ts";
import { ArgumentError, TypeMismatchError } from "../../src/errors.ts";
import { errorsOf, Simulator } from "./simulator.ts";

describe("arguments of collectives", () => {
  const cases: [string, (context: CollectiveContext) => Algorithm<unknown>, string][] = [
    [
      "a root out of range",
      c => broadcast(c, 1, 7),
      "broadcast: root must be a rank from 0 to 2 of this communicator; got a number (7)",
    ],
    ["a fractional root", c => gather(c, 1, 0.5), "got a number (0.5)"],
    [
      "a target that is no array",
      c => broadcastInto(c, [1] as never, 0),
      "target must be a typed array; got a list of 1",
    ],
    [
      "no list to scatter",
      c => scatter(c, undefined, c.rank),
      "scatter: root must give a typed array or a list of 3 items; got undefined",
    ],
    [
      "a short list",
      c => scatter(c, [1, 2], c.rank),
      "the list must have 3 items, one for each rank; got a list of 2",
    ],
    [
      "too few counts",
      c => scatter(c, new Int8Array(3), c.rank, [1, 2]),
      "counts must be a list of 3 block lengths",
    ],
    ["a negative count", c => scatter(c, new Int8Array(3), c.rank, [2, -1, 2]), "counts[1] is a number (-1)"],
    ["counts that do not add up", c => scatter(c, new Int8Array(3), c.rank, [1, 1, 2]), "1 + 1 + 2 is 4"],
    ["counts for a list", c => scatter(c, [1, 2, 3], c.rank, [1, 1, 1]), "counts are for typed arrays"],
    [
      "a target of another type",
      c => gatherInto(c, new Int8Array(3), new Uint8Array(1) as never, c.rank),
      "target is an Int8Array",
    ],
    [
      "no target on root",
      c => gatherInto(c, undefined, new Int8Array(1), c.rank),
      "root's target must be a typed array; got undefined",
    ],
    ["a wrong number of parts", c => alltoall(c, [1]), "alltoall: the list must have 3 items"],
    [
      "blocks that are not equal",
      c => alltoallInto(c, new Int8Array(4), new Int8Array(4)),
      "must be a multiple of 3",
    ],
    [
      "targets unlike the array",
      c => alltoallInto(c, new Int8Array(6), new Int8Array(3)),
      "target must have 3 elements",
    ],
    [
      "own blocks of different lengths",
      c =>
        alltoallInto(c, new Int8Array(3), new Int8Array(6), {
          sendCounts: [2, 2, 2],
          recvCounts: [1, 1, 1],
        }),
      "sends 2 elements to itself and receives 1",
    ],
  ];
  for (const [name, program, sentence] of cases) {
    it(`${name} is refused before anything is sent`, () => {
      const simulator = new Simulator(3);
      const [outcome] = simulator.run(program);
      const error = (outcome as { error: Error }).error;
      expect(error).to.be.instanceOf(ArgumentError);
      expect(error.message).to.contain(sentence);
      expect(simulator.traffic.map(({ messages }) => messages)).to.deep.equal([0, 0, 0]);
    });
  }

  it("targets that do not take up root's array are named", () => {
    const [error] = errorsOf(2, c => scatterInto(c, new Int8Array(c.rank + 1), new Int8Array(4), 0));
    expect(error).to.be.instanceOf(ArgumentError);
    expect(error!.message).to.contain("rank 0 has 1, rank 1 has 2, 3 together");
  });

  it("arrays that differ between ranks are named with their sender", () => {
    const [, error] = errorsOf(2, c =>
      broadcastInto(c, c.rank === 0 ? new Int8Array(4) : new Int8Array(3), 0),
    );
    expect(error).to.be.instanceOf(TypeMismatchError).and.have.property("peer", 0);
    expect(error!.message).to.contain("rank 0").and.contain("Int8Array(3)");
  });
});
