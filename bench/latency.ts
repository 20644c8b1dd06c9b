/**
 * Ping-pong between ranks 0 and 1: half a round trip, awaited and blocking. Run with
 *
 *     npx tsmpirun -n 2 bench/latency.ts
 *
 * Batches of both faces alternate, because the cores of a shared machine change speed; the median batch counts.
 */
import { world } from "tsmpi";

const BATCHES = 15;
const sizes = [8, 64, 1024, 8192, 65536, 1 << 20];
const peer = 1 - world.rank;

async function awaited(array: Float64Array, rounds: number): Promise<void> {
  for (let i = 0; i < rounds; i++) {
    if (world.rank === 0) await world.send(array, peer);
    await world.recvInto(array, peer);
    if (world.rank === 1) await world.send(array, peer);
  }
}

function blocking(array: Float64Array, rounds: number): void {
  const { sync } = world;
  for (let i = 0; i < rounds; i++) {
    if (world.rank === 0) sync.send(array, peer);
    sync.recvInto(array, peer);
    if (world.rank === 1) sync.send(array, peer);
  }
}

function describe(microseconds: number[]): string {
  const sorted = microseconds.toSorted((a, b) => a - b);
  const figures = [sorted[sorted.length >> 1], sorted[0], sorted[sorted.length - 1]];
  return figures.map(figure => figure.toFixed(2).padStart(9)).join("");
}

if (world.size < 2) throw new Error("latency.ts needs 2 ranks: npx tsmpirun -n 2 bench/latency.ts");
if (world.rank === 0) console.log("half round trip in us: median, minimum, maximum of the batches\n");
if (world.rank === 0) console.log(`${"bytes".padStart(8)}  awaited${" ".repeat(22)}blocking`);
for (const bytes of world.rank < 2 ? sizes : []) {
  const array = new Float64Array(bytes / 8).fill(world.rank);
  const rounds = Math.max(50, Math.min(50_000, Math.round(4e7 / (bytes + 800))));
  const figures: [number[], number[]] = [[], []];
  for (let batch = -3; batch < BATCHES; batch++) {
    const start = performance.now();
    await awaited(array, rounds);
    const middle = performance.now();
    blocking(array, rounds);
    const end = performance.now();
    if (batch < 0) continue;
    figures[0].push(((middle - start) / rounds / 2) * 1000);
    figures[1].push(((end - middle) / rounds / 2) * 1000);
  }
  if (world.rank === 0) {
    console.log(`${String(bytes).padStart(8)}${describe(figures[0])}   ${describe(figures[1])}`);
  }
}
await world.barrier();
