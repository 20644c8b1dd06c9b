/** A rank that waits uses no CPU, however it waits, and is there at once when what it waits for comes. */
import { expect } from "chai";
import { ANY, world } from "tsmpi";
import { blocking, compute, ok, sleep } from "./support.ts";

const { rank, size } = world;
const seconds = 3;
const waits: [string, () => Promise<unknown>][] = [
  ["recv", () => world.recv(0)],
  ["recv from any", () => world.recv(ANY)],
  ["sync recv", () => blocking(world).recv(0)],
  ["sync probe", async () => (await blocking(world).probe(ANY)).recv()],
  ["barrier", () => world.barrier()],
  ["sync barrier", () => blocking(world).barrier()],
  ["broadcast", () => world.broadcast(undefined)],
];
const [name, wait] = waits[Number(process.argv[2])];
const bound = name.includes("barrier") || name === "broadcast";

// Warm, so that compiling the library is not counted.
for (let i = 0; i < 5; i++) {
  await world.barrier();
  await world.broadcast("x");
  if (rank === 0) for (let dest = 1; dest < size; dest++) await world.send("warm", dest);
  else await world.recv(0);
}
await sleep(50);
if (rank === 0) {
  await sleep(seconds * 1000);
  const began = performance.now();
  if (name.includes("barrier")) await world.barrier();
  else if (bound) await world.broadcast("now");
  else for (let dest = 1; dest < size; dest++) await world.send("now", dest);
  for (let i = 1; i < size; i++) await world.recv(ANY, { tag: 7 });
  // Generous: a rank that is not woken at all would be found out only by its own clock, or never.
  expect(performance.now() - began, "milliseconds until all have answered").to.be.lessThan(900);
} else {
  const before = process.cpuUsage();
  const began = performance.now();
  const value = await wait();
  const waited = performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  if (!name.includes("barrier")) expect(value).to.equal("now");
  expect(waited).to.be.greaterThan(seconds * 900);
  expect((user + system) / 1000, `CPU milliseconds in ${name}`).to.be.lessThan(150);
  await world.send("here", 0, { tag: 7 });
  compute(1);
}
await world.barrier();
ok();
