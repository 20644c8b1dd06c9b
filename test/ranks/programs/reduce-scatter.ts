/** reduceScatter and reduceScatterInto, with even and uneven blocks. */
import { expect } from "chai";
import { ArgumentError, minLoc, sum, world } from "tsmpi";
import { arrayCases, fold, lengthsOf, valueCases } from "./reductions.ts";
import { arrayOf, doubles, everyRank, expectFailure, expectSame, faces, mixedFaces, ok } from "./support.ts";

const { rank, size } = world;

/** As even as can be in whole grains, the first blocks longer. */
function evenCounts(length: number, grain: number): number[] {
  const grains = length / grain;
  return everyRank.map(r => grain * (Math.floor(grains / size) + (r < grains % size ? 1 : 0)));
}

/** Blocks of all lengths from nothing on, the last takes what is left. */
function unevenCounts(length: number, grain: number): number[] {
  let left = length;
  return everyRank.map(r => {
    const count = r === size - 1 ? left : Math.min(left, grain * ((r * 7) % 11));
    left -= count;
    return count;
  });
}

for (const face of mixedFaces) {
  for (const { name, op, value, combine } of valueCases) {
    // Item r of rank s is the value of a rank that both decide, so that every rank gets another result.
    const item = (from: number, to: number): unknown => value((from + to) % size);
    const parts = everyRank.map(to => item(rank, to));
    const expected = fold(from => item(from, rank), 0, size, combine);
    expect(await face.reduceScatter(parts, op), name).to.deep.equal(expected);
  }
}
for (const test of arrayCases) {
  for (const length of lengthsOf(test)) {
    const mine = test.array(rank, length);
    const whole = test.expected(length, 0, size);
    for (const counts of [undefined, unevenCounts(length, test.grain)]) {
      const what = `${test.name}, length ${length}${counts === undefined ? "" : ", uneven"}`;
      const all = counts ?? evenCounts(length, test.grain);
      const from = all.slice(0, rank).reduce((a, b) => a + b, 0);
      const expected = whole.slice(from, from + all[rank]);
      for (const face of faces) {
        expectSame(await face.reduceScatter(mine, test.op, { counts }), expected, what);
        const target = arrayOf(test.type, all[rank], () => 77);
        await face.reduceScatterInto(target, mine, test.op, { counts });
        expectSame(target, expected, `${what}, into`);
        const own = mine.slice();
        await face.reduceScatterInto(own.subarray(0, all[rank]), own, test.op, { counts });
        expectSame(own.slice(0, all[rank]), expected, `${what}, in place`);
      }
    }
    expectSame(mine, test.array(rank, length), `${test.name}, length ${length}: own array`);
  }
}
for (const face of faces) {
  const length = 1_000_003;
  const mine = doubles(length, i => (rank + 1) * (i % 7));
  const whole = doubles(length, i => ((size * (size + 1)) / 2) * (i % 7));
  const counts = evenCounts(length, 1);
  const from = counts.slice(0, rank).reduce((a, b) => a + b, 0);
  expectSame(
    await face.reduceScatter(mine, sum),
    whole.slice(from, from + counts[rank]),
    "a million doubles",
  );

  const refused = (operation: () => unknown, sentence: RegExp): Promise<void> =>
    expectFailure(operation, ArgumentError, "TSMPI_ARGUMENT", sentence);
  await refused(
    () => face.reduceScatter(new Float64Array(4), sum, { counts: [...everyRank, 1] }),
    /^reduceScatter: counts must be a list of \d+ block lengths/,
  );
  await refused(
    () => face.reduceScatter(new Float64Array(4), sum, { counts: everyRank.map(() => 1000) }),
    /must add up to the 4 elements/,
  );
  await refused(
    () =>
      face.reduceScatter(new Float64Array(size * 4), minLoc, {
        counts: everyRank.map((_, r) => (r === 0 ? 3 : 4)),
      }),
    /multiples of 2/,
  );
  await refused(() => face.reduceScatter(Array(size + 1).fill(1), sum), /the list must have \d+ items/);
  await refused(
    () => face.reduceScatter(Array(size).fill(1), sum, { counts: [1] }),
    /counts are for typed arrays/,
  );
  await refused(
    () => face.reduceScatterInto(new Float64Array(99), new Float64Array(size), sum),
    /target must have 1 elements/,
  );
  await refused(
    () => face.reduceScatterInto(new Float32Array(1) as never, new Float64Array(size), sum),
    /target is a Float32Array/,
  );
  expect(await face.reduceScatter(Array(size).fill(2), sum)).to.equal(2 * size);
}
ok();
