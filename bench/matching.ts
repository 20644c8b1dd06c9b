/**
 * Matching in one process: a message to itself that others stand before, `npx tsmpirun -n 1 bench/matching.ts`. "kept" have
 * come and nobody has asked for them; "posted" are receives that wait for other tags. The slope is what one of them costs.
 */
import Benchmark from "benchmark";
import { ANY, world } from "tsmpi";

const { sync } = world;
const DEPTHS = [0, 10, 100, 1000, 10_000];
/** Tags of the messages that are in the way begin here. */
const OTHERS = 1000;

/** Nanoseconds of a message of 8 bytes to this rank, sent and received. */
function measure(source: number): number {
  let sent = 0;
  const pass = (): void => {
    sync.send(++sent, 0, { tag: 1 });
    if (sync.recv(source, { tag: 1 }) !== sent) throw new Error("another message has come");
  };
  const bench = new Benchmark(pass, { maxTime: 1 });
  // What `run` throws it keeps.
  bench.run();
  if (bench.error !== undefined) throw bench.error;
  return bench.stats.mean * 1e9;
}

async function keep(depth: number, work: () => number): Promise<number> {
  for (let i = 0; i < depth; i++) sync.send(i, 0, { tag: OTHERS + i });
  const time = work();
  for (let i = depth - 1; i >= 0; i--) {
    if (sync.recv(0, { tag: OTHERS + i }) !== i)
      throw new Error(`the message of tag ${OTHERS + i} is another`);
  }
  return time;
}

async function post(depth: number, work: () => number): Promise<number> {
  const receives = Array.from({ length: depth }, (_, i) => world.recv(0, { tag: OTHERS + i }));
  const time = work();
  for (let i = depth - 1; i >= 0; i--) sync.send(i, 0, { tag: OTHERS + i });
  const came = await Promise.all(receives);
  if (came.some((value, i) => value !== i)) throw new Error("a receive got the message of another");
  return time;
}

const columns = ["depth", "kept, ns", "from any", "posted, ns", "from any"];
console.log(columns.map(text => text.padStart(12)).join(""));
const base: number[] = [];
for (const depth of DEPTHS) {
  const times = [
    await keep(depth, () => measure(0)),
    await keep(depth, () => measure(ANY)),
    await post(depth, () => measure(0)),
    await post(depth, () => measure(ANY)),
  ];
  if (depth === 0) base.push(...times);
  console.log(
    [depth, ...times.map(time => Math.round(time))].map(cell => String(cell).padStart(12)).join(""),
  );
  if (depth === DEPTHS[DEPTHS.length - 1]) {
    const slopes = times.map((time, i) => ((time - base[i]) / depth).toFixed(2));
    console.log(["each", ...slopes].map(cell => cell.padStart(12)).join(""));
  }
}
