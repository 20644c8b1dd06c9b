/** No rank leaves a barrier before the last has arrived, in shared memory and by messages, on either face. */
import { expect } from "chai";
import { type Communicator, sum, world } from "tsmpi";
import { blocking, compute, everyRank, left, mixedFaces, ok, random, right, sleep } from "./support.ts";

const { rank, size } = world;
const now = (): number => Number(process.hrtime.bigint() / 1000n); // one clock for the whole machine

async function expectOrder(
  comm: Communicator,
  barrier: () => unknown,
  rounds: number,
  delays: boolean,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const pause = random(round * 64 + rank)();
    if (delays && pause < 0.3) await sleep(pause * 20);
    else if (pause < 0.6) compute(pause);
    const before = now();
    await barrier();
    const after = now();
    const times = await comm.allgather([before, after]);
    const last = Math.max(...times.map(([arrived]) => arrived));
    const first = Math.min(...times.map(([, gone]) => gone));
    expect(first, `round ${round}`).to.be.at.least(last);
  }
}

for (const face of mixedFaces) await expectOrder(world, () => face.barrier(), 20, true);
await expectOrder(world.host, () => world.host.barrier(), 10, true);

// Without pauses, many in a row: a rank may be one barrier ahead, never two.
for (const face of mixedFaces) for (let i = 0; i < 300; i++) await face.barrier();
await expectOrder(world, () => world.barrier(), 50, false);

// Several barriers of one rank under way at once are counted one by one.
const begun = now();
const order: number[] = [];
const several = [1, 2, 3].map(n => world.barrier().then(() => order.push(n)));
if (rank === size - 1) await sleep(20);
await Promise.all(several);
// Over ZeroMQ they may end in another order (docs/launcher.md).
if (world.sharesMemory) expect(order).to.deep.equal([1, 2, 3]);
else expect(order).to.have.members([1, 2, 3]);
if (size > 1) {
  // The last rank's first barrier begins all the others' end.
  const times = await world.allgather([begun, now()]);
  expect(Math.min(...times.map(([, gone]) => gone))).to.be.at.least(
    Math.max(...times.map(([arrived]) => arrived)),
  );
}

// A barrier that is under way while other things are done; its promise is not awaited yet.
const underWay = world.barrier();
await world.send("meanwhile", right);
expect(await world.recv(left)).to.equal("meanwhile");
expect(await world.allreduce(1, sum)).to.equal(size);
world.sync.send("meanwhile", right);
expect(world.sync.recv(left)).to.equal("meanwhile");
world.sync.barrier();
await underWay;

// Communicators of every size have barriers of their own, which do not count for one another.
for (const parts of [2, 3]) {
  const part = await world.split(rank % parts);
  await expectOrder(part, () => (rank % 2 === 0 ? part.barrier() : blocking(part).barrier()), 5, true);
  await part.free();
}
// More communicators than there are slots in shared memory: the later ones' barriers go by messages.
const copies: Communicator[] = [];
for (let i = 0; i < 70; i++) copies.push(await world.dup());
for (const copy of [copies[0], copies[61], copies[62], copies[69]]) {
  await expectOrder(copy, () => (rank % 2 === 0 ? copy.barrier() : blocking(copy).barrier()), 5, true);
}
await Promise.all(copies.map(copy => copy.barrier()));
for (const copy of copies) await copy.free();
expect(everyRank.length).to.equal(size);
ok();
