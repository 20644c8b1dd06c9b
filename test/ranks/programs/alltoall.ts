/** alltoall and alltoallInto, with equal blocks and with counts. */
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import {
  type ArrayType,
  arrayOf,
  arrayTypes,
  doubles,
  everyRank,
  expectFailure,
  expectSame,
  mixedFaces,
  ok,
} from "./support.ts";

const { rank, size } = world;
const at = (from: number, to: number, i: number): number => (from * 31 + to * 7 + i) % 100;

function joined(type: ArrayType, parts: readonly (readonly number[])[]) {
  const flat = parts.flat();
  return arrayOf(type, flat.length, i => flat[i]);
}

for (const face of mixedFaces) {
  // Items of any kind and length.
  const item = (from: number, to: number): unknown =>
    [{ from, to }, `${from} to ${to}`, new Float64Array(to).fill(from), [from], undefined][(from + to) % 5];
  expect(await face.alltoall(everyRank.map(to => item(rank, to)))).to.deep.equal(
    everyRank.map(from => item(from, rank)),
  );

  for (const type of arrayTypes) {
    for (const block of [0, 1, 5, 300]) {
      const numbers = (from: number, to: number): number[] =>
        Array.from({ length: block }, (_, i) => at(from, to, i));
      const array = joined(
        type,
        everyRank.map(to => numbers(rank, to)),
      );
      const expected = joined(
        type,
        everyRank.map(from => numbers(from, rank)),
      );
      const target = arrayOf(type, array.length, () => 77);
      await face.alltoallInto(target, array);
      expectSame(target, expected, `${type.name}, blocks of ${block}`);
      await face.alltoallInto(array, array);
      expectSame(array, expected, `${type.name}, blocks of ${block}, in place`);
    }
    // Every pair has a length of its own, some none.
    const count = (from: number, to: number): number => (from * 3 + to * 5) % 7;
    const numbers = (from: number, to: number): number[] =>
      Array.from({ length: count(from, to) }, (_, i) => at(from, to, i));
    const array = joined(
      type,
      everyRank.map(to => numbers(rank, to)),
    );
    const expected = joined(
      type,
      everyRank.map(from => numbers(from, rank)),
    );
    const target = arrayOf(type, expected.length, () => 77);
    const sendCounts = everyRank.map(to => count(rank, to));
    const recvCounts = everyRank.map(from => count(from, rank));
    await face.alltoallInto(target, array, { sendCounts, recvCounts });
    expectSame(target, expected, `${type.name}, with counts`);
    // Both in one memory.
    const memory = arrayOf(type, Math.max(array.length, expected.length), () => 0);
    memory.set(array as never);
    await face.alltoallInto(memory.subarray(0, expected.length), memory.subarray(0, array.length), {
      sendCounts,
      recvCounts,
    });
    expectSame(memory.slice(0, expected.length), expected, `${type.name}, with counts, in place`);
  }

  // Long blocks, all ranks to all.
  const block = Math.floor(1_000_000 / size);
  const whole = doubles(block * size, i => rank * 1e7 + i);
  const target = new Float64Array(whole.length);
  await face.alltoallInto(target, whole);
  expectSame(
    target,
    doubles(whole.length, i => Math.floor(i / block) * 1e7 + rank * block + (i % block)),
    "a million doubles",
  );
  await face.alltoallInto(whole, whole);
  expectSame(whole, target, "a million doubles, in place");
  expect(
    (await face.alltoall(everyRank.map(to => target.subarray(0, 1000 * to)))).map(part => part.length),
  ).to.deep.equal(everyRank.map(() => 1000 * rank));

  const refused = (operation: () => unknown, sentence: RegExp): Promise<void> =>
    expectFailure(operation, ArgumentError, "TSMPI_ARGUMENT", sentence);
  const array = new Float64Array(2 * size);
  await refused(
    () => face.alltoall(Array(size + 1).fill(0)),
    /^alltoall: the list must have \d+ items, one for each rank/,
  );
  await refused(() => face.alltoall(array as never), /the list must have/);
  await refused(() => face.alltoallInto(new Float32Array(2 * size), array), /same element type/);
  await refused(
    () => face.alltoallInto(new Float64Array(3 * size), array),
    /target must have \d+ elements, as many as array/,
  );
  if (size > 1)
    await refused(
      () => face.alltoallInto(new Float64Array(2 * size + 1), new Float64Array(2 * size + 1)),
      /must be a multiple of \d+/,
    );
  const twos = everyRank.map(() => 2);
  await refused(
    () => face.alltoallInto(array.slice(), array, { sendCounts: [...twos, 0] }),
    /sendCounts must be a list of \d+ block lengths/,
  );
  await refused(
    () => face.alltoallInto(array.slice(), array, { recvCounts: twos.map(() => 3) }),
    /recvCounts must add up to/,
  );
  await refused(
    () => face.alltoallInto(array.slice(), array, { sendCounts: twos.map(() => 1.5) }),
    /sendCounts\[0\] is a number \(1.5\)/,
  );
  expect(await face.alltoall(everyRank)).to.deep.equal(everyRank.map(() => rank));
}

const several = await Promise.all([1, 2, 3].map(n => world.alltoall(everyRank.map(to => [n, rank, to]))));
expect(several).to.deep.equal([1, 2, 3].map(n => everyRank.map(from => [n, from, rank])));
ok();
