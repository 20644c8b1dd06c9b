/** shared: one copy that all ranks see, of every type, on parts of the world; gone afterwards; what is refused. */
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { expect } from "chai";
import { ArgumentError, type Communicator, type TypedArray, world } from "tsmpi";
import { arrayTypes, blocking, everyRank, expectFailure, faces, ok } from "./support.ts";

const { rank, size } = world;

/** Mappings of shared memory in this process, the job's own segment included. */
function mappings(): number {
  return readFileSync("/proc/self/maps", "utf8")
    .split("\n")
    .filter(line => line.includes("/memfd:tsmpi")).length;
}

async function expectOneCopy(comm: Communicator, face: Communicator): Promise<void> {
  for (const type of arrayTypes) {
    const value = (r: number): number | bigint => (type.name.startsWith("Big") ? BigInt(r + 1) : r + 1);
    const array = (await face.shared(type as Float64ArrayConstructor, 3 * comm.size)) as TypedArray;
    expect(array).to.be.instanceOf(type);
    expect(array.length).to.equal(3 * comm.size);
    expect([...array].every(element => Number(element) === 0)).to.equal(true);
    await comm.barrier();
    array[3 * comm.rank + 1] = value(comm.rank);
    await comm.barrier();
    for (let r = 0; r < comm.size; r++) expect(array[3 * r + 1], type.name).to.equal(value(r));
    await comm.barrier();
  }
}

for (const face of faces) await expectOneCopy(world, face);
await expectOneCopy(world.host, world.host);
{
  await using part = await world.split(rank % 2);
  await expectOneCopy(part, blocking(part));
  await using alone = await world.split(`rank ${rank}`);
  await expectOneCopy(alone, alone);
}

// Empty, and larger than a page.
expect((await world.shared(Int8Array, 0)).length).to.equal(0);
{
  const long = await world.shared(Float64Array, 1_000_003);
  if (rank === size - 1) for (let i = 0; i < long.length; i++) long[i] = i;
  await world.barrier();
  expect([long[0], long[777_777], long[1_000_002]]).to.deep.equal([0, 777_777, 1_000_002]);
  // An array inside it is sent from there like any other.
  const middle = await world.broadcast(rank === 0 ? long.subarray(500_000, 500_003) : undefined);
  expect([...middle]).to.deep.equal([500_000, 500_001, 500_002]);
}

// Atomics work between processes.
{
  const counter = await world.shared(Int32Array, 1);
  const claimed: number[] = [];
  for (let n = Atomics.add(counter, 0, 1); n < 1000; n = Atomics.add(counter, 0, 1)) claimed.push(n);
  const all = (await world.allgather(claimed)).flat().sort((a, b) => a - b);
  expect(all).to.deep.equal(Array.from({ length: 1000 }, (_, n) => n));
  const wide = await world.shared(BigInt64Array, 1);
  Atomics.add(wide, 0, 2n ** 40n);
  await world.barrier();
  expect(wide[0]).to.equal(BigInt(size) * 2n ** 40n);
}

// Many at once, and none left when nobody has them any more.
{
  let many: Int32Array[] | undefined = [];
  for (let i = 0; i < 50; i++) many.push(await world.shared(Int32Array, 16));
  for (const [i, array] of many.entries()) array[rank % 16] = i;
  await world.barrier();
  for (const [i, array] of many.entries()) for (const r of everyRank) expect(array[r % 16]).to.equal(i);
  await world.barrier();
  if (size > 1) expect(mappings()).to.be.at.least(50);
  many = undefined;
  const { gc } = globalThis as { gc?: () => void };
  for (let turn = 0; turn < 20 && mappings() >= 50; turn++) {
    gc!();
    await new Promise(resolve => setImmediate(resolve));
  }
  expect(mappings()).to.be.lessThan(50);
}

// What is refused, and that the next one works.
const refused = async (operation: () => unknown, sentence: RegExp) =>
  expectFailure(operation, ArgumentError, "TSMPI_ARGUMENT", sentence);
await refused(
  () => world.shared(Array as never, 3),
  /^shared: type must be the constructor of a typed array.*; got Array/,
);
await refused(() => world.shared(undefined as never, 3), /type must be .*; got undefined/);
for (const length of [-1, 1.5, NaN, Infinity, 2 ** 60]) {
  await refused(() => world.shared(Int8Array, length), /^shared: length must be a whole number from 0/);
}
await refused(() => world.shared(Float64Array, totalmem()), /takes .* GiB; this machine has .* GiB/);
for (const face of faces) {
  if (size === 1) break;
  await refused(
    () => face.shared(Int32Array, rank === 1 ? 5 : 4),
    /same type and length; rank 0 wants Int32Array\(4\), rank 1 Int32Array\(5\)/,
  );
  await refused(
    () => face.shared((rank === 1 ? Int16Array : Int32Array) as Int32ArrayConstructor, 4),
    /rank 0 wants Int32Array\(4\), rank 1 Int16Array\(4\)/,
  );
}
for (const face of faces) await expectOneCopy(world, face);
ok();
