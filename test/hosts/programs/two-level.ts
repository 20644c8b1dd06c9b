/** Every collective on ranks of several hosts: values, short and long arrays, several calls at once, other communicators. */
import { expect } from "chai";
import { max, operator, sum, world } from "tsmpi";
import { blocking, doubles, expectSame, faces, ok } from "../../ranks/programs/support.ts";

const { rank, size } = world;
const ranks = Array.from({ length: size }, (_, r) => r);
const join = operator((left: string, right: string) => left + right, { name: "join" });
const word = (from: number, to: number): string =>
  ranks
    .slice(from, to)
    .map(r => `${r},`)
    .join("");
/** Elements of short arrays, of such as several ranks of a host exchange, and of such as travel in segments. */
const lengths = [3, 20_000, 300_000];
const given = (of: number, length: number): Float64Array => doubles(length, i => (of + 1) * (i % 5));
const total = (length: number, from: number, to: number): Float64Array => {
  let factor = 0;
  for (const r of ranks.slice(from, to)) factor += r + 1;
  return doubles(length, i => factor * (i % 5));
};

for (const face of faces) {
  await face.barrier();
  for (const root of [0, size - 1]) {
    const value = { from: root, list: [1, 2] };
    expect(await face.broadcast(rank === root ? value : undefined, { root })).to.deep.equal(value);
    expect(await face.reduce(`${rank},`, join, { root })).to.equal(rank === root ? word(0, size) : undefined);
  }
  expect(await face.allreduce(rank, sum)).to.equal((size * (size - 1)) / 2);
  expect(await face.allreduce(`${rank},`, join)).to.equal(word(0, size));
  expect(await face.allgather(rank % 2 === 0 ? rank : `${rank}`)).to.deep.equal(
    ranks.map(r => (r % 2 === 0 ? r : `${r}`)),
  );
  expect(await face.scan(`${rank},`, join)).to.equal(word(0, rank + 1));
  expect(await face.exscan(`${rank},`, join)).to.equal(rank === 0 ? undefined : word(0, rank));
  expect(await face.scan(rank, max)).to.equal(rank);
  expect(await face.gather(rank, { root: 1 })).to.deep.equal(rank === 1 ? ranks : undefined);
  expect(await face.scatter(rank === 1 ? ranks : undefined, { root: 1 })).to.equal(rank);
  expect(await face.alltoall(ranks.map(to => `${rank} to ${to}`))).to.deep.equal(
    ranks.map(from => `${from} to ${rank}`),
  );

  for (const length of lengths) {
    const what = `of ${length}`;
    const mine = given(rank, length);
    for (const root of [0, size - 1]) {
      const target = rank === root ? mine.slice() : new Float64Array(length);
      await face.broadcastInto(target, { root });
      expectSame(target, given(root, length), `broadcastInto ${what}`);
      await face.reduceInto(target, mine, sum, { root });
      if (rank === root) expectSame(target, total(length, 0, size), `reduceInto ${what}`);
    }
    const own = mine.slice();
    await face.allreduceInto(own, own, sum);
    expectSame(own, total(length, 0, size), `allreduceInto ${what}`);
    const prefix = mine.slice();
    await face.scanInto(prefix, prefix, sum);
    expectSame(prefix, total(length, 0, rank + 1), `scanInto ${what}`);
    await face.exscanInto(prefix, mine, sum);
    if (rank > 0) expectSame(prefix, total(length, 0, rank), `exscanInto ${what}`);

    const all = new Float64Array(size * length);
    await face.allgatherInto(all, mine);
    for (const r of ranks) {
      expectSame(
        all.subarray(r * length, (r + 1) * length),
        given(r, length),
        `allgatherInto ${what} from ${r}`,
      );
    }
    await face.alltoallInto(all, all);
    for (const r of ranks) {
      const block = all.subarray(r * length, (r + 1) * length);
      expectSame(block, given(rank, length), `alltoallInto ${what} from ${r}`);
    }
    // Block b of every rank's array is that of rank b; now all of them are summed up.
    const wide = doubles(size * length, i => (rank + 1) * ((i % length) % 5));
    const part = new Float64Array(length);
    await face.reduceScatterInto(part, wide, sum);
    expectSame(part, total(length, 0, size), `reduceScatterInto ${what}`);
    expectSame(await face.reduceScatter(wide, sum), part, `reduceScatter ${what}`);
  }
}

// Ranks give arrays of different lengths.
const lengthOf = (r: number): number => (r * 700) % 3000;
const uneven = new Float64Array(ranks.reduce((sum, r) => sum + lengthOf(r), 0));
await world.allgatherInto(uneven, given(rank, lengthOf(rank)));
expectSame(uneven, Float64Array.from(ranks.flatMap(r => [...given(r, lengthOf(r))])), "uneven allgatherInto");

// Many calls at once, of which each takes the shared steps within a host when its turn comes.
const flight = await Promise.all(
  Array.from({ length: 8 }, async (_, call) => {
    if (call % 3 === 0) return world.allreduce(call + rank, sum);
    if (call % 3 === 1)
      return (await world.broadcast(rank === call % size ? call : undefined, {
        root: call % size,
      })) as number;
    return (await world.allgather(call * rank)).length;
  }),
);
expect(flight).to.deep.equal(
  flight.map((_, call) => [call * size + (size * (size - 1)) / 2, call, size][call % 3]),
);

// Whether hosts are in the order of ranks or not, and where sums of fractions depend on the order, not a bit differs.
const fraction = (r: number): Float64Array => doubles(1000, i => (i + 1) / (3 * r + 7) - i * r * 1e-9);
const exact = await world.allreduce(fraction(rank), sum, { reproducible: true });
const gathered = await world.allgather(fraction(rank));
expectSame(
  exact,
  await blocking(world).allreduce(fraction(rank), sum, { reproducible: true }),
  "reproducible",
);
for (const r of ranks) expectSame(gathered[r], fraction(r), `fractions of ${r}`);
const everywhere = await world.allgather(await world.allreduce(fraction(rank), sum));
for (const one of everywhere) expectSame(one, everywhere[0], "the same bits on every rank");

// Communicators whose ranks lie otherwise on the hosts, made and freed more often than there are places for them.
for (let round = 0; round < 70; round++) {
  const comm = await world.split(rank % 2, { key: -rank });
  expect(await comm.allreduce(1, sum)).to.equal(comm.size);
  if (round === 0)
    expect(await comm.allgather(rank)).to.deep.equal(ranks.filter(r => r % 2 === rank % 2).reverse());
  await comm.free();
}

// What ranks call differently is found, and ends the job.
if (process.argv[2] === "mismatch")
  await (rank === size - 1 ? world.allreduce(1, max) : world.allreduce(1, sum));
ok();
