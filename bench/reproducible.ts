/**
 * What `reproducible: true` costs: npx tsmpirun -n 2 bench/reproducible.ts
 *
 * Median time of batches of plain and reproducible calls by turns, by the clock of rank 0, and the median of the
 * ratios of neighbouring batches; then the cost of adding a number to an ExactSum.
 */
import { exactSum, sum, world } from "tsmpi";

const { sync, rank, size } = world;
const ROUNDS = 15;
const BATCH_MILLISECONDS = 15;

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];

function batch(call: () => void, calls: number): number {
  sync.barrier();
  const start = performance.now();
  for (let i = 0; i < calls; i++) call();
  sync.barrier();
  return ((performance.now() - start) * 1000) / calls;
}

function compare(name: string, plain: () => void, reproducible: () => void): void {
  // All ranks make the calls that rank 0 has found to fill a batch.
  let calls = 1;
  for (let left = 5; left > 0; left--) {
    const time = Math.max(batch(plain, calls), batch(reproducible, calls));
    calls = sync.broadcast(Math.max(3, Math.ceil((BATCH_MILLISECONDS * 1000) / time)));
  }
  const rounds = Array.from({ length: ROUNDS }, () => [batch(plain, calls), batch(reproducible, calls)]);
  if (rank > 0) return;
  const [without, with_] = [0, 1].map(i => median(rounds.map(round => round[i])));
  const ratio = median(rounds.map(([a, b]) => b / a));
  console.log(
    `${name.padEnd(34)} ${without.toFixed(1).padStart(10)} ${with_.toFixed(1).padStart(10)} us ${ratio.toFixed(2).padStart(7)}`,
  );
}

if (rank === 0) console.log(`${size} ranks${" ".repeat(31)}plain  reproducible    ratio`);
for (const length of [1, 128, 1024, 8192, 131_072, 1_000_000]) {
  // Of one magnitude, as in most programs, so that sums round but no element needs the slow way.
  const array = Float64Array.from({ length }, (_, i) => Math.sin(rank * length + i));
  const target = new Float64Array(length);
  const options = { reproducible: true };
  compare(
    `allreduceInto of ${length} doubles`,
    () => sync.allreduceInto(target, array, sum),
    () => sync.allreduceInto(target, array, sum, options),
  );
}

if (rank === 0) {
  const values = Float64Array.from({ length: 1_000_000 }, (_, i) => Math.sin(i) * 2 ** (i % 100));
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    void exactSum(values).value;
    return performance.now() - start;
  });
  console.log(`exactSum: ${median(times).toFixed(2)} ns for a number`);
}
