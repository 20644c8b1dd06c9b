/** reduce and reduceInto, to every root. */
import { expect } from "chai";
import { ArgumentError, sum, world } from "tsmpi";
import { arrayCases, fold, lengthsOf, valueCases } from "./reductions.ts";
import { arrayOf, doubles, everyRank, expectFailure, expectSame, faces, mixedFaces, ok } from "./support.ts";

const { rank, size } = world;

for (const face of mixedFaces) {
  for (const { name, op, value, combine } of valueCases) {
    for (const root of everyRank) {
      const expected = rank === root ? fold(value, 0, size, combine) : undefined;
      expect(await face.reduce(value(rank), op, { root }), `${name} to ${root}`).to.deep.equal(expected);
    }
  }
}
for (const [number, test] of arrayCases.entries()) {
  for (const length of lengthsOf(test)) {
    const root = (number + length) % size;
    const what = `${test.name}, length ${length}, to ${root}`;
    const mine = test.array(rank, length);
    const expected = test.expected(length, 0, size);
    for (const face of faces) {
      const result = await face.reduce(mine, test.op, { root });
      if (rank === root) expectSame(result, expected, what);
      else expect(result).to.equal(undefined);
      expect(result).to.not.equal(mine);
      const target = rank === root ? arrayOf(test.type, length, () => 77) : undefined;
      await face.reduceInto(target, mine, test.op, { root });
      if (target !== undefined) expectSame(target, expected, `${what}, into`);
      const own = mine.slice();
      await face.reduceInto(rank === root ? own : undefined, own, test.op, { root });
      expectSame(own, rank === root ? expected : mine, `${what}, in place`);
    }
    expectSame(mine, test.array(rank, length), `${what}: own array`);
  }
}
for (const face of faces) {
  const length = 1_000_000;
  for (const root of [0, size - 1]) {
    const mine = doubles(length, i => (rank + 1) * (i % 7));
    const all = doubles(length, i => ((size * (size + 1)) / 2) * (i % 7));
    const result = await face.reduce(mine, sum, { root });
    if (rank === root) expectSame(result, all, "a million doubles");
    const room = new Float64Array(length + 1);
    room.set(mine, 1);
    // Another rank's target is not looked at.
    await face.reduceInto(room.subarray(0, length), room.subarray(1), sum, { root });
    if (rank === root) expectSame(room.subarray(0, length), all, "a million doubles, overlapping");
    else expectSame(room.subarray(1), mine, "off the root");
  }

  await expectFailure(
    () => face.reduce(1, sum, { root: size }),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /^reduce: root must be .*got a number/,
  );
  await expectFailure(
    () => face.reduce(1, sum, { root: -1 }),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /^reduce: root must be/,
  );
  await expectFailure(
    () => face.reduce(1, sum, { root: 0.5 }),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /got a number \(0.5\)/,
  );
  if (size === 1) {
    await expectFailure(
      () => face.reduceInto(undefined, new Float64Array(2), sum),
      ArgumentError,
      "TSMPI_ARGUMENT",
      /root's target must be a typed array; got undefined/,
    );
    await expectFailure(
      () => face.reduceInto(new Float64Array(1), new Float64Array(2), sum),
      ArgumentError,
      "TSMPI_ARGUMENT",
      /target must have 2 elements/,
    );
  }
  expect(await face.reduce(1, sum)).to.equal(rank === 0 ? size : undefined);
}

// To every root at once.
const all = await Promise.all(everyRank.map(root => world.reduce(root * 100 + rank, sum, { root })));
const ranks = (size * (size - 1)) / 2;
expect(all).to.deep.equal(everyRank.map(root => (root === rank ? root * 100 * size + ranks : undefined)));
ok();
