/**
 * Device memory that is kept when an array is freed, for the next array of about its size: cuMemAlloc takes up to
 * milliseconds, and cuMemFree waits for the whole device. All work of a device is in one order (its stream), so that
 * memory may be reused at once: whoever had it before has finished when the next owner's work begins.
 */
import { DeviceMemoryError } from "../index.ts";

/** What the pool needs of a device. */
export interface Memory {
  /** An address, or undefined when there is no room for so many bytes. */
  allocate(bytes: number): number | undefined;
  free(address: number): void;
  /** Has arrays freed that nobody can reach any more. May take long. */
  collect(): void;
  /** Waits until nothing uses memory that has been given back. */
  settle(): void;
  /** What the driver says of the device, in bytes. */
  room(): { free: number; total: number };
  readonly name: string;
}

export interface Block {
  readonly address: number;
  /** At least what was asked for. */
  readonly bytes: number;
}

export interface PoolInfo {
  /** Bytes of arrays that live, rounded as they were allocated. */
  readonly used: number;
  /** Bytes kept for arrays to come. */
  readonly cached: number;
  /** The most that `used` has been. */
  readonly peak: number;
}

const small = 1 << 20;

/** Sizes that blocks have: powers of two up to 1 MiB, then multiples of 2 MiB, in which the driver maps memory. */
export function blockBytes(bytes: number): number {
  if (bytes <= 512) return 512;
  if (bytes <= small) return 2 ** Math.ceil(Math.log2(bytes));
  return Math.ceil(bytes / (2 * small)) * 2 * small;
}

const noun = (count: number): string => `${count.toLocaleString("en")} bytes`;

export class Pool {
  private readonly memory: Memory;
  /** Blocks kept, by size. */
  private readonly cache = new Map<number, number[]>();
  private used = 0;
  private cached = 0;
  private peak = 0;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  /** @throws {DeviceMemoryError} no room, even after everything kept has been given back to the driver, and garbage freed */
  take(bytes: number): Block {
    const size = blockBytes(bytes);
    let block = this.find(size);
    if (block === undefined) {
      this.memory.collect();
      block = this.find(size);
    }
    if (block === undefined) throw this.full(noun(bytes), bytes);
    this.used += block.bytes;
    this.peak = Math.max(this.peak, this.used);
    return block;
  }

  give(block: Block): void {
    this.used -= block.bytes;
    this.cached += block.bytes;
    const kept = this.cache.get(block.bytes);
    if (kept === undefined) this.cache.set(block.bytes, [block.address]);
    else kept.push(block.address);
  }

  /** Gives what is kept back to the driver. */
  trim(): void {
    if (this.cached === 0) return;
    this.memory.settle();
    for (const [bytes, addresses] of this.cache) {
      // Forgotten before it is freed: should that fail, nobody may get the address again.
      for (let address = addresses.pop(); address !== undefined; address = addresses.pop()) {
        this.cached -= bytes;
        this.memory.free(address);
      }
    }
    this.cache.clear();
  }

  info(): PoolInfo {
    return { used: this.used, cached: this.cached, peak: this.peak };
  }

  private fromCache(size: number): Block | undefined {
    // The least that fits, if little of it would be wasted.
    let best: number | undefined;
    for (const [bytes, addresses] of this.cache) {
      if (bytes < size || bytes > size * 1.125 || addresses.length === 0) continue;
      if (best === undefined || bytes < best) best = bytes;
    }
    if (best === undefined) return undefined;
    this.cached -= best;
    return { address: this.cache.get(best)!.pop()!, bytes: best };
  }

  /**
   * Calls what takes memory of the device by itself, and again without what is kept here if there was none; returns the
   * call's status, `none` being the one that says so.
   * @throws {DeviceMemoryError} still none
   */
  spare(what: string, none: number, work: () => number): number {
    let status = work();
    if (status === none && this.cached > 0) {
      this.trim();
      status = work();
    }
    if (status === none) throw this.full(what, Number.NaN);
    return status;
  }

  private find(size: number): Block | undefined {
    const kept = this.fromCache(size);
    if (kept !== undefined) return kept;
    let address = this.memory.allocate(size);
    if (address === undefined && this.cached > 0) {
      this.trim();
      address = this.memory.allocate(size);
    }
    return address === undefined ? undefined : { address, bytes: size };
  }

  /** The error of what finds no room: `bytes`, where it is known how many. */
  private full(what: string, bytes: number): DeviceMemoryError {
    const { free, total } = this.memory.room();
    return new DeviceMemoryError(
      `${this.memory.name} has no room for ${what}: ${noun(free)} of ${noun(total)} are free, ` +
        `arrays of this process hold ${noun(this.used)}; free arrays with \`using\` or free()`,
      bytes,
      free,
      total,
    );
  }
}
