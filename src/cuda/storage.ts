/** Device memory that one array and its views share, and who uses it now. */
import { ArgumentError } from "../index.ts";
import type { Device } from "./device.ts";
import type { Block } from "./pool.ts";

export class Storage {
  readonly device: Device;
  readonly bytes: number;
  private readonly block: Block;
  /** Arrays and transfers that hold it. */
  private holders = 1;
  /** Transfers run beside the stream of kernels, so that nothing else may touch the memory meanwhile. */
  private downloads = 0;
  private uploading = false;

  constructor(device: Device, bytes: number) {
    this.device = device;
    this.bytes = bytes;
    this.block = device.pool.take(bytes);
  }

  get address(): number {
    return this.block.address;
  }

  hold(): void {
    this.holders++;
  }

  /** The last holder's release gives the memory back. */
  release(): void {
    if (--this.holders === 0) this.device.pool.give(this.block);
  }

  /** @throws {ArgumentError} an upload is under way */
  checkReadable(): void {
    if (this.uploading) throw new ArgumentError("the device array is being uploaded to; await that first");
  }

  /** @throws {ArgumentError} a transfer is under way */
  checkWritable(): void {
    this.checkReadable();
    if (this.downloads > 0) throw new ArgumentError("the device array is being downloaded; await that first");
  }

  /** Holds the memory while it is downloaded. */
  async download<T>(work: () => Promise<T>): Promise<T> {
    this.checkReadable();
    this.hold();
    this.downloads++;
    try {
      return await work();
    } finally {
      this.downloads--;
      this.release();
    }
  }

  /** Holds the memory while it is uploaded to. */
  async upload(work: () => Promise<void>): Promise<void> {
    this.checkWritable();
    this.hold();
    this.uploading = true;
    try {
      await work();
    } finally {
      this.uploading = false;
      this.release();
    }
  }
}

/** Frees what arrays that were collected held. */
export const abandoned: FinalizationRegistry<Storage> = new FinalizationRegistry(storage =>
  storage.release(),
);
