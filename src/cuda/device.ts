/** The GPUs of this host, one object each: context, streams, memory and compiled kernels. */
import { inspect } from "node:util";
import { describe as inWords } from "../describe.ts";
import { ArgumentError, DeviceMemoryError, world } from "../index.ts";
import { native } from "../native.ts";
import { dtypeNamed } from "./dtype.ts";
import { collectGarbage } from "./holding.ts";
import {
  attribute,
  blockingSync,
  call,
  capabilityOf,
  deviceCount,
  driver,
  failure,
  handleOf,
  obtain,
  outOfMemory,
  reason,
  settled,
} from "./library.ts";
import { Modules } from "./modules.ts";
import { Pool, type PoolInfo } from "./pool.ts";
import { Timer } from "./timer.ts";

export interface DeviceInfo {
  readonly index: number;
  readonly name: string;
  /** "9.0" */
  readonly computeCapability: string;
  readonly multiprocessors: number;
  /** Bytes. */
  readonly memory: number;
  /** Stays with the device across restarts and CUDA_VISIBLE_DEVICES. */
  readonly uuid: string;
}

// CUdevice_attribute
const multiprocessorCount = 16;

// CUresult of cuCtxEnablePeerAccess: enabled already, by somebody else in this process; not to be had, or not for one more.
const reachable = [704, 217, 711];

/** Streams for copies from other processes, with a native thread each. */
const mostPeers = 4;

// Flags of cuStreamCreate and cuEventCreate.
const nonBlocking = 1;
const withoutTiming = 2;

function describe(index: number): DeviceInfo {
  const handle = handleOf(index);
  const name = new Uint8Array(256);
  call("cuDeviceGetName", name, name.length, handle);
  const uuid = new Uint8Array(16);
  call("cuDeviceGetUuid", uuid, handle);
  return {
    index,
    name: Buffer.from(name.subarray(0, name.indexOf(0))).toString(),
    computeCapability: capabilityOf(handle),
    multiprocessors: attribute(handle, multiprocessorCount),
    memory: obtain("cuDeviceTotalMem_v2", out => driver().cuDeviceTotalMem_v2(out, handle)),
    uuid: Buffer.from(uuid).toString("hex"),
  };
}

/** The GPUs that this process may use; none, without an error, where CUDA cannot be used (`reason` says why). */
export function devices(): readonly DeviceInfo[] {
  if (reason() !== undefined) return [];
  return Array.from({ length: deviceCount() }, (_, index) => describe(index));
}

/**
 * A GPU. What is called on it begins at once or when what was called before has ended, in the order of the calls,
 * while the program goes on; only promises wait. An error of a kernel therefore comes with a later promise.
 */
export class Device implements DeviceInfo {
  readonly index: number;
  readonly name: string;
  readonly computeCapability: string;
  readonly multiprocessors: number;
  readonly memory: number;
  readonly uuid: string;
  /** Of arrays. @internal */
  readonly pool: Pool;
  /** @internal */
  readonly modules: Modules;
  /** @internal */
  readonly context: number;
  /** In which kernels and copies within the device run. @internal */
  readonly stream: number;
  private readonly uploads: number;
  private readonly downloads: number;
  /** For copies from other processes. */
  private readonly peers: { readonly stream: number; copies: number }[] = [];
  private readonly events: number[] = [];
  private readonly moving = new Set<Promise<unknown>>();
  /** Devices from which copies have been asked for. */
  private readonly reached = new Set<Device>();

  /** Programs get devices from `device`. */
  constructor(index: number) {
    const info = describe(index);
    this.index = index;
    this.name = info.name;
    this.computeCapability = info.computeCapability;
    this.multiprocessors = info.multiprocessors;
    this.memory = info.memory;
    this.uuid = info.uuid;
    const handle = handleOf(index);
    this.context = obtain("cuDevicePrimaryCtxRetain", out => {
      const status = driver().cuDevicePrimaryCtxRetain(out, handle);
      if (status !== outOfMemory) return status;
      throw new DeviceMemoryError(
        `${this.toString()} has no room to start (cuDevicePrimaryCtxRetain): other programs hold its ${info.memory.toLocaleString("en")} bytes`,
        Number.NaN,
        Number.NaN,
        info.memory,
      );
    });
    this.use();
    this.pool = new Pool({
      name: `device ${index} (${info.name})`,
      allocate: bytes => this.allocate(bytes),
      free: address => {
        this.use();
        call("cuMemFree_v2", address);
      },
      collect: collectGarbage,
      settle: () => {
        this.use();
        call("cuStreamSynchronize", this.stream);
      },
      room: () => this.room(),
    });
    this.stream = this.createStream();
    this.uploads = this.createStream();
    this.downloads = this.createStream();
    this.modules = new Modules(this);
  }

  /** Makes this the device that the driver's calls mean. Whatever was before: others in the process may use CUDA, too. @internal */
  use(): void {
    call("cuCtxSetCurrent", this.context);
  }

  /**
   * Resolves when all that was called on this device has ended: kernels, copies, uploads and downloads, whose errors
   * come with their own promises. @throws {CudaError} a kernel failed meanwhile
   */
  async synchronize(): Promise<void> {
    const moving = [...this.moving];
    await this.marked(event => this.until(event));
    await Promise.allSettled(moving);
  }

  /** A stopwatch on the device: it has started. */
  timer(): Timer {
    return new Timer(this);
  }

  /** What this process holds of the device's memory. */
  memoryInfo(): PoolInfo & { readonly free: number; readonly total: number } {
    return { ...this.pool.info(), ...this.room() };
  }

  /** Gives memory that is kept for arrays to come back to the driver, for other processes. */
  trim(): void {
    this.pool.trim();
  }

  /**
   * Moves a typed array to the device or from it; the promise resolves when it has been read or written. The transfer
   * begins when `event` has come: when all that was called so far has ended, unless said.
   * @internal
   */
  async transfer(
    upload: boolean,
    address: number,
    array: ArrayBufferView,
    pinned: boolean,
    event?: number,
  ): Promise<void> {
    if (array.byteLength === 0) return;
    if (event === undefined)
      return await this.marked(now => this.transfer(upload, address, array, pinned, now));
    const stream = upload ? this.uploads : this.downloads;
    // Node-API knows nothing of Float16Array, of which only the bits matter here.
    const bits =
      array instanceof dtypeNamed("float16").host
        ? new Uint16Array(array.buffer, array.byteOffset, array.byteLength / 2)
        : array;
    await this.move(
      settled(
        native().cudaTransfer(upload, this.context, stream, event, address, bits, pinned),
        upload ? "uploading" : "downloading",
      ),
    );
  }

  /** What runs beside the stream of kernels. */
  private async move<T>(work: Promise<T>): Promise<T> {
    this.moving.add(work);
    try {
      return await work;
    } finally {
      this.moving.delete(work);
    }
  }

  /** Gives `work`, a copy from another process, the stream where it waits for the fewest others. @internal */
  async besidePeers<T>(work: (stream: number) => Promise<T>): Promise<T> {
    let [peer] = this.peers.sort((a, b) => a.copies - b.copies);
    if (this.peers.length < mostPeers && (peer === undefined || peer.copies > 0)) {
      peer = { stream: this.createStream(), copies: 0 };
      this.peers.push(peer);
    }
    peer.copies++;
    try {
      return await this.move(work(peer.stream));
    } finally {
      peer.copies--;
    }
  }

  /** Gives `work` an event that comes when all that was called so far has ended. @internal */
  async marked<T>(work: (event: number) => Promise<T>): Promise<T> {
    const event = this.mark();
    try {
      return await work(event);
    } finally {
      this.events.push(event);
    }
  }

  /** What is called here from now on waits until all called on the other device so far has ended. @internal */
  after(other: Device): void {
    const event = other.mark();
    this.use();
    call("cuStreamWaitEvent", this.stream, event, 0);
    other.events.push(event);
  }

  /** Copies from the other device go straight, where the hardware can; else the driver takes them by the host. @internal */
  reach(other: Device): void {
    if (this.reached.has(other)) return;
    const can = new Int32Array(1);
    call("cuDeviceCanAccessPeer", can, handleOf(this.index), handleOf(other.index));
    if (can[0] !== 0) {
      this.use();
      const status = driver().cuCtxEnablePeerAccess(other.context, 0);
      if (status !== 0 && !reachable.includes(status)) throw failure("cuCtxEnablePeerAccess", status);
    }
    this.reached.add(other);
  }

  toString(): string {
    return `device ${this.index} (${this.name})`;
  }

  /** As console.log shows it. */
  [inspect.custom](): string {
    return this.toString();
  }

  /** Resolves when an event of the stream of kernels has come. @internal */
  async until(event: number): Promise<void> {
    await settled(native().cudaWait(this.context, this.stream, event));
  }

  private mark(): number {
    this.use();
    const event = this.events.pop() ?? this.createEvent(blockingSync | withoutTiming);
    call("cuEventRecord", event, this.stream);
    return event;
  }

  /** @internal */
  createStream(): number {
    this.use();
    return obtain("cuStreamCreate", out =>
      this.pool.spare("a stream", outOfMemory, () => driver().cuStreamCreate(out, nonBlocking)),
    );
  }

  private createEvent(flags: number): number {
    return obtain("cuEventCreate", out =>
      this.pool.spare("an event", outOfMemory, () => driver().cuEventCreate(out, flags)),
    );
  }

  private allocate(bytes: number): number | undefined {
    this.use();
    const out = new BigUint64Array(1);
    const status = driver().cuMemAlloc_v2(out, bytes);
    if (status === outOfMemory) return undefined;
    if (status !== 0) throw failure("cuMemAlloc_v2", status);
    return Number(out[0]);
  }

  private room(): { free: number; total: number } {
    this.use();
    const free = new BigUint64Array(1);
    const total = new BigUint64Array(1);
    call("cuMemGetInfo_v2", free, total);
    return { free: Number(free[0]), total: Number(total[0]) };
  }
}

const opened: (Device | undefined)[] = [];

/** One that this process uses already, or else this rank's: for what any of them will do. */
export function anyDevice(): Device {
  return opened.find(one => one !== undefined) ?? device();
}

/** When all that was called on any device of this process has ended. */
export async function synchronizeAll(): Promise<void> {
  const all = opened.filter(device => device !== undefined);
  await Promise.all(all.map(device => device.synchronize()));
}

/**
 * A GPU: the one with this index, or, so that ranks of a host share them out, that of this rank's number on its host.
 * @throws {CudaUnavailableError} CUDA cannot be used
 * @throws {ArgumentError} there is no such device
 */
export function device(index?: number): Device {
  const there = deviceCount();
  const which = index === undefined ? world.host.rank % there : index;
  if (typeof which !== "number") {
    throw new ArgumentError(`a device is what device() gives, or its index; got ${inWords(which)}`);
  }
  if (!Number.isInteger(which) || which < 0 || which >= there) {
    throw new ArgumentError(`there is no device ${index}; this process has ${there}, numbered from 0`);
  }
  return (opened[which] ??= new Device(which));
}
