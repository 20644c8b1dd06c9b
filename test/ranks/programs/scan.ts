/** scan and scanInto: what the ranks up to this one make. */
import { expect } from "chai";
import { ArgumentError, sum, world } from "tsmpi";
import { arrayCases, fold, lengthsOf, valueCases } from "./reductions.ts";
import { arrayOf, doubles, expectFailure, expectSame, faces, mixedFaces, ok } from "./support.ts";

const { rank, size } = world;

for (const face of mixedFaces) {
  for (const { name, op, value, combine } of valueCases) {
    const expected = fold(value, 0, rank + 1, combine);
    expect(await face.scan(value(rank), op), name).to.deep.equal(expected);
  }
}
for (const test of arrayCases) {
  for (const length of lengthsOf(test)) {
    const what = `${test.name}, length ${length}`;
    const mine = test.array(rank, length);
    const expected = test.expected(length, 0, rank + 1);
    for (const face of faces) {
      const result = await face.scan(mine, test.op);
      expectSame(result, expected, what);
      expect(result).to.not.equal(mine);
      const target = arrayOf(test.type, length, () => 77);
      await face.scanInto(target, mine, test.op);
      expectSame(target, expected, `${what}, into`);
      const own = mine.slice();
      await face.scanInto(own, own, test.op);
      expectSame(own, expected, `${what}, in place`);
    }
    expectSame(mine, test.array(rank, length), `${what}: own array`);
  }
}
for (const face of faces) {
  const length = 1_000_000;
  const mine = doubles(length, i => (rank + 1) * (i % 7));
  const triangle = ((rank + 1) * (rank + 2)) / 2;
  const expected = doubles(length, i => triangle * (i % 7));
  const result = await face.scan(mine, sum);
  expectSame(result, expected, "a million doubles");
  const room = new Float64Array(length + 1);
  room.set(mine, 1);
  await face.scanInto(room.subarray(0, length), room.subarray(1), sum);
  expectSame(room.subarray(0, length), expected, "a million doubles, overlapping");
  await face.scanInto(mine, mine, sum);
  expectSame(mine, expected, "a million doubles, in place");

  const refused = (operation: () => unknown, sentence: RegExp): Promise<void> =>
    expectFailure(operation, ArgumentError, "TSMPI_ARGUMENT", sentence);
  await refused(
    () => face.scanInto(new Float64Array(3), new Float64Array(2), sum),
    /^scanInto: target must have 2 elements/,
  );
  await refused(
    () => face.scanInto(new Float32Array(2) as never, new Float64Array(2), sum),
    /target is a Float32Array/,
  );
  await refused(() => face.scan("x" as never, sum as never), /^scan: sum works on/);
  expect(await face.scan(1, sum)).to.equal(rank + 1);
}

// Several under way at once.
const several = await Promise.all([
  world.scan(1, sum),
  world.scan([rank], (a, b) => [...a, ...b]),
  world.scan(10n, sum),
]);
const before = Array.from({ length: rank + 1 }, (_, r) => r);
expect(several).to.deep.equal([rank + 1, before, 10n * BigInt(rank + 1)]);
expect(before.length).to.be.at.most(size);
ok();
