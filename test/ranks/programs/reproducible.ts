/** reproducible: true, and sums of numbers that are spread over the ranks. */
import { expect } from "chai";
import { ArgumentError, exactSum, max, product, sum, world } from "tsmpi";
import { formats, referenceSum } from "../../collectives/exact-reference.ts";
import {
  type ArrayType,
  arrayTypes,
  doubles,
  expectFailure,
  expectSame,
  faces,
  mixedFaces,
  ok,
} from "./support.ts";

const { rank, size } = world;
const reproducible = true;

if (process.argv[2] === "mismatch") await world.allreduce(1, sum, { reproducible: rank === 0 });

const element = (of: number, i: number): number =>
  Math.sin(of * 97 + i) * 2 ** (((of * 7 + i * 5) % 23) - 11);

function mine(type: ArrayType, length: number, of = rank): Float64Array {
  const array = new type(length) as Float64Array;
  for (let i = 0; i < length; i++) array[i] = element(of, i);
  return array;
}

function sums(type: ArrayType, length: number, from: number, to: number): Float64Array {
  const parts = Array.from({ length: to - from }, (_, r) => mine(type, length, from + r));
  const result = new type(length) as Float64Array;
  for (let i = 0; i < length; i++)
    result[i] = referenceSum(
      parts.map(part => part[i]),
      formats[type.name],
    );
  return result;
}

// On both sides of where arrays are cut.
for (const type of arrayTypes.filter(({ name }) => name in formats)) {
  for (const length of [0, 1, 37, (40 * 1024) / type.BYTES_PER_ELEMENT]) {
    const what = `${type.name} of ${length}`;
    const all = sums(type, length, 0, size);
    const array = mine(type, length);
    for (const face of length > 1000 ? mixedFaces.slice(0, 1) : faces) {
      expectSame(await face.allreduce(array, sum, { reproducible }), all, what);
      const own = array.slice();
      await face.allreduceInto(own, own, sum, { reproducible });
      expectSame(own, all, what);
      const root = size - 1;
      const reduced = await face.reduce(array, sum, { root, reproducible });
      if (rank === root) expectSame(reduced, all, what);
      else expect(reduced).to.equal(undefined);
      const target = new type(length) as Float64Array;
      await face.reduceInto(target, array, sum, { root, reproducible });
      if (rank === root) expectSame(target, all, what);
      const upTo = sums(type, length, 0, rank + 1);
      expectSame(await face.scan(array, sum, { reproducible }), upTo, what);
      await face.scanInto(target, array, sum, { reproducible });
      expectSame(target, upTo, what);
      if (rank > 0) {
        const before = sums(type, length, 0, rank);
        expectSame(await face.exscan(array, sum, { reproducible }), before, what);
        await face.exscanInto(target, array, sum, { reproducible });
        expectSame(target, before, what);
      } else {
        expect(await face.exscan(array, sum, { reproducible })).to.equal(undefined);
        await face.exscanInto(target, array, sum, { reproducible });
        expectSame(target, upTo, what);
      }
      const block = (await face.reduceScatter(array, sum, { reproducible })) as Float64Array;
      const blocks = (await world.allgather(block)).flatMap(part => [...part]);
      expectSame(type === Float64Array ? Float64Array.from(blocks) : new (type as any)(blocks), all, what);
      const counts = Array.from({ length: size }, (_, r) => (r === size - 1 ? length : 0));
      const last = (rank === size - 1 ? all : all.slice(0, 0)) as Float64Array;
      const into = new type(last.length) as Float64Array;
      await face.reduceScatterInto(into, array, sum, { counts, reproducible });
      expectSame(into, last, what);
    }
  }
}

const ranks = Array.from({ length: size }, (_, r) => r);
for (const face of faces) {
  expect(await face.allreduce(element(rank, 1), sum, { reproducible })).to.equal(
    referenceSum(ranks.map(r => element(r, 1))),
  );
  expect(await face.allreduce(element(rank, 1), product, { reproducible })).to.equal(
    ranks.map(r => element(r, 1)).reduce((l, r) => l * r),
  );
  expect(await face.allreduce([rank === 0 ? 0 : -0, 1], max, { reproducible })).to.deep.equal([0, 1]);
  await expectFailure(
    () => face.allreduce(1, (a, b) => a + b, { reproducible }),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /reproducible is for tsmpi's own operators/,
  );
}

// A million numbers, divided among however many ranks there are.
const count = 1_000_000;
const from = Math.floor((count * rank) / size);
const to = Math.floor((count * (rank + 1)) / size);
const part = doubles(to - from, i => element(from + i, 3) * 10 ** (((from + i) % 601) - 300));
for (const face of faces) {
  const total = exactSum(part);
  const first = await face.reduce(total, sum);
  await face.allreduceInto(total, total, sum);
  if (rank === 0) expect(exactSum().merge(first!).value).to.equal(total.value);
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleBE(total.value);
  expect(process.argv[2], "the sum of a million numbers").to.equal(buffer.toString("hex"));
}

ok();
