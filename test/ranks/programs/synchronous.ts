/** A synchronous send is done when its message has been matched, not before. Two ranks or more. */
import { expect } from "chai";
import { ANY, world } from "tsmpi";
import { blocking, expectSame, faces, left, ok, pattern, right, sleep } from "./support.ts";

const { rank, size } = world;
const now = (): number => Number(process.hrtime.bigint() / 1000n); // one clock for the whole machine
const values = [7, "text", { object: true }, new Float64Array(3), new Float64Array(200_000).fill(1.5)];

// The receiver says when it began to receive; the sender was done later, and not before.
for (const face of faces) {
  for (const value of values) {
    if (rank === 0) {
      let done = 0;
      if (face === world) {
        const sending = world.send(value, 1, { tag: 1, synchronous: true }).then(() => {
          done = now();
        });
        await world.send("go", 1, { tag: 2 });
        await sleep(20);
        expect(done, "before anybody received it").to.equal(0);
        await world.send("now", 1, { tag: 3 });
        await sending;
      } else {
        await face.send("go", 1, { tag: 2 });
        await face.send("now", 1, { tag: 3 });
        await face.send(value, 1, { tag: 1, synchronous: true });
        done = now();
      }
      expect(done).to.be.at.least(await world.recv<number>(1, { tag: 4 }));
    } else if (rank === 1) {
      await world.recv(0, { tag: 2 });
      await world.recv(0, { tag: 3 });
      await sleep(10);
      const began = now();
      expect(await face.recv(0, { tag: 1 })).to.deep.equal(value);
      await world.send(began, 0, { tag: 4 });
    }
  }
  await world.barrier();
}

// A receive that waits already; one that names no source; one into an array.
if (rank === 1) {
  const posted = [
    world.recv(0, { tag: 1 }),
    world.recv(ANY, { tag: 2 }),
    world.recvInto(new Float64Array(5), ANY, { tag: 3 }),
  ];
  await world.send("posted", 0);
  await Promise.all(posted);
} else if (rank === 0) {
  await world.recv(1);
  for (const tag of [1, 2, 3]) await world.send(new Float64Array(5), 1, { tag, synchronous: true });
}
await world.barrier();

// A probe only looks: receiving the message matches it.
if (rank === 0) {
  let done = false;
  const sending = world.send("probed", 1, { synchronous: true }).then(() => {
    done = true;
  });
  await world.recv(1, { tag: 1 });
  await sleep(20);
  expect(done).to.equal(false);
  await world.send("receive it", 1, { tag: 2 });
  await sending;
} else if (rank === 1) {
  const found = await world.probe(0);
  await world.send("found", 0, { tag: 1 });
  await world.recv(0, { tag: 2 });
  expect(await found.recv()).to.equal("probed");
}
await world.barrier();

// All ranks at once round the ring, many at a time; to oneself; and order among plain sends.
const sends = [];
for (let index = 0; index < 100; index++) {
  sends.push(
    world.send([index, "synchronous"], right, { synchronous: true }),
    world.send([index, "plain"], right),
  );
}
for (let index = 0; index < 100; index++) {
  expect(await world.recv(left)).to.deep.equal([index, "synchronous"]);
  expect(await world.recv(left)).to.deep.equal([index, "plain"]);
}
await Promise.all(sends);
const toSelf = world.send("self", rank, { tag: 9, synchronous: true });
expect(await world.recv(rank, { tag: 9 })).to.equal("self");
await toSelf;
const early = world.recv(rank, { tag: 9 });
void blocking(world).send("early", rank, { tag: 9, synchronous: true });
expect(await early).to.equal("early");
await world.barrier();

// On the blocking face: down a chain, each rank receiving before it sends on.
if (rank > 0) expect(world.sync.recv(rank - 1)).to.equal(rank - 1);
if (rank < size - 1) world.sync.send(rank, rank + 1, { synchronous: true });
world.sync.barrier();

// One that nobody wants is given up; the message itself may still be taken by somebody else later.
if (rank === 0) {
  const controller = new AbortController();
  const sending = world.send("refused", 1, { tag: 5, synchronous: true, signal: controller.signal });
  await sleep(10);
  controller.abort(new Error("enough"));
  let reason: unknown;
  await sending.catch(error => {
    reason = error;
  });
  expect((reason as Error).message).to.equal("enough");
  await world.send("next", 1, { tag: 6, synchronous: true });
} else if (rank === 1) {
  expect(await world.recv(0, { tag: 6 })).to.equal("next");
  expect(await world.recv(0)).to.equal("refused");
}
await world.barrier();
expectSame(await world.sendrecv(pattern(100, rank), right, left), pattern(100, left), "afterwards");
ok();
