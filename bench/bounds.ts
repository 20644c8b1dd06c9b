/**
 * Long arrays beside what memory allows: `npx tsmpirun -n 2 bench/bounds.ts`. A message is set beside one memcpy of its
 * array in one process. An allreduce, beside the same traffic without a word between the ranks: both read as many bytes
 * and write as many at once as none can do without (each array once, each target once), all of it memory of their own.
 */
import { sum, world } from "tsmpi";
import { dtypeOf } from "../src/codec/dtype.ts";
import { native } from "../src/native.ts";

const { rank, size, sync } = world;
const ROUNDS = 15;
const CHUNK = 8192;
if (size !== 2) throw new Error("this compares two ranks; start it with -n 2");

/** Milliseconds of one call, by the clock of rank 0. */
function timed(calls: number, call: () => void): number {
  sync.barrier();
  const start = performance.now();
  for (let i = 0; i < calls; i++) call();
  sync.barrier();
  return (performance.now() - start) / calls;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1];

/** Prints the median of both, and of the bound's share, whose parts are of the same round. */
function compare(what: string, calls: number, ours: () => void, bound: () => void): void {
  const pairs: [number, number][] = [];
  // The first rounds warm up.
  for (let round = -3; round < ROUNDS; round++) {
    const pair: [number, number] = [timed(calls, ours), timed(calls, bound)];
    if (round >= 0) pairs.push(pair);
  }
  const [time, least] = [0, 1].map(i => median(pairs.map(pair => pair[i as 0 | 1])));
  const share = median(pairs.map(([a, b]) => b / a));
  if (rank !== 0) return;
  console.log(`${what}: ${time.toFixed(2)} ms, the bound ${least.toFixed(2)} ms: ${share.toFixed(2)} of it`);
}

for (const mib of [8, 64]) {
  const length = (mib << 20) / 8;
  const given = new Float64Array(length).fill(rank + 1);
  const taken = new Float64Array(length).fill(9);
  const calls = Math.ceil(64 / mib);
  // One way, so that both sides of the comparison read one array and write one, however much a cache holds.
  const message = (): void => {
    if (rank === 0) sync.send(given, 1);
    else sync.recvInto(taken, 0);
  };
  const memcpy = (): void => {
    if (rank === 0) taken.set(given);
  };
  compare(`message of ${mib} MiB`, calls, message, memcpy);
  if (rank === 1 && taken.some(x => x !== 1)) throw new Error("another array has come");

  const other = new Float64Array(length).fill(3);
  const targets = [new Float64Array(length).fill(9), new Float64Array(length).fill(9)];
  const partial = new Float64Array(CHUNK);
  const { reduceArrays } = native();
  const { code } = dtypeOf(partial)!;
  const allreduce = (): void => sync.allreduceInto(targets[0], given, sum);
  const traffic = (): void => {
    for (let at = 0; at < length / 2; at += CHUNK) {
      reduceArrays(sum.code, code, partial, given.subarray(at, at + CHUNK), other.subarray(at, at + CHUNK));
      for (const target of targets) target.set(partial, at);
    }
  };
  compare(`allreduce of ${mib} MiB`, calls, allreduce, traffic);
  allreduce();
  if (targets[0].some(x => x !== 3)) throw new Error(`rank ${rank} has another sum`);
}
