/** However fast messages come and go, timers and other events of the program get their turn. */
import { expect } from "chai";
import { max, world } from "tsmpi";
import { ok } from "./support.ts";

const period = 20;
const rounds = 200_000;
const peer = world.rank ^ 1;

/** Runs `body`, and returns how often a timer fired meanwhile and the longest time that it did not. */
async function timed(body: () => Promise<void>): Promise<{ ticks: number; gap: number; elapsed: number }> {
  const began = performance.now();
  let last = began;
  let ticks = 0;
  let gap = 0;
  const tick = (): void => {
    const now = performance.now();
    gap = Math.max(gap, now - last);
    last = now;
    ticks++;
  };
  const timer = setInterval(tick, period);
  await body();
  clearInterval(timer);
  gap = Math.max(gap, performance.now() - last);
  return { ticks, gap, elapsed: performance.now() - began };
}

async function pingPong(): Promise<void> {
  for (let i = 0; i < rounds; i++) {
    if (world.rank === 0) {
      await world.send(i, peer);
      await world.recv(peer);
    } else {
      await world.recv(peer);
      await world.send(i, peer);
    }
  }
}

async function oneWay(): Promise<void> {
  for (let i = 0; i < rounds; i++) {
    if (world.rank === 0) await world.send(i, peer);
    else await world.recv(peer);
  }
}

async function toOneself(): Promise<void> {
  for (let i = 0; i < rounds; i++) {
    await world.send(i, world.rank);
    await world.recv(world.rank);
  }
}

async function collectives(): Promise<void> {
  for (let i = 0; i < rounds / 10; i++) {
    await world.allreduce(i, max);
    await world.barrier();
  }
}

for (const body of [pingPong, oneWay, toOneself, collectives]) {
  const { ticks, gap, elapsed } = await timed(body);
  if (world.rank === 0)
    console.log(`${body.name}: ${ticks} ticks in ${elapsed.toFixed(0)} ms, longest gap ${gap.toFixed(0)} ms`);
  // A quarter of the ticks that an idle program would have, and never a long silence.
  if (elapsed > 10 * period) expect(ticks, body.name).to.be.greaterThan(elapsed / period / 4);
  expect(gap, `${body.name}: milliseconds without a tick`).to.be.lessThan(1000);
  await world.barrier();
}
ok();
