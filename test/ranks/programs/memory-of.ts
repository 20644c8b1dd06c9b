/** memoryOf: which arrays are the same memory, on one rank and on several. */
import { hostname } from "node:os";
import { expect } from "chai";
import { ArgumentError, memoryOf, world } from "tsmpi";
import { everyRank, expectFailure, ok } from "./support.ts";

const { rank, size } = world;

/** The ids that all ranks have for an array of theirs. */
const idsOf = (array: ArrayBufferView | ArrayBufferLike): Promise<string[]> =>
  world.allgather(memoryOf(array).id);
const distinct = (ids: readonly string[]): number => new Set(ids).size;

// Shared by all: one id everywhere, also of a part, of a view of another type, and of the buffer itself.
const first = await world.host.shared(Float64Array, 100);
const second = await world.host.shared(Float64Array, 100);
expect(memoryOf(first)).to.deep.equal({
  sharedBy: size === 1 ? "nobody" : "ranks",
  id: memoryOf(first.buffer).id,
  offset: 0,
  rank,
  pid: process.pid,
  host: hostname(),
});
expect(distinct(await idsOf(first))).to.equal(1);
expect(distinct(await idsOf(second))).to.equal(1);
expect(memoryOf(second).id).not.to.equal(memoryOf(first).id);
const part = first.subarray(10 + rank);
expect(await idsOf(part)).to.deep.equal(await idsOf(first));
expect(memoryOf(part).offset).to.equal(8 * (10 + rank));
expect(memoryOf(new DataView(first.buffer, 24)).id).to.equal(memoryOf(first).id);
expect(memoryOf(new DataView(first.buffer, 24)).offset).to.equal(24);
const pids = await world.allgather(memoryOf(first).pid);
expect(distinct(pids.map(String))).to.equal(size);

// Shared by some ranks: one id for each group.
{
  await using group = await world.split(rank % 2);
  const array = await group.shared(Int32Array, 4);
  const ids = await idsOf(array);
  for (const r of everyRank) expect(ids[r] === ids[rank]).to.equal(r % 2 === rank % 2);
  expect(memoryOf(array).sharedBy).to.equal(group.size === 1 ? "nobody" : "ranks");
}

// What each rank has for itself, and copies.
for (const own of [new Float64Array(100), new ArrayBuffer(8), new SharedArrayBuffer(8), first.slice()])
  expect(distinct(await idsOf(own))).to.equal(size);
expect(memoryOf(new Float64Array(100)).sharedBy).to.equal("nobody");
expect(memoryOf(first.slice()).sharedBy).to.equal("nobody");
const threads = new Int32Array(new SharedArrayBuffer(64), 16);
expect(memoryOf(threads)).to.include({ sharedBy: "threads", offset: 16 });
expect(memoryOf(threads).id).to.equal(memoryOf(threads.buffer).id);
const received = await world.broadcast(rank === 0 ? first : undefined);
if (rank > 0) expect(memoryOf(received).sharedBy).to.equal("nobody");

// Memory that is gone leaves no id behind, whatever is put where it was.
const seen = new Set<string>();
for (let i = 0; i < 1000; i++) seen.add(memoryOf(new Float64Array(1000)).id);
expect(seen.size).to.equal(1000);

for (const wrong of [undefined, null, 3, [1, 2], { buffer: first.buffer }]) {
  await expectFailure(
    () => memoryOf(wrong as never),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /^memoryOf: array must be a typed array, a DataView or a buffer; got /,
  );
}
ok();
