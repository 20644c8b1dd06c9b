/** A world of one, with or without the launcher: everything works with oneself. Prints the size of the world. */
import { expect } from "chai";
import { DeadlockError, sum, world } from "tsmpi";
import { expectFailure } from "./support.ts";

expect([world.rank, world.size, world.name]).to.deep.equal([0, 1, "world"]);
expect([world.host.rank, world.host.size, world.sync.size]).to.deep.equal([0, 1, 1]);
await world.send({ to: "myself" }, 0);
expect(await world.recv()).to.deep.equal({ to: "myself" });
const waiting = world.recv(0, { tag: 3 });
setTimeout(() => void world.send("later", 0, { tag: 3 }), 5);
expect(await waiting).to.equal("later");
const synchronous = world.send("matched", 0, { synchronous: true });
expect(await world.recv()).to.equal("matched");
await synchronous;
expect(await world.allreduce(2, sum)).to.equal(2);
expect(await world.gather("x")).to.deep.equal(["x"]);
expect(world.sync.scan(new Float64Array([4]), sum)).to.deep.equal(new Float64Array([4]));
await world.barrier();
world.sync.barrier();
const copy = await world.dup();
const part = await copy.split("a");
expect(part.sync.allgather(1)).to.deep.equal([1]);
await part.free();
await copy.free();
// What blocks here blocks for ever; it is said instead.
await expectFailure(
  () => world.sync.recv(),
  DeadlockError,
  "TSMPI_DEADLOCK",
  /rank 0 blocks in recv from any rank.*only this rank itself could serve that/,
);
await expectFailure(() => world.sync.probe(0), DeadlockError, "TSMPI_DEADLOCK", /rank 0 blocks in probe/);
await expectFailure(
  () => world.sync.send(1, 0, { synchronous: true }),
  DeadlockError,
  "TSMPI_DEADLOCK",
  /rank 0 blocks in send to rank 0/,
);
// What is awaited fails when the event loop has nothing else to do, and again for the next wait.
for (const [wait, sentence] of [
  [
    () => world.recv(undefined, { tag: 3 }),
    /rank 0 waits in recv from any rank.*only this rank itself could serve that/,
  ],
  [() => world.probe(0, { tag: 3 }), /rank 0 waits in probe for a message from rank 0/],
  [() => world.send(1, 0, { synchronous: true }), /rank 0 waits in send to rank 0/],
] as [() => Promise<unknown>, RegExp][]) {
  await expectFailure(wait, DeadlockError, "TSMPI_DEADLOCK", sentence);
}
console.log(`a world of ${world.size}`);
