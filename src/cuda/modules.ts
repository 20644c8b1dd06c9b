/** Kernels, loaded on first use and kept as long as the program lives, or the worker. PTX is compiled by the driver for its device. */
import { CudaError } from "../index.ts";
import { native } from "../native.ts";
import { driver, failure, obtain, outOfMemory } from "./library.ts";
import type { Pool } from "./pool.ts";
import { blockThreads } from "./ptx/kernel.ts";

// CUjit_option
const errorLogBuffer = 5;
const errorLogBytes = 6;

// Of cuLaunchKernel's `extra`.
const parametersAt = 1n;
const parametersBytes = 2n;

/** What the driver loads: PTX, or machine code. */
export type Image = string | Uint8Array;

const terminated = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);

const address = (view: ArrayBufferView): bigint => BigInt(native().addressOf(view));

/** Parameters of a launch, packed as the kernel declares them. cuLaunchKernel copies them, so one will do for all. */
const parameters = new Uint8Array(4096);
/** How many parameters a kernel can have; all take 8 bytes at most. */
export const mostParameters = parameters.length / 8;
const packing = new DataView(parameters.buffer);
const length = new BigUint64Array(1);
let extra: BigUint64Array | undefined;

/** One parameter: "u64" for addresses, strides and counts. */
export type Parameter = readonly [type: "u32" | "u64" | "f32" | "f64", value: number | bigint];

function pack(values: readonly Parameter[]): BigUint64Array {
  let at = 0;
  for (const [type, value] of values) {
    const bytes = type.endsWith("64") ? 8 : 4;
    at = Math.ceil(at / bytes) * bytes;
    if (type === "u64") packing.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
    else if (type === "u32") packing.setUint32(at, Number(value), true);
    else if (type === "f32") packing.setFloat32(at, Number(value), true);
    else packing.setFloat64(at, Number(value), true);
    at += bytes;
  }
  length[0] = BigInt(at);
  extra ??= new BigUint64Array([parametersAt, address(parameters), parametersBytes, address(length), 0n]);
  return extra;
}

/** The device, as far as kernels go. */
interface Launcher {
  readonly multiprocessors: number;
  readonly stream: number;
  readonly pool: Pool;
  use(): void;
  toString(): string;
}

export class Modules {
  private readonly device: Launcher;
  private readonly kernels = new Map<string, number>();

  constructor(device: Launcher) {
    this.device = device;
  }

  get multiprocessors(): number {
    return this.device.multiprocessors;
  }

  /**
   * How many blocks a grid-stride kernel gets that has so many turns to share out among threads. No more than 128 for
   * each multiprocessor, which runs about eight at a time: so the last of them, when others have nothing left to do, are
   * a sixteenth of the work at most, and blocks still are long enough to be worth their start.
   */
  blocksFor(turns: number): number {
    return Math.max(1, Math.min(Math.ceil(turns / blockThreads), this.device.multiprocessors * 128));
  }

  /** Runs the kernel `name`, which `write` gives when it is not loaded yet. */
  launch(name: string, write: () => Image, blocks: number, values: readonly Parameter[]): void {
    this.device.use();
    let kernel = this.kernels.get(name);
    if (kernel === undefined) {
      kernel = this.load(name, write());
      this.kernels.set(name, kernel);
    }
    const { stream } = this.device;
    const packed = pack(values);
    // The driver takes memory for what a kernel spills, and for the code of one that it loads.
    const status = this.device.pool.spare(name, outOfMemory, () =>
      driver().cuLaunchKernel(kernel, blocks, 1, 1, blockThreads, 1, 1, 0, stream, null, packed),
    );
    if (status !== 0) throw failure("cuLaunchKernel", status, `launching ${name}`);
  }

  private load(name: string, image: Image): number {
    const log = new Uint8Array(8192);
    const options = new Int32Array([errorLogBuffer, errorLogBytes]);
    const values = new BigUint64Array([address(log), BigInt(log.length)]);
    const out = new BigUint64Array(1);
    const bytes = typeof image === "string" ? terminated(image) : image;
    const status = this.device.pool.spare(name, outOfMemory, () =>
      driver().cuModuleLoadDataEx(out, bytes, options.length, options, values),
    );
    if (status !== 0) {
      const error = failure("cuModuleLoadDataEx", status, `compiling ${name} for ${this.device.toString()}`);
      const text = Buffer.from(log.subarray(0, Math.max(0, log.indexOf(0)))).toString();
      throw text === "" ? error : new CudaError(`${error.message}\n${text}`, error.call, status);
    }
    return obtain("cuModuleGetFunction", found =>
      driver().cuModuleGetFunction(found, Number(out[0]), terminated(name)),
    );
  }
}
