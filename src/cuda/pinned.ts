/** Typed arrays in page-locked memory, which the GPU reads and writes by itself, at the speed of the bus. */
import { describe } from "../describe.ts";
import { ArgumentError, type TypedArray } from "../index.ts";
import { native } from "../native.ts";
import { anyDevice } from "./device.ts";
import { dtypes } from "./dtype.ts";
import { failure } from "./library.ts";

const hosts: ReadonlySet<unknown> = new Set([
  ...[...dtypes.values()].map(({ host }) => host),
  Uint8ClampedArray,
]);

const buffers = new WeakSet<ArrayBufferLike>();

export interface PinnedConstructor<T extends TypedArray> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): T;
}

/**
 * A typed array of zeros in page-locked memory: uploads and downloads of it need no copy in between. It takes memory
 * from all other programs for as long as it lives, and milliseconds to make, so keep it for many transfers.
 * @throws {CudaError} the system gives no more such memory
 */
export function pinned<T extends TypedArray>(create: PinnedConstructor<T>, length: number): T {
  if (!hosts.has(create)) {
    throw new ArgumentError(
      `pinned(type, length): type must be the class of a typed array, such as Float32Array; got ${describe(create)}`,
    );
  }
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new ArgumentError(
      `pinned(${create.name}, length): length must be a whole number from 0; got ${describe(length)}`,
    );
  }
  anyDevice().use();
  const buffer = native().cudaPinned(Math.max(1, length) * create.BYTES_PER_ELEMENT);
  if (typeof buffer === "number") throw failure("cuMemHostAlloc", buffer, `pinning ${length} elements`);
  buffers.add(buffer);
  return new create(buffer, 0, length);
}

export function isPinned(array: ArrayBufferView): boolean {
  return buffers.has(array.buffer);
}
