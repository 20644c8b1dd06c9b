/**
 * Collectives of the board that fail on one rank, and late ones: `board-failures.ts SCENARIO FACE`. Scenarios that end
 * well print "ok" on all ranks; of the others, one rank's error ends the job.
 */
import { spawn } from "node:child_process";
import { expect } from "chai";
import { ArgumentError, type Communicator, max, sum, world } from "tsmpi";
import { CELLS } from "../../../src/transport/board-layout.ts";
import { BULK, CELL } from "./board-places.ts";
import { blocking, doubles, expectSame, failure, ok, sleep } from "./support.ts";

const { rank, size } = world;
const last = size - 1;
/** Long enough for the others to have gone to sleep. */
const LATE_MS = 400;
const total = (size * (size + 1)) / 2;
const places = [CELL, BULK, 4 * BULK].map(bytes => bytes / 8);
const array = (length: number): Float64Array => doubles(length, i => (rank + 1) * (i % 5));

/** All kinds of places still work. */
async function goesOn(face: Communicator): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    const length = places[turn % 3];
    const target = new Float64Array(length);
    await face.allreduceInto(target, array(length), sum);
    expectSame(
      target,
      doubles(length, i => total * (i % 5)),
      `turn ${turn} after the failure`,
    );
    expect(await face.allreduce(1, sum)).to.equal(size);
  }
}

/** The last rank ends well at once; what the others do needs it. */
async function finished(others: () => unknown): Promise<void> {
  if (rank !== last) await others();
}

const scenarios: Record<string, (face: Communicator) => unknown> = {
  // The operator fails on one rank, in the middle of the array.
  "operator throws": async face => {
    for (const length of places) {
      for (let turn = 0; turn < 6; turn++) {
        const unlucky = turn % size;
        let calls = 0;
        const op = (a: number, b: number): number => {
          if (rank === unlucky && ++calls === Math.floor(length / size / 2))
            throw new RangeError("on purpose");
          return a + b;
        };
        const target = new Float64Array(length);
        const calling = (): unknown => face.allreduceInto(target, array(length), op);
        if (rank === unlucky) expect(await failure(calling)).to.be.instanceOf(RangeError);
        else await calling();
      }
      await goesOn(face);
    }
  },
  // What does not fit the target of one rank.
  misfit: async face => {
    for (const length of places) {
      for (let turn = 0; turn < 20; turn++) {
        const wrong = turn % size;
        const target = new Float64Array(length * size + (rank === wrong ? 1 : 0));
        const calling = (): unknown => face.allgatherInto(target, array(length));
        if (rank === wrong) expect(await failure(calling)).to.be.instanceOf(ArgumentError);
        else await calling();
        if (rank !== wrong) {
          const block = target.subarray(wrong * length, (wrong + 1) * length);
          expectSame(
            block,
            doubles(length, i => (wrong + 1) * (i % 5)),
            "from the rank that failed",
          );
        }
      }
      await goesOn(face);
    }
  },
  // Refused before it takes a turn.
  refused: async face => {
    for (let turn = 0; turn < CELLS + 8; turn++) {
      await failure(() => face.allreduceInto(new Float64Array(3), new Float64Array(4), sum));
      await failure(() => face.broadcastInto(new Float64Array(3), { root: size }));
    }
    await goesOn(face);
  },
  late: async face => {
    for (const length of [1, ...places]) {
      for (const slow of [0, last]) {
        if (rank === slow) await sleep(LATE_MS);
        const target = new Float64Array(length);
        await face.allreduceInto(target, array(length), sum);
        expectSame(
          target,
          doubles(length, i => total * (i % 5)),
          `rank ${slow} late`,
        );
        const came = rank === slow ? doubles(length, i => i) : target;
        await face.broadcastInto(came, { root: slow });
        expectSame(
          came,
          doubles(length, i => i),
          `root ${slow} late`,
        );
      }
    }
  },
  // Asleep because a slow rank has not made room.
  "late reader": async face => {
    for (const length of places) {
      await face.barrier();
      const began = performance.now();
      if (rank === last) await sleep(LATE_MS);
      for (let turn = 0; turn < CELLS + 8; turn++) {
        const target = doubles(length, i => (rank === 0 ? turn + i : 0));
        await face.broadcastInto(target);
        expectSame(
          target,
          doubles(length, i => turn + i),
          `turn ${turn}`,
        );
      }
      if (rank === 0) expect(performance.now() - began, "waited").to.be.above(LATE_MS / 4);
    }
  },

  // These do not end well.
  "other roots": async face => {
    await face.broadcastInto(array(4), { root: rank === last ? last : 0 });
    await face.allreduce(1, sum);
  },
  "other roots, long": async face => {
    await face.broadcastInto(array(places[2]), { root: rank === last ? last : 0 });
    await face.allreduce(1, sum);
  },
  "other operations": face =>
    rank === last
      ? face.scanInto(new Float64Array(4), array(4), sum)
      : face.allreduceInto(new Float64Array(4), array(4), sum),
  "other operators": face => face.allreduceInto(new Float64Array(4), array(4), rank === last ? max : sum),
  "other lengths": face => {
    const length = 4 + (rank === last ? 1 : 0);
    return face.allreduceInto(new Float64Array(length), array(length), sum);
  },
  "other places": face => {
    const length = places[rank === last ? 1 : 0];
    return face.allreduceInto(new Float64Array(length), array(length), sum);
  },
  "other pieces": face => {
    const length = places[rank === last ? 2 : 1];
    return face.allreduceInto(new Float64Array(length), array(length), sum);
  },
  "other types": face => {
    const target: Float64Array | Int32Array = rank === last ? new Int32Array(4) : new Float64Array(4);
    return face.broadcastInto(target, { root: 0 });
  },
  gather: face => finished(() => face.gatherInto(new Float64Array(size), array(1))),
  allgather: face => finished(() => face.allgatherInto(new Float64Array(size), array(1))),
  scatter: face => finished(() => face.scatterInto(array(1), rank === 0 ? array(size) : undefined)),
  alltoall: face => finished(() => face.alltoallInto(array(size), array(size))),
  "long reduce": face => finished(() => face.reduceInto(new Float64Array(places[2]), array(places[2]), sum)),
  "long broadcast": face => finished(() => face.broadcastInto(array(places[2]), { root: last })),
  "long gather": face =>
    finished(() => face.gatherInto(new Float64Array(size * places[2]), array(places[2]))),
  number: face => finished(() => face.allreduce(1, sum)),
  killed: async face => {
    const length = 1 << 21;
    const target = new Float64Array(length);
    const mine = array(length);
    await face.allreduceInto(target, mine, sum);
    // From outside, so that it meets a blocking call, too.
    if (rank === last) spawn("sh", ["-c", `sleep 0.05; kill -KILL ${process.pid}`]);
    for (;;) await face.allreduceInto(target, mine, sum);
  },
};

const [scenario, face] = process.argv.slice(2);
await scenarios[scenario](face === "sync" ? blocking(world) : world);
if (["operator throws", "misfit", "refused", "late", "late reader"].includes(scenario)) ok();
