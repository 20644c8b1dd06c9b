/** Device memory that one array and its views share, and who uses it now. */
import { ArgumentError } from "../index.ts";
import type { Device } from "./device.ts";
import type { Block } from "./pool.ts";

/** Bytes of a storage, from its start: those from `from` up to `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Whether some bytes are in both. */
export function share(a: Span, b: Span): boolean {
  return Math.max(a.from, b.from) < Math.min(a.to, b.to);
}

function meets(spans: ReadonlySet<Span>, span: Span): boolean {
  for (const other of spans) if (share(other, span)) return true;
  return false;
}

export class Storage {
  readonly device: Device;
  readonly bytes: number;
  private readonly block: Block;
  /** Arrays and transfers that hold it. */
  private holders = 1;
  /** Transfers run beside the stream of kernels, so that nothing else may touch their memory meanwhile. */
  private readonly downloads = new Set<Span>();
  private readonly uploads = new Set<Span>();

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

  /** @throws {ArgumentError} an upload to these bytes is under way */
  checkReadable(span: Span): void {
    if (meets(this.uploads, span)) {
      throw new ArgumentError("the device array is being uploaded to; await that first");
    }
  }

  /** @throws {ArgumentError} a transfer of these bytes is under way */
  checkWritable(span: Span): void {
    this.checkReadable(span);
    if (meets(this.downloads, span)) {
      throw new ArgumentError("the device array is being downloaded; await that first");
    }
  }

  /** Holds the memory while these bytes are downloaded. */
  async download<T>(span: Span, work: () => Promise<T>): Promise<T> {
    this.checkReadable(span);
    return this.during(this.downloads, span, work);
  }

  /** Holds the memory while these bytes are uploaded to. */
  async upload<T>(span: Span, work: () => Promise<T>): Promise<T> {
    this.checkWritable(span);
    return this.during(this.uploads, span, work);
  }

  /** Both at once, in this memory and another, which may be the same: what is read may be written over. */
  async transfer<T>(read: Span, target: Storage, written: Span, work: () => Promise<T>): Promise<T> {
    this.checkReadable(read);
    target.checkWritable(written);
    return this.during(this.downloads, read, () => target.during(target.uploads, written, work));
  }

  private async during<T>(transfers: Set<Span>, span: Span, work: () => Promise<T>): Promise<T> {
    // One of its own, for there may be two of the same bytes.
    const own = { ...span };
    this.hold();
    transfers.add(own);
    try {
      return await work();
    } finally {
      transfers.delete(own);
      this.release();
    }
  }
}
