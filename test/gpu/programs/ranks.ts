/** Messages, collectives and a distributed product of ranks on this host's GPUs: on fresh random data, against the host. */
import assert from "node:assert/strict";
import { sum, world } from "tsmpi";
import * as cuda from "tsmpi/cuda";
import { Generator, Philox } from "tsmpi/random";

const { rank, size } = world;
const gpus = await cuda.over(world);
const seed = await world.broadcast(rank === 0 ? Math.floor(Math.random() * 2 ** 32) : 0);

/** Alike on all ranks that ask for the same. */
const drawn = (of: number, n: number): Float64Array => new Generator(new Philox(seed + of)).random(n);

const [next, before] = [(rank + 1) % size, (rank + size - 1) % size];

// Short ones by the host, long ones where they lie, if the driver opens them.
for (const n of [10, 1000, 1_000_003, 8_000_000]) {
  using mine = await cuda.upload(drawn(rank, n));
  using target = cuda.full(n, Number.NaN, { dtype: "float64" });
  const start = performance.now();
  await Promise.all([gpus.recvInto(target, before), gpus.send(mine, next)]);
  const seconds = (performance.now() - start) / 1000;
  assert.deepEqual(await target.download(), drawn(before, n));
  if (rank === 0 && n === 8_000_000)
    console.log(`ring of ${size}: ${(n * 8) / 2 ** 20} MiB in ${seconds.toFixed(4)} s`);
}

const reason = await gpus.ncclReason();
if (rank === 0)
  console.log(reason === undefined ? "collectives by NCCL" : `collectives by the host: ${reason}`);
{
  const n = 1_000_001;
  const expected = new Float64Array(n);
  for (let of = 0; of < size; of++) drawn(of, n).forEach((value, i) => void (expected[i] += value));
  const close = (got: Float64Array): void => {
    for (let i = 0; i < n; i++) assert.ok(Math.abs(got[i] - expected[i]) <= 1e-12, `element ${i}`);
  };
  using mine = await cuda.upload(drawn(rank, n));
  using target = cuda.full(n, Number.NaN, { dtype: "float64" });
  await gpus.allreduceInto(target, mine, sum);
  close((await target.download()) as Float64Array);
  target.fill(Number.NaN);
  await gpus.reduceInto(target, mine, sum);
  if (rank === 0) close((await target.download()) as Float64Array);
  using every = cuda.full([size, n], Number.NaN, { dtype: "float64" });
  await gpus.allgatherInto(every, mine);
  using last = every.slice([size - 1, size]);
  assert.deepEqual(await last.download(), drawn(size - 1, n));
  await gpus.broadcastInto(mine, { root: size - 1 });
  assert.deepEqual(await mine.download(), drawn(size - 1, n));
  target.fill(Number.NaN);
  await gpus.scatterInto(target, every);
  assert.deepEqual(await target.download(), drawn(rank, n));
  every.fill(Number.NaN);
  await gpus.gatherInto(every, target);
  if (rank === 0) assert.deepEqual(await last.download(), drawn(size - 1, n));
  using exchanged = cuda.full([size, 3], Number.NaN, { dtype: "float64" });
  using given = await cuda.upload(Float64Array.from({ length: 3 * size }, (_, i) => rank * 1000 + i));
  await gpus.alltoallInto(exchanged, given);
  assert.deepEqual(
    await exchanged.download(),
    Float64Array.from({ length: 3 * size }, (_, i) => Math.floor(i / 3) * 1000 + rank * 3 + (i % 3)),
  );
  using part = cuda.full(3, Number.NaN, { dtype: "float64" });
  await gpus.reduceScatterInto(part, given, sum);
  assert.deepEqual(
    await part.download(),
    Float64Array.from({ length: 3 }, (_, i) => (size * (size - 1) * 1000) / 2 + size * (rank * 3 + i)),
  );
}

// Blocks of rows go round the ring while others are multiplied.
{
  const [m, k, n] = [70, 90, 110];
  const [a, b] = [drawn(100 + rank, m * k * size), drawn(200 + rank, k * n)];
  using left = await cuda.upload(a, [m, k * size]);
  using right = await cuda.upload(b, [k, n]);
  // So that the product's memory holds nothing that was right before.
  const poisoned = Array.from({ length: 4 }, () => cuda.full([m, n], Number.NaN, { dtype: "float64" }));
  for (const array of poisoned) array.free();
  using c = await cuda.matmulRows(gpus, left, right);
  const got = (await c.download()) as Float64Array;
  for (let check = 0; check < 200; check++) {
    const [i, j] = [Math.floor(Math.random() * m), Math.floor(Math.random() * n)];
    let dot = 0;
    for (let of = 0; of < size; of++) {
      const rows = of === rank ? b : drawn(200 + of, k * n);
      for (let at = 0; at < k; at++) dot += a[i * k * size + of * k + at] * rows[at * n + j];
    }
    assert.ok(Math.abs(got[i * n + j] - dot) < 1e-11, `element ${i}, ${j}`);
  }
}

// Halves and int8.
{
  const dtype = "bfloat16";
  using mine = cuda.full(1001, rank + 0.5, { dtype });
  using total = cuda.full(1001, Number.NaN, { dtype });
  await gpus.allreduceInto(total, mine, sum);
  using numbers = total.astype("float64");
  assert.deepEqual(await numbers.download(), new Float64Array(1001).fill((size * size) / 2));
  using left = cuda.full([24, 16 * size], 100, { dtype: "int8" });
  using right = cuda.full([16, 8], -rank, { dtype: "int8" });
  using c = await cuda.matmulRows(gpus, left, right);
  assert.deepEqual(await c.download(), new Int32Array(24 * 8).fill(-800 * size * (size - 1)));
}
await gpus.free();
console.log(`rank ${rank} ok`);
