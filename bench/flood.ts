/**
 * A million messages sent at a rank that sleeps for two seconds: the sender is slowed down, memory stays bounded,
 * all messages arrive in order. Run with
 *
 *     npx tsmpirun -n 2 bench/flood.ts
 */
import { setTimeout as sleep } from "node:timers/promises";
import { sum, world } from "tsmpi";

const MESSAGES = 1_000_000;

if (world.size < 2) throw new Error("flood.ts needs 2 ranks: npx tsmpirun -n 2 bench/flood.ts");
const before = process.memoryUsage.rss();
let peak = before;
const watch = (): void => {
  peak = Math.max(peak, process.memoryUsage.rss());
};
const start = performance.now();
if (world.rank === 0) {
  for (let i = 0; i < MESSAGES; i++) {
    await world.send(i, 1);
    if (i % 10_000 === 0) watch();
  }
} else if (world.rank === 1) {
  await sleep(2000);
  watch();
  for (let i = 0; i < MESSAGES; i++) {
    const value = await world.recv<number>(0);
    if (value !== i) throw new Error(`message ${i} arrived as ${value}`);
    if (i % 10_000 === 0) watch();
  }
}
watch();
const seconds = (performance.now() - start) / 1000 - 2;
const grown = (await world.allreduce(peak - before, sum)) / 2 ** 20;
if (world.rank === 0) {
  const rate = (MESSAGES / seconds / 1e6).toFixed(2);
  console.log(
    `${MESSAGES} messages in order, ${rate} million a second; memory of the job grew by ${grown.toFixed(0)} MiB`,
  );
}
