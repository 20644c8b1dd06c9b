/**
 * What the tests on a GPU share. Each of them is skipped, with the reason, where there is none. In a run of all tests the fake
 * driver stands for one, which those of `test/cuda` have loaded before: it shows that the tests themselves are right.
 */
import * as cuda from "tsmpi/cuda";

export const random = (n: number): Float64Array =>
  Float64Array.from({ length: n }, () => Math.random() * 2 - 1);

/** The norm of the difference over the norm; NaN where anything is. */
export function relativeError(got: ArrayLike<number>, right: ArrayLike<number>): number {
  let [off, size] = [0, 0];
  for (let i = 0; i < right.length; i++) {
    off += (got[i] - right[i]) ** 2;
    size += right[i] ** 2;
  }
  return Math.sqrt(off / size);
}

/** Elements as float64, through the device's own conversion. */
export async function wide(array: cuda.DeviceArray): Promise<Float64Array> {
  using converted = array.astype("float64");
  return (await converted.download()) as Float64Array;
}

/** Has the next arrays of about so many bytes lie where only NaN was, and -1 for integers: what is right there was put there. */
export function poison(bytes: number): void {
  const blocks = Array.from({ length: 8 }, () =>
    cuda.full(Math.ceil(bytes / 2), 0xffff, { dtype: "uint16" }),
  );
  for (const block of blocks) block.free();
}

/** So many elements on a GPU; the fake driver, which interprets kernels, has a hundredth. */
export function many(n: number): number {
  return cuda.device().name.startsWith("Fake") ? Math.ceil(n / 100) : n;
}

/** For a `before`: skips what follows where there is no GPU, or not this library. */
export function needsGpu(context: Mocha.Context, library?: "cublas" | "nvrtc" | "nccl"): void {
  const reason = cuda.reason() ?? (library && cuda.reason(library));
  if (reason === undefined) {
    console.log(`      on ${cuda.device().name}`);
    return;
  }
  console.warn(`      skipped: ${reason}`);
  context.skip();
}
