/** exscan and exscanInto: what the ranks before this one make. */
import { expect } from "chai";
import { ArgumentError, sum, world } from "tsmpi";
import { arrayCases, fold, lengthsOf, valueCases } from "./reductions.ts";
import { arrayOf, doubles, expectFailure, expectSame, faces, mixedFaces, ok } from "./support.ts";

const { rank, size } = world;

for (const face of mixedFaces) {
  for (const { name, op, value, combine } of valueCases) {
    const expected = rank === 0 ? undefined : fold(value, 0, rank, combine);
    expect(await face.exscan(value(rank), op), name).to.deep.equal(expected);
  }
}
for (const test of arrayCases) {
  for (const length of lengthsOf(test)) {
    const what = `${test.name}, length ${length}`;
    const mine = test.array(rank, length);
    const expected = rank === 0 ? undefined : test.expected(length, 0, rank);
    for (const face of faces) {
      const result = await face.exscan(mine, test.op);
      if (expected === undefined) expect(result).to.equal(undefined);
      else expectSame(result, expected, what);
      expect(result).to.not.equal(mine);
      // Rank 0's target stays as it is.
      const before = arrayOf(test.type, length, () => 77);
      const target = before.slice();
      await face.exscanInto(target, mine, test.op);
      expectSame(target, expected ?? before, `${what}, into`);
      const own = mine.slice();
      await face.exscanInto(own, own, test.op);
      expectSame(own, expected ?? mine, `${what}, in place`);
    }
    expectSame(mine, test.array(rank, length), `${what}: own array`);
  }
}
for (const face of faces) {
  const length = 1_000_000;
  const mine = doubles(length, i => (rank + 1) * (i % 7));
  const triangle = (rank * (rank + 1)) / 2;
  const expected = rank === 0 ? mine.slice() : doubles(length, i => triangle * (i % 7));
  const result = await face.exscan(mine, sum);
  if (rank === 0) expect(result).to.equal(undefined);
  else expectSame(result, expected, "a million doubles");
  const room = new Float64Array(length + 1);
  room.set(mine, 1);
  await face.exscanInto(room.subarray(0, length), room.subarray(1), sum);
  if (rank > 0) expectSame(room.subarray(0, length), expected, "a million doubles, overlapping");
  await face.exscanInto(mine, mine, sum);
  expectSame(mine, expected, "a million doubles, in place");

  const refused = (operation: () => unknown, sentence: RegExp): Promise<void> =>
    expectFailure(operation, ArgumentError, "TSMPI_ARGUMENT", sentence);
  await refused(
    () => face.exscanInto(new Float64Array(3), new Float64Array(2), sum),
    /^exscanInto: target must have 2 elements/,
  );
  await refused(
    () => face.exscanInto(new Float32Array(2) as never, new Float64Array(2), sum),
    /target is a Float32Array/,
  );
  await refused(() => face.exscan("x" as never, sum as never), /^exscan: sum works on/);
  expect(await face.exscan(1, sum)).to.equal(rank === 0 ? undefined : rank);
}

// Several under way at once.
const several = await Promise.all([
  world.exscan(1, sum),
  world.exscan([rank], (a, b) => [...a, ...b]),
  world.exscan(10n, sum),
]);
const before = Array.from({ length: rank }, (_, r) => r);
expect(several).to.deep.equal(
  rank === 0 ? [undefined, undefined, undefined] : [rank, before, 10n * BigInt(rank)],
);
expect(size).to.equal(world.size);
ok();
