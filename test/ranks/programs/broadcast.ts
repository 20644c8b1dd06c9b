/** broadcast and broadcastInto, from every root. */
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import {
  arrayOf,
  arrayTypes,
  doubles,
  everyRank,
  expectFailure,
  expectSame,
  mixedFaces,
  ok,
  pattern,
} from "./support.ts";

const { rank, size } = world;
const values = [
  0,
  -0,
  2n ** 70n,
  "text",
  undefined,
  null,
  { list: [1, new Map([["a", new Set([1])]])] },
  [],
  "x".repeat(200_000),
];

for (const face of mixedFaces) {
  for (const root of everyRank) {
    for (const value of values) {
      const mine = rank === root ? value : ("not looked at" as never);
      const result = await face.broadcast<unknown>(mine, { root });
      expect(Object.is(result, value) || typeof value === "object", String(value)).to.equal(true);
      expect(result).to.deep.equal(value);
      if (rank === root) expect(result).to.equal(value);
    }
    for (const type of arrayTypes) {
      for (const length of [0, 1, 8, 9, 1000]) {
        const expected = arrayOf(type, length, i => (i + root) % 100);
        const what = `${type.name}(${length}) from ${root}`;
        expectSame(await face.broadcast(rank === root ? expected : undefined, { root }), expected, what);
        const target = rank === root ? expected.slice() : arrayOf(type, length, () => 77);
        await face.broadcastInto(target, { root });
        expectSame(target, expected, `${what}, into`);
      }
    }
    // Around the frame and around where long arrays are cut; uneven blocks.
    for (const length of [32_736, 32_737, 262_143, 262_144, 1_000_001]) {
      const expected = pattern(length, root + 1);
      const target = rank === root ? expected.slice() : new Uint8Array(length + 2).subarray(1, length + 1);
      await face.broadcastInto(target, { root });
      expectSame(target, expected, `${length} bytes from ${root}`);
    }
  }
  const million = doubles(1_000_000, i => i / 3);
  expectSame(await face.broadcast(rank === 0 ? million : undefined), million, "a million doubles");
  await expectFailure(
    () => face.broadcast(1, { root: size }),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /^broadcast: root must be .* of this communicator; got a number/,
  );
  await expectFailure(() => face.broadcast(1, { root: -1 }), ArgumentError, "TSMPI_ARGUMENT", /root must be/);
  await expectFailure(
    () => face.broadcastInto(new Float64Array(1), { root: "0" as never }),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /got a string \("0"\)/,
  );
  await expectFailure(
    () => face.broadcastInto([1] as never),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /target must be a typed array; got a list of 1/,
  );
  expect(await face.broadcast(rank === 0 ? "next" : undefined)).to.equal("next");
}

// From every root at once; the results are each rank's own.
const results = await Promise.all(
  everyRank.map(root => world.broadcast(rank === root ? { root } : undefined, { root })),
);
expect(results).to.deep.equal(everyRank.map(root => ({ root })));
results[0].root = rank;
expect(await world.allgather(results[0].root)).to.deep.equal(everyRank);
ok();
