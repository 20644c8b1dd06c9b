/** scatter and scatterInto, from every root, with even and uneven parts. */
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import {
  arrayOf,
  arrayTypes,
  doubles,
  everyRank,
  expectFailure,
  expectSame,
  faces,
  mixedFaces,
  ok,
} from "./support.ts";

const { rank, size } = world;

const total = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
const evenCounts = (length: number): number[] =>
  everyRank.map(r => Math.floor(length / size) + (r < length % size ? 1 : 0));

for (const face of mixedFaces) {
  for (const root of everyRank) {
    // Lists: item by item, of any kind.
    const items = everyRank.map(r => (r % 2 === 0 ? { for: r, from: root } : new Float64Array(r).fill(root)));
    const item = await face.scatter(rank === root ? items : undefined, { root });
    expect(item).to.deep.equal(items[rank]);

    // Typed arrays: as even as can be, or as told.
    for (const type of arrayTypes) {
      const uneven = everyRank.map(r => (r * 3) % 5);
      for (const counts of [
        evenCounts(0),
        evenCounts(1),
        evenCounts(size * 2 + 1),
        evenCounts(1000),
        uneven,
      ]) {
        const whole = arrayOf(type, total(counts), i => (i + root) % 100);
        const from = total(counts.slice(0, rank));
        const expected = whole.slice(from, from + counts[rank]);
        const what = `${type.name} by ${counts} from ${root}`;
        const options = counts === uneven ? { root, counts } : { root };
        expectSame(await face.scatter(rank === root ? whole : undefined, options), expected, what);
        const target = arrayOf(type, counts[rank], () => 77);
        await face.scatterInto(target, rank === root ? whole : undefined, { root });
        expectSame(target, expected, `${what}, into`);
        // In place: root's target is its own part.
        const own =
          rank === root ? whole.subarray(from, from + counts[rank]) : arrayOf(type, counts[rank], () => 66);
        await face.scatterInto(own, rank === root ? whole : undefined, { root });
        expectSame(own.slice(), expected, `${what}, in place`);
        // What a rank gets is its own.
        if (rank === root)
          expectSame(
            whole,
            arrayOf(type, total(counts), i => (i + root) % 100),
            `${what}: root's`,
          );
      }
    }
  }
  const million = doubles(1_000_000, i => i);
  const counts = evenCounts(million.length);
  const from = total(counts.slice(0, rank));
  expectSame(
    await face.scatter(rank === 0 ? million : undefined),
    million.slice(from, from + counts[rank]),
    "a million",
  );
  const target = new Float64Array(counts[rank]);
  await face.scatterInto(target, rank === 0 ? million : undefined);
  expectSame(target, million.slice(from, from + counts[rank]), "a million, into");
}

// The root says what is wrong; in a world of one there is no other to wait for it.
for (const face of faces) {
  const refused = (operation: () => unknown, sentence: RegExp): Promise<void> =>
    expectFailure(operation, ArgumentError, "TSMPI_ARGUMENT", sentence);
  await refused(() => face.scatter([1], { root: size }), /^scatter: root must be/);
  await refused(
    () => face.scatterInto(7 as never),
    /^scatterInto: target must be a typed array; got a number \(7\)/,
  );
  if (size === 1) {
    await refused(
      () => face.scatter(undefined as never),
      /root must give a typed array or a list of 1 items; got undefined/,
    );
    await refused(
      () => face.scatter([1, 2]),
      /the list must have 1 items, one for each rank; got a list of 2/,
    );
    await refused(() => face.scatter(new Float64Array(3), { counts: [2] }), /must add up to the 3 elements/);
    await refused(
      () => face.scatter(new Float64Array(3), { counts: [-3] }),
      /counts\[0\] is a number \(-3\)/,
    );
    await refused(
      () => face.scatterInto(new Float64Array(2), new Float64Array(3)),
      /together must be as long as root's Float64Array\(3\)/,
    );
    await refused(
      () => face.scatterInto(new Float64Array(2), new Float32Array(2)),
      /must have the same element type/,
    );
    await refused(() => face.scatterInto(new Float64Array(2)), /root's array must be a typed array/);
  }
  expect(await face.scatter(rank === 0 ? everyRank : undefined)).to.equal(rank);
}

const several = await Promise.all(
  everyRank.map(root =>
    world.scatter(
      everyRank.map(r => [root, r]),
      { root },
    ),
  ),
);
expect(several).to.deep.equal(everyRank.map(root => [root, rank]));
ok();
