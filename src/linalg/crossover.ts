/** When a matrix product is worth its way to the GPU and back, from what was measured on this machine. */
import type { Dtype } from "./types.ts";

/** The element types that can go to the GPU. */
export type OffloadDtype = Extract<Dtype, "float32" | "float64">;

/** Speeds measured in this process, for one element type. */
export interface DeviceFigures {
  /** Floating-point operations a second of the processor, with the threads that linalg uses now. */
  readonly cpu: number;
  /** The same of the GPU, on arrays that lie there. */
  readonly gpu: number;
  /** Bytes a second from a typed array to the GPU. */
  readonly upload: number;
  /** Bytes a second from the GPU to a typed array. */
  readonly download: number;
  /** Seconds that the least product takes there and back. */
  readonly latency: number;
}

/** Products of fewer operations than those of 192 x 192 matrices stay: all GPUs' latency is more than they take. */
const leastOperations = 2 * 192 ** 3;

/** Floating-point operations of an m x k by k x n product. */
export const operations = (m: number, n: number, k: number): number => 2 * m * n * k;

/** Whether it is worth knowing the figures. */
export const mayPay = (m: number, n: number, k: number): boolean => operations(m, n, k) >= leastOperations;

/** Seconds of an m x k by k x n product on typed arrays, by the processor and by way of the GPU. */
export function times(
  m: number,
  n: number,
  k: number,
  dtype: OffloadDtype,
  figures: DeviceFigures,
): { cpu: number; gpu: number } {
  const bytes = dtype === "float64" ? 8 : 4;
  const { cpu, gpu, upload, download, latency } = figures;
  const there = ((m * k + k * n) * bytes) / upload;
  const back = (m * n * bytes) / download;
  return {
    cpu: operations(m, n, k) / cpu,
    gpu: latency + there + operations(m, n, k) / gpu + back,
  };
}

/** The rule of `device: "auto"`: the product goes to the GPU when that takes less time by these figures. */
export function pays(m: number, n: number, k: number, dtype: OffloadDtype, figures: DeviceFigures): boolean {
  if (!mayPay(m, n, k)) return false;
  const { cpu, gpu } = times(m, n, k, dtype, figures);
  return gpu < cpu;
}

/** Rows and columns from which on a product of two square matrices goes to the GPU; infinity when none does. */
export function leastSquare(dtype: OffloadDtype, figures: DeviceFigures): number {
  const largest = 2 ** 17;
  if (!pays(largest, largest, largest, dtype, figures)) return Number.POSITIVE_INFINITY;
  // What is saved grows with n once anything is.
  let [low, high] = [0, largest];
  while (high - low > 1) {
    const n = Math.floor((low + high) / 2);
    if (pays(n, n, n, dtype, figures)) high = n;
    else low = n;
  }
  return high;
}
