/** allreduce and allreduceInto. */
import { expect } from "chai";
import { ArgumentError, bitwiseOr, minLoc, sum, world } from "tsmpi";
import { arrayCases, fold, lengthsOf, valueCases } from "./reductions.ts";
import { arrayOf, doubles, expectFailure, expectSame, faces, mixedFaces, ok } from "./support.ts";

const { rank, size } = world;

for (const face of mixedFaces) {
  for (const { name, op, value, combine } of valueCases) {
    expect(await face.allreduce(value(rank), op), name).to.deep.equal(fold(value, 0, size, combine));
  }
}
for (const test of arrayCases) {
  for (const length of lengthsOf(test)) {
    const what = `${test.name}, length ${length}`;
    const mine = test.array(rank, length);
    const expected = test.expected(length, 0, size);
    for (const face of faces) {
      const result = await face.allreduce(mine, test.op);
      expectSame(result, expected, what);
      expect(result).to.not.equal(mine);
      const target = arrayOf(test.type, length, () => 77);
      await face.allreduceInto(target, mine, test.op);
      expectSame(target, expected, `${what}, into`);
      const own = mine.slice();
      await face.allreduceInto(own, own, test.op);
      expectSame(own, expected, `${what}, in place`);
    }
    expectSame(mine, test.array(rank, length), `${what}: own array`);
  }
}
for (const face of faces) {
  // Long ones; into another array that overlaps the own.
  const length = 1_000_000;
  const mine = doubles(length, i => (rank + 1) * (i % 7));
  const all = doubles(length, i => ((size * (size + 1)) / 2) * (i % 7));
  expectSame(await face.allreduce(mine, sum), all, "a million doubles");
  const room = new Float64Array(length + 1);
  room.set(mine, 1);
  await face.allreduceInto(room.subarray(0, length), room.subarray(1), sum);
  expectSame(room.subarray(0, length), all, "a million doubles, overlapping");
  await face.allreduceInto(mine, mine, sum);
  expectSame(mine, all, "a million doubles, in place");

  // The same bits on every rank, though the order of additions shows in them.
  for (const n of [1, 100, 20_000]) {
    const rough = doubles(n, i => Math.sin(rank * 1000 + i) * 10 ** ((rank * 7 + i) % 13));
    const result = await face.allreduce(rough, sum);
    const others = await world.allgather(Buffer.from(result.buffer).toString("latin1"));
    expect(new Set(others).size, `${n} rough doubles`).to.equal(1);
  }

  // Wrong arguments, alike on all ranks: each says so, and the next call works.
  const twoDoubles = new Float64Array(2);
  await expectFailure(
    () => face.allreduceInto(new Float64Array(3), twoDoubles, sum),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /^allreduceInto: target must have 2 elements.*Float64Array\(3\)/,
  );
  await expectFailure(
    () => face.allreduceInto(new Float32Array(2) as never, twoDoubles, sum),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /target is a Float32Array, array a Float64Array/,
  );
  await expectFailure(
    () => face.allreduceInto([0, 0] as never, twoDoubles, sum),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /target must be a typed array; got a list of 2/,
  );
  await expectFailure(
    () => face.allreduce(twoDoubles, bitwiseOr as never),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /bitwiseOr works on whole numbers/,
  );
  await expectFailure(
    () => face.allreduce(new Float64Array(3), minLoc),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /of even length; got Float64Array\(3\)/,
  );
  await expectFailure(
    () => face.allreduce({ no: "number" } as never, sum as never),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /sum works on/,
  );
  await expectFailure(
    () => face.allreduce(1, "sum" as never),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /operator must be one of tsmpi's/,
  );
  expect(await face.allreduce(1, sum)).to.equal(size);
}

// Several under way at once.
const results = await Promise.all([
  world.allreduce(1, sum),
  world.allreduce(
    doubles(50_000, i => i),
    sum,
  ),
  world.barrier(),
  world.allreduce([rank], (a, b) => [...a, ...b]),
  world.allreduce(2n, sum),
]);
expect(results[0]).to.equal(size);
expectSame(
  results[1],
  doubles(50_000, i => i * size),
  "one of several",
);
expect(results[3]).to.deep.equal([...Array(size).keys()]);
expect(results[4]).to.equal(2n * BigInt(size));
ok();
