/**
 * The figures of `bench/cuda/run.mjs`, on this side: lines of "name milliseconds", each the least of several, or of
 * "! name what went wrong". A row that fails is no reason to lose the others.
 */
import * as cuda from "tsmpi/cuda";
import { crossover, exp, sin } from "tsmpi/linalg";
import { Philox } from "tsmpi/random";

const n = Number(process.env.CUDA_BENCH_N ?? 10_000);
const elements = Number(process.env.CUDA_BENCH_ELEMENTS ?? 500_000_000);
const gpu = cuda.device();

function report(name: string, milliseconds: number): void {
  console.log(`${name} ${milliseconds}`);
}

/** Work of some rows, with memory of their own. */
async function rows(names: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    console.log(`! ${names} ${(error as Error).message.replaceAll("\n", "; ")}`);
  }
  gpu.trim();
}

/**
 * Milliseconds on the device of one call: the least of ten rounds, after two that warm up. Of short work so many calls in a
 * row that the device has the next one before it is done with the first.
 */
async function onDevice(name: string, call: () => void, calls = 1): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = -2; round < 10; round++) {
    using timer = gpu.timer();
    for (let i = 0; i < calls; i++) call();
    const milliseconds = await timer.stop();
    if (round >= 0) least = Math.min(least, milliseconds / calls);
  }
  report(name, least);
}

/** The same on the host's clock, for what is awaited. */
async function awaited(name: string, call: () => Promise<void>): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = -2; round < 10; round++) {
    const start = performance.now();
    await call();
    if (round >= 0) least = Math.min(least, performance.now() - start);
  }
  report(name, least);
}

async function drawn(shape: number | number[], dtype: cuda.DtypeName): Promise<cuda.DeviceArray> {
  using numbers = cuda.empty(shape, { dtype: dtype === "float64" ? "float64" : "float32" });
  cuda.randomInto(numbers, new Philox(1));
  await gpu.synchronize();
  return numbers.astype(dtype);
}

for (const [name, dtype, tf32] of [
  ["matmul-float32", "float32", false],
  ["matmul-tf32", "float32", true],
  ["matmul-bfloat16", "bfloat16", false],
  ["matmul-float16", "float16", false],
  ["matmul-float64", "float64", false],
] as const) {
  await rows(name, async () => {
    using a = await drawn([n, n], dtype);
    using b = await drawn([n, n], dtype);
    using c = cuda.empty([n, n], { dtype });
    await onDevice(name, () => cuda.matmulInto(c, a, b, { tf32 }));
  });
}
await rows("batched-64", async () => {
  const small = Math.min(n, 256);
  using a = await drawn([64, small, small], "float32");
  using b = await drawn([64, small, small], "float32");
  using c = cuda.empty([64, small, small]);
  await onDevice("batched-64", () => cuda.matmulInto(c, a, b), 20);
});
await rows("copy", async () => {
  using x = await drawn(elements, "float32");
  using y = cuda.empty(elements);
  await onDevice("copy", () => y.copyFrom(x), 10);
  await rows("exp+3sin", () =>
    onDevice("exp+3sin", () => cuda.mapInto(y, x, x => exp(x).add(sin(x).mul(3))), 10),
  );
  await rows("random", () => onDevice("random", () => cuda.randomInto(y, new Philox(2)), 10));
  await rows("sum", () => awaited("sum", async () => void (await cuda.reduce(x, x => x.sum()))));
});
await rows("transfers", async () => {
  const length = Math.min(elements, 2 ** 28);
  using x = cuda.zeros(length);
  await rows("pinned transfers", async () => {
    const pinned = cuda.pinned(Float32Array, length);
    await awaited("upload-pinned", () => x.upload(pinned));
    await awaited("download-pinned", () => x.downloadInto(pinned));
  });
  const plain = new Float32Array(length).fill(1);
  await awaited("upload", () => x.upload(plain));
  await awaited("download", () => x.downloadInto(plain));
});
for (const dtype of ["float32", "float64"] as const) {
  await rows(`crossover-${dtype}`, async () => {
    console.log(`# crossover-${dtype} ${JSON.stringify(await crossover(dtype))}`);
  });
}
