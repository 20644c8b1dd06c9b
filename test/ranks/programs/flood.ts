/**
 * Rank 0 floods rank 1, which for two seconds does not receive: it sleeps, or computes. Everything arrives in order
 * and the memory of the job stays where it was.
 *
 *     flood.ts numbers|arrays|objects|sync sleeps|computes COUNT
 */
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { world } from "tsmpi";
import { compute, ok, sleep } from "./support.ts";

const [what, busy] = process.argv.slice(2);
const count = Number(process.argv[4]);

/** MiB of resident memory now, and the most there has ever been. */
function memory(): { now: number; peak: number } {
  const status = readFileSync("/proc/self/status", "utf8");
  const field = (name: string): number => Number(new RegExp(`${name}:\\s*(\\d+) kB`).exec(status)![1]) / 1024;
  return { now: field("VmRSS"), peak: field("VmHWM") };
}

// What a program needs anyway: compiled code, and rings that have been written once.
for (let i = 0; i < 10_000; i++) {
  if (world.rank === 0) await world.send(i, 1);
  else await world.recv(0);
}
await world.barrier();
const before = memory();

const text = "x".repeat(1000);
if (world.rank === 0) {
  const array = new Float64Array(1);
  for (let i = 0; i < count; i++) {
    if (what === "numbers") await world.send(i, 1);
    else if (what === "objects") await world.send({ i, text }, 1);
    else {
      array[0] = i;
      if (what === "sync") world.sync.send(array, 1);
      else await world.send(array, 1);
    }
  }
} else {
  if (busy === "sleeps") await sleep(2000);
  else compute(2000);
  const target = new Float64Array(1);
  for (let i = 0; i < count; i++) {
    let came: number;
    if (what === "numbers") came = await world.recv<number>(0);
    else if (what === "objects") came = (await world.recv<{ i: number; text: string }>(0)).i;
    else {
      if (what === "sync") world.sync.recvInto(target, 0);
      else await world.recvInto(target, 0);
      came = target[0];
    }
    if (came !== i) throw new Error(`message ${i} holds ${came}`);
  }
}
const after = memory();
const growth = (await world.allgather(after.peak - before.now)).reduce((a, b) => a + b);
if (world.rank === 0) {
  console.log(
    `${count} ${what} at a rank that ${busy}: the job grew by ${growth.toFixed(0)} MiB at its peak`,
  );
}
expect(growth).to.be.lessThan(200e6 / 2 ** 20);
ok();
