/** Messages and collectives of one communicator never meet those of another, whatever tags they have. */
import { expect } from "chai";
import { ANY, sum, world } from "tsmpi";
import { blocking, faces, failure, left, ok, right } from "./support.ts";

const { rank, size } = world;

for (const face of faces) {
  const copy = await world.dup();
  const reversed = (await world.split(0, { key: -rank }))!;
  const { host } = world;
  const comms = [world, copy, reversed, host].map(comm => (face === world ? comm : blocking(comm)));
  // In the reversed communicator the neighbours have other numbers.
  const toRight = [right, right, size - 1 - right, right];
  const fromLeft = [left, left, size - 1 - left, left];
  // Sent in one order, received in the other, with one tag and in three ways.
  for (const [i, comm] of comms.entries())
    await comm.send(`message on ${i} from ${rank}`, toRight[i], { tag: 5 });
  for (const [i, comm] of [...comms.entries()].reverse()) {
    const received = i % 2 === 0 ? comm.recv() : (await comm.probe(ANY, { tag: 5 })).recv();
    expect(await received).to.equal(`message on ${i} from ${left}`);
    expect(await comm.poll()).to.equal(undefined);
  }
  await face.barrier();
  for (const [i, comm] of comms.entries()) await comm.send(new Float64Array([i]), toRight[i]);
  for (const [i, comm] of [...comms.entries()].reverse()) {
    const target = new Float64Array(1);
    expect(await comm.recvInto(target)).to.include({ source: fromLeft[i], tag: 0 });
    expect(target[0]).to.equal(i);
  }
  await face.barrier();
  await copy.free();
  await reversed.free();
}

// Receives for anything wait while collectives of every kind go on, on this communicator and on others.
const copy = await world.dup();
const onWorld = world.recv(ANY);
const onCopy = copy.recv(ANY);
for (const comm of [world, copy, blocking(copy)]) {
  await comm.barrier();
  expect(await comm.allreduce(1, sum)).to.equal(size);
  expect(await comm.allgather(rank)).to.have.length(size);
  expect(await comm.broadcast(rank === size - 1 ? "b" : undefined, { root: size - 1 })).to.equal("b");
  expect((await comm.allreduce(new Float64Array(10_000).fill(1), sum))[9999]).to.equal(size);
}
await copy.send("on the copy", right);
await world.send("on world", right);
expect(await onCopy).to.equal("on the copy");
expect(await onWorld).to.equal("on world");

// The same collectives on several communicators at once, begun in different orders.
const another = await world.dup();
const order = rank % 2 === 0 ? [world, copy, another] : [another, world, copy];
const factor = new Map([world, copy, another].map((comm, i) => [comm, 10 ** i]));
const results = await Promise.all(
  order.map(async comm => [comm, await comm.allreduce(factor.get(comm)!, sum)] as const),
);
for (const [comm, result] of results) expect(result).to.equal(size * factor.get(comm)!);

// Received and not received before a communicator is freed: nothing arrives anywhere else.
await copy.send("never received", right);
await copy.barrier();
await copy.free();
expect(world.poll()).to.equal(undefined);
const next = await world.dup();
await next.barrier();
expect(next.poll()).to.equal(undefined);
for (const operation of [
  () => copy.send(1, right),
  () => copy.recv(left),
  () => copy.probe(),
  () => copy.barrier(),
  () => copy.allreduce(1, sum),
  () => copy.dup(),
  () => copy.split(0),
  () => copy.free(),
]) {
  const error = (await failure(operation)) as Error;
  expect(error.message).to.match(/has been freed; it cannot be used any more/);
}
await next.free();
await another.free();
ok();
