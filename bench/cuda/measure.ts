/** The figures of `bench/cuda/run.mjs`, on this side: lines of "name milliseconds", each the least of several. */
import * as cuda from "tsmpi/cuda";
import { Philox } from "tsmpi/random";

const n = Number(process.env.CUDA_BENCH_N ?? 10_000);
const elements = Number(process.env.CUDA_BENCH_ELEMENTS ?? 500_000_000);
const gpu = cuda.device();

function report(name: string, milliseconds: number): void {
  console.log(`${name} ${milliseconds}`);
}

/** Milliseconds on the device of one call: the least of ten rounds, after two that warm up. */
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
  ["matmul-float64", "float64", false],
] as const) {
  using a = await drawn([n, n], dtype);
  using b = await drawn([n, n], dtype);
  using c = cuda.empty([n, n], { dtype });
  await onDevice(name, () => cuda.matmulInto(c, a, b, { tf32 }));
}
{
  using a = await drawn([64, 256, 256], "float32");
  using b = await drawn([64, 256, 256], "float32");
  using c = cuda.empty([64, 256, 256]);
  await onDevice("batched-64x256", () => cuda.matmulInto(c, a, b), 20);
}
gpu.trim();
{
  using x = await drawn(elements, "float32");
  using y = cuda.empty(elements);
  await onDevice("copy", () => y.copyFrom(x));
  const { exp, sin } = await import("tsmpi/linalg");
  await onDevice("exp+3sin", () => cuda.mapInto(y, x, x => exp(x).add(sin(x).mul(3))));
  await onDevice("random", () => cuda.randomInto(y, new Philox(2)));
  await awaited("sum", async () => void (await cuda.reduce(x, x => x.sum())));
}
gpu.trim();
{
  const length = Math.min(elements, 2 ** 28);
  using x = cuda.zeros(length);
  const pinned = cuda.pinned(Float32Array, length);
  const plain = new Float32Array(length).fill(1);
  await awaited("upload-pinned", () => x.upload(pinned));
  await awaited("download-pinned", () => x.downloadInto(pinned));
  await awaited("upload", () => x.upload(plain));
  await awaited("download", () => x.downloadInto(plain));
}
