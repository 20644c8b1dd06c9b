/** All collectives, whatever algorithms the launcher has been told to use: short, odd, empty and long arrays. */
import { expect } from "chai";
import { max, operator, sum, world } from "tsmpi";
import { doubles, expectSame, mixedFaces, ok } from "./support.ts";

const { rank, size } = world;
const element = (of: number, i: number): number => (of + 1) * 1000 + (i % 97);
const own = (length: number, of = rank): Float64Array => doubles(length, i => element(of, i));
const blocks = (length: number): Float64Array =>
  doubles(length * size, i => element(Math.floor(i / length), i % length));
const sums = (length: number, from: number, to: number): Float64Array =>
  doubles(length, i => {
    let total = 0;
    for (let r = from; r < to; r++) total += element(r, i);
    return total;
  });

// x -> a x + b modulo 1009, as a * 1009 + b: composition is associative and does not commute.
const compose = operator((l: number, r: number): number => {
  const a = (Math.floor(l / 1009) * Math.floor(r / 1009)) % 1009;
  return a * 1009 + ((Math.floor(r / 1009) * (l % 1009) + (r % 1009)) % 1009);
});
const map = (of: number, i: number): number =>
  ((of * 7 + i) % 1008) * 1009 + ((of * 13 + i * 5) % 1009) + 1009;
const composed = (length: number, from: number, to: number): Float64Array =>
  doubles(length, i => {
    let result = map(from, i);
    for (let r = from + 1; r < to; r++) result = compose.combineValues(result, map(r, i)) as number;
    return result;
  });

for (const face of mixedFaces) {
  for (const length of [0, 1, size, 2 * size + 1, 1000, 20_011]) {
    const what = `length ${length}`;
    const root = size - 1;
    const array = own(length);
    const target = new Float64Array(length);
    const all = new Float64Array(length * size);
    await face.barrier();

    const sent = rank === root ? own(length) : new Float64Array(length);
    await face.broadcastInto(sent, { root });
    expectSame(sent, own(length, root), `broadcastInto, ${what}`);
    await face.scatterInto(target, rank === root ? blocks(length) : undefined, { root });
    expectSame(target, array, `scatterInto, ${what}`);
    await face.gatherInto(rank === root ? all : undefined, array, { root });
    if (rank === root) expectSame(all, blocks(length), `gatherInto, ${what}`);
    await face.allgatherInto(all.fill(-1), array);
    expectSame(all, blocks(length), `allgatherInto, ${what}`);
    await face.alltoallInto(all.fill(-1), own(length * size));
    const swapped = doubles(length * size, i =>
      element(Math.floor(i / length), rank * length + (i % length)),
    );
    expectSame(all, swapped, `alltoallInto, ${what}`);

    const maps = doubles(length, i => map(rank, i));
    for (const [given, op, expected] of [
      [array, sum, sums],
      [maps, compose, composed],
    ] as const) {
      const total = expected(length, 0, size);
      await face.reduceInto(target.fill(-1), given, op, { root });
      if (rank === root) expectSame(target, total, `reduceInto, ${what}`);
      await face.allreduceInto(target.fill(-1), given, op);
      expectSame(target, total, `allreduceInto, ${what}`);
      const inPlace = given.slice();
      await face.allreduceInto(inPlace, inPlace, op);
      expectSame(inPlace, total, `allreduceInto in place, ${what}`);
      await face.scanInto(target.fill(-1), given, op);
      expectSame(target, expected(length, 0, rank + 1), `scanInto, ${what}`);
      await face.exscanInto(target.fill(-1), given, op);
      expectSame(target, rank === 0 ? target : expected(length, 0, rank), `exscanInto, ${what}`);
      const block = await face.reduceScatter(given, op);
      const parts = (await world.allgather(block)).flatMap(part => [...part]);
      expectSame(Float64Array.from(parts), total, `reduceScatter, ${what}`);
    }
  }
  // Values that are no arrays.
  expect(await face.broadcast({ rank: 7 })).to.deep.equal({ rank: 7 });
  expect(await face.allgather(rank)).to.deep.equal([...Array(size).keys()]);
  expect(await face.allreduce(rank, max)).to.equal(size - 1);
  expect(await face.allreduce(`${rank}`, (l, r) => `${l},${r}`)).to.equal([...Array(size).keys()].join(","));
  expect(await face.allreduce(rank, sum, { reproducible: true })).to.equal((size * (size - 1)) / 2);
  // What a communicator divided from this one does.
  const half = await world.split(rank % 2);
  expect(await half.allreduce(1, sum)).to.equal(half.size);
}
ok();
