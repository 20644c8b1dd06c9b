/**
 * Products of typed arrays on a GPU, by tsmpi/cuda, which is loaded when the first product asks for it. Speeds are
 * measured once in a process, when a product is first left to choose.
 */
import { wordOf } from "../environment.ts";
import { ArgumentError, CudaError, CudaUnavailableError, DeviceMemoryError } from "../errors.ts";
import { native } from "../native.ts";
import { asynchronous } from "./call.ts";
import { type DeviceFigures, leastSquare, mayPay, type OffloadDtype, operations, pays } from "./crossover.ts";
import { level3 } from "./level3.ts";
import type { Dtype, FloatArray } from "./types.ts";

type Cuda = typeof import("../cuda/index.ts");

/** Where a product is computed: "auto" is where it is faster, the transfers included. */
export type DeviceChoice = "cpu" | "cuda" | "auto";

const choices: readonly unknown[] = ["cpu", "cuda", "auto"];

/** Undefined: what the environment says. */
let standard: DeviceChoice | undefined;

/**
 * Where awaited products of matrices (`matmul`, `Matrix.matmul`) are computed from now on, unless the call says: "cpu";
 * "cuda"; or "auto", on the GPU where that is faster. At first what `TSMPI_DEVICE` says, and without it "cpu".
 */
export function setDevice(device: DeviceChoice): void {
  standard = chosen("setDevice", device);
}

/** The choice of a call. @throws {ArgumentError} it is none, or TSMPI_DEVICE is none */
export function chosen(
  method: string,
  device: DeviceChoice = (standard ??=
    wordOf("TSMPI_DEVICE") ?? "cpu"),
): DeviceChoice {
  if (choices.includes(device)) return device;
  throw new ArgumentError(
    `${method}: device must be "cpu", "cuda" or "auto", but is ${JSON.stringify(device)}`,
  );
}

let loaded: Promise<Cuda> | undefined;

function load(): Promise<Cuda> {
  loaded ??= import("../cuda/index.ts");
  return loaded;
}

/** Why there can be no product on a GPU; undefined when there can. */
const missing = (cuda: Cuda): string | undefined => cuda.reason() ?? cuda.reason("cublas");

const isOffloadDtype = (dtype: Dtype): dtype is OffloadDtype => dtype === "float32" || dtype === "float64";

/** Dense rows, of the matrix or of its transpose. */
export interface Flat {
  readonly data: FloatArray;
  readonly rows: number;
  readonly columns: number;
  readonly transposed: boolean;
}

/**
 * Whether a product goes to the GPU. Loads and measures only for "auto", and only when the product is not small.
 * @throws {CudaUnavailableError} "cuda", and there is no GPU or no cuBLAS
 * @throws {ArgumentError} "cuda", and the matrices are complex
 */
export async function goesToDevice(
  device: DeviceChoice,
  m: number,
  n: number,
  k: number,
  dtype: Dtype,
): Promise<boolean> {
  if (device === "cpu") return false;
  if (!isOffloadDtype(dtype)) {
    if (device === "auto") return false;
    throw new ArgumentError(`matmul: the GPU multiplies float32 and float64, not ${dtype}; use device "cpu"`);
  }
  if (device === "cuda") {
    const reason = missing(await load());
    if (reason !== undefined) throw new CudaUnavailableError(`matmul on device "cuda": ${reason}`);
    return true;
  }
  if (!mayPay(m, n, k)) return false;
  if (missing(await load()) !== undefined) return false;
  try {
    return pays(m, n, k, dtype, await figuresFor(dtype));
  } catch (error) {
    // A device that is full, or does not start, is none.
    if (error instanceof DeviceMemoryError || error instanceof CudaError) return false;
    throw error;
  }
}

/**
 * Fills `target`, of dense rows, with the product of `a` and `b`.
 * @returns whether it has: false where the GPU has no room and the processor may do it instead
 * @throws {DeviceMemoryError} "cuda", and no room
 */
export async function multiplyOnDevice(
  device: DeviceChoice,
  a: Flat,
  b: Flat,
  target: FloatArray,
): Promise<boolean> {
  const cuda = await load();
  try {
    await multiplyThere(cuda, a, b, target);
    return true;
  } catch (error) {
    if (device === "auto" && error instanceof DeviceMemoryError) return false;
    throw error;
  }
}

async function multiplyThere(cuda: Cuda, a: Flat, b: Flat, target: FloatArray): Promise<void> {
  using left = await cuda.upload(a.data, [a.rows, a.columns]);
  using right = await cuda.upload(b.data, [b.rows, b.columns]);
  using first = a.transposed ? left.transpose() : left.reshape([a.rows, a.columns]);
  using second = b.transposed ? right.transpose() : right.reshape([b.rows, b.columns]);
  using product = cuda.matmul(first, second);
  await product.downloadInto(target);
}

/** What `device: "auto"` goes by for one element type. */
export interface Crossover extends DeviceFigures {
  /** Rows and columns from which on a product of two square matrices goes to the GPU; infinity when none does. */
  readonly n: number;
}

/**
 * The speeds by which `device: "auto"` decides, and the size that follows of them; measured when nothing has been yet.
 * @throws {CudaUnavailableError} there is no GPU, or no cuBLAS
 */
export async function crossover(dtype: OffloadDtype = "float64"): Promise<Crossover> {
  if (!isOffloadDtype(dtype)) {
    throw new ArgumentError(
      `crossover: dtype must be "float32" or "float64", but is ${JSON.stringify(dtype)}`,
    );
  }
  const reason = missing(await load());
  if (reason !== undefined) throw new CudaUnavailableError(reason);
  const figures = await figuresFor(dtype);
  return { ...figures, n: leastSquare(dtype, figures) };
}

/** By element type and number of threads, on which the processor's speed depends. */
const measured = new Map<string, Promise<DeviceFigures>>();

function figuresFor(dtype: OffloadDtype): Promise<DeviceFigures> {
  const key = `${dtype} ${native().linalgInfo().threads}`;
  let figures = measured.get(key);
  if (figures === undefined) {
    figures = load().then(cuda => measure(cuda, dtype));
    measured.set(key, figures);
    // A failure (no room on the device, say) is no figure: the next product measures again.
    figures.catch(() => measured.delete(key));
  }
  return figures;
}

/** A product has to take so many seconds to be timed. */
const enough = 2e-3;
const smallest = 256;
const largest = 4096;
const movedBytes = 16 << 20;
const rounds = 5;

async function measure(cuda: Cuda, dtype: OffloadDtype): Promise<DeviceFigures> {
  const device = cuda.device();
  const create = dtype === "float64" ? Float64Array : Float32Array;

  const host = new create(movedBytes / create.BYTES_PER_ELEMENT).fill(1);
  using moved = cuda.empty(host.length, { dtype });
  const upload = movedBytes / (await least(() => moved.upload(host)));
  const download = movedBytes / (await least(() => moved.downloadInto(host)));

  const few = 16;
  const side: Flat = { data: host.subarray(0, few * few), rows: few, columns: few, transposed: false };
  const result = new create(few * few);
  const latency = await least(() => multiplyThere(cuda, side, side, result));

  const cpu = await speed(largest, n => {
    const [a, b, c] = [0, 1, 2].map(() => new create(n * n).fill(1));
    const { gemm } = level3(asynchronous.run);
    return { run: () => gemm(n, n, n, a, b, c), [Symbol.dispose]: () => {} };
  });
  // Of what is free no more than a quarter, for others may want it.
  const room = Math.sqrt(device.memoryInfo().free / (4 * 2 * create.BYTES_PER_ELEMENT));
  const gpu = await speed(Math.min(largest, room), n => {
    const a = cuda.full([n, n], 1, { dtype });
    const c = cuda.empty([n, n], { dtype });
    return {
      run: () => {
        cuda.matmulInto(c, a, a);
        return device.synchronize();
      },
      [Symbol.dispose]: () => {
        a.free();
        c.free();
      },
    };
  });
  return { cpu, gpu, upload, download, latency };
}

/** Operations a second, at the first size up to `most` whose product takes long enough to be timed. */
async function speed(
  most: number,
  make: (n: number) => Disposable & { run(): Promise<void> },
): Promise<number> {
  for (let n = smallest; ; n *= 2) {
    using product = make(n);
    const seconds = await least(product.run);
    if (seconds >= enough || 2 * n > most) return operations(n, n, n) / seconds;
  }
}

/** Seconds of a call: the least of some, after one that warms up. */
async function least(call: () => Promise<void>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now();
    await call();
    if (round > 0) best = Math.min(best, (performance.now() - start) / 1000);
  }
  return best;
}
