/** split, dup, free and host: who is in a communicator, in which order, and that each works. */
import { inspect } from "node:util";
import { expect } from "chai";
import { ArgumentError, type Communicator, sum, world } from "tsmpi";
import { blocking, everyRank, expectFailure, ok } from "./support.ts";

const { rank, size } = world;

/** Everything once, and who is there. */
async function expectMembers(comm: Communicator, members: readonly number[]): Promise<void> {
  expect(comm.size).to.equal(members.length);
  expect(comm.rank).to.equal(members.indexOf(rank));
  expect(await comm.allgather(rank)).to.deep.equal(members);
  expect(blocking(comm).allreduce(rank, sum)).to.equal(members.reduce((a, b) => a + b, 0));
  const root = comm.size - 1;
  expect(await comm.broadcast(comm.rank === root ? rank : undefined, { root })).to.equal(members[root]);
  const next = (comm.rank + 1) % comm.size;
  const previous = (comm.rank + comm.size - 1) % comm.size;
  expect(await comm.sendrecv(rank, next, previous)).to.equal(members[previous]);
  await comm.barrier();
}

{
  // Even and odd.
  const parity = await world.split(rank % 2);
  await expectMembers(
    parity,
    everyRank.filter(r => r % 2 === rank % 2),
  );
  expect(parity.name).to.equal(`world.split(${rank % 2})`);
  await parity.free();
  // Strings, a group each, and a key that turns the order round.
  await using reversed = await world.split("all", { key: -rank, name: "reversed" });
  await expectMembers(reversed, [...everyRank].reverse());
  expect(reversed.name).to.equal("reversed");
  const alone = await world.split(`rank ${rank}`);
  await expectMembers(alone, [rank]);
  await alone.free();
  // A number and the string of its digits are different colors.
  const mixed = await world.split(rank % 2 === 0 ? 1 : "1");
  await expectMembers(
    mixed,
    everyRank.filter(r => r % 2 === rank % 2),
  );
  await mixed.free();
  // Equal keys keep the order of ranks; keys need not be whole.
  const keyed = await world.split(-5, { key: rank % 2 === 0 ? 0.5 : 0.25 });
  await expectMembers(keyed, [...everyRank.filter(r => r % 2 === 1), ...everyRank.filter(r => r % 2 === 0)]);
  await keyed.free();
  // Some ranks in none.
  const first = await world.split(rank === 0 ? undefined : "rest");
  if (rank === 0) expect(first).to.equal(undefined);
  else await expectMembers(first!, everyRank.slice(1));
  await first?.free();
  expect(await world.split(undefined)).to.equal(undefined);
}

// The blocking face makes blocking communicators.
{
  using half = world.sync.split(rank % 2, { name: "half" });
  expect(half.allgather(rank)).to.deep.equal(everyRank.filter(r => r % 2 === rank % 2));
  expect([half.name, half.rank, half.size]).to.deep.equal([
    "half",
    Math.floor(rank / 2),
    Math.ceil((size - (rank % 2)) / 2),
  ]);
  using copy = half.dup();
  copy.barrier();
  expect(copy.allreduce(1, sum)).to.equal(half.size);
  expect(copy.name).to.equal("half.dup");
  expect(world.sync.split(undefined)).to.equal(undefined);
}

// The end of a block frees what is not free yet, and waits for nobody.
for (let round = 0; round < 100; round++) {
  let left: Communicator;
  {
    await using part = await world.dup();
    const target = new Float64Array(1);
    await part.allreduceInto(target, Float64Array.of(rank), sum);
    expect(target[0]).to.equal((size * (size - 1)) / 2);
    if (round % 10 === 0) await part.free();
    left = part;
  }
  expect(() => left.sync.barrier()).to.throw(/world\.dup has been freed/);
  await expectFailure(
    () => left.allreduce(1, sum),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /world\.dup has been freed/,
  );
}
if (size > 1) {
  // The others leave theirs when they have heard from rank 0, which has left its own.
  {
    using _part = world.sync.dup();
    if (rank > 0) world.sync.recv(0);
  }
  if (rank === 0) for (let other = 1; other < size; other++) await world.send("left", other);
  // Not while a collective is under way on its board.
  await using part = await world.dup();
  if (rank > 0) await world.barrier();
  const pending = part.allreduceInto(new Float64Array(1), new Float64Array(1), sum);
  if (rank === 0) {
    if (world.sharesMemory)
      await expectFailure(
        () => part[Symbol.asyncDispose](),
        ArgumentError,
        "TSMPI_ARGUMENT",
        /still under way/,
      );
    await world.barrier();
  }
  await pending;
}

// Parts of parts, down to single ranks; each works while the others exist.
let part: Communicator = world;
const parts: Communicator[] = [];
let members: readonly number[] = everyRank;
while (part.size > 1) {
  const middle = Math.ceil(part.size / 2);
  const lower = part.rank < middle;
  members = lower ? members.slice(0, middle) : members.slice(middle);
  part = await part.split(lower ? "lower" : "upper");
  parts.push(part);
  await expectMembers(part, members);
}
for (const made of parts.reverse()) await made.free();

// host: all of them, here.
expect(world.host.name).to.equal("host");
await expectMembers(world.host, everyRank);

// Freed and not freed, by the hundred: what is freed is used again, and what is not does not run out.
for (let i = 0; i < 100; i++) {
  const comm = await world.split(rank % 3);
  if (i % 25 === 0)
    await expectMembers(
      comm,
      everyRank.filter(r => r % 3 === rank % 3),
    );
  await comm.free();
}
const kept: Communicator[] = [];
for (let i = 0; i < 100; i++) kept.push(await world.split((rank + i) % 2));
for (const [i, comm] of kept.entries()) {
  if (i % 20 > 1) continue;
  await expectMembers(
    comm,
    everyRank.filter(r => (r + i) % 2 === (rank + i) % 2),
  );
}
await Promise.all(kept.map(comm => comm.barrier()));
for (const comm of kept) await comm.free();

// On the console.
{
  const half = await world.split(world.rank % 2, { name: "half" });
  expect(inspect([world, world.sync, half])).to.equal(
    `[\n  World(world, rank ${world.rank} of ${world.size}),\n` +
      `  BlockingCommunicator(world, rank ${world.rank} of ${world.size}),\n` +
      `  Communicator(half, rank ${half.rank} of ${half.size})\n]`,
  );
  await half.free();
}

// Bad input.
await expectFailure(
  () => world.split(1.5),
  ArgumentError,
  "TSMPI_ARGUMENT",
  /^split: color must be a whole number, a string or undefined; got a number \(1.5\)/,
);
await expectFailure(() => world.split(NaN), ArgumentError, "TSMPI_ARGUMENT", /color must be/);
await expectFailure(() => world.split({} as never), ArgumentError, "TSMPI_ARGUMENT", /got an object/);
await expectFailure(
  () => world.split(1, { key: NaN }),
  ArgumentError,
  "TSMPI_ARGUMENT",
  /key must be a finite number/,
);
await expectFailure(
  () => world.split(1, { key: "x" as never }),
  ArgumentError,
  "TSMPI_ARGUMENT",
  /key must be a finite number; got a string/,
);
await expectFailure(() => world.free(), ArgumentError, "TSMPI_ARGUMENT", /world lasts as long as the job/);
await expectFailure(
  () => world.host.free(),
  ArgumentError,
  "TSMPI_ARGUMENT",
  /host lasts as long as the job/,
);
await expectMembers(world, everyRank);
ok();
