/**
 * From which size on an awaited product is worth its way to the worker and back: npx tsx bench/linalg/crossover.ts
 *
 * Least time of several batches: a blocking call, and an awaited one with nothing else to do.
 */
import { gemm, info, Matrix, sync } from "tsmpi/linalg";

const ROUNDS = 20;

const micros = (milliseconds: number, calls: number): number => (milliseconds * 1000) / calls;

const { library, core, threads } = info();
console.log(`${library} ${core}, ${threads} threads`);
console.log("gemm n     sync       async   async - sync");
for (const n of [1, 16, 32, 64, 128, 192, 256, 512, 1024]) {
  const [a, b, c] = [0, 1, 2].map(() => Matrix.zeros(n, n).data.fill(1));
  const calls = Math.max(1, Math.min(1000, Math.round(2e7 / n ** 3)));
  let [blocking, awaited] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round++) {
    let start = performance.now();
    for (let i = 0; i < calls; i++) sync.gemm(n, n, n, a, b, c);
    blocking = Math.min(blocking, micros(performance.now() - start, calls));
    const few = Math.min(calls, 100);
    start = performance.now();
    for (let i = 0; i < few; i++) await gemm(n, n, n, a, b, c);
    awaited = Math.min(awaited, micros(performance.now() - start, few));
  }
  const [left, right, more] = [blocking, awaited, awaited - blocking].map(value => value.toFixed(1));
  console.log(
    `${String(n).padStart(6)} ${left.padStart(8)} us ${right.padStart(8)} us ${more.padStart(8)} us`,
  );
}
