/** Pinned buffers for arrays on their way between a device and other ranks, kept for the next. */
import { CudaError, type TypedArray } from "../index.ts";
import type { Dtype } from "./dtype.ts";
import { isPinned, pinned } from "./pinned.ts";

/** Bytes of all of them. What is wanted beyond goes by ordinary memory, for pinning takes longer than another copy. */
const most = 256 * 2 ** 20;

/** Those that nobody uses. */
const kept: Uint8Array[] = [];
let pinnedBytes = 0;

function take(bytes: number): Uint8Array {
  // Powers of two, so that few sizes serve all arrays.
  const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, 4096)));
  const fitting = kept.findIndex(buffer => buffer.length === size);
  if (fitting >= 0) return kept.splice(fitting, 1)[0];
  if (pinnedBytes + size <= most) return made(size);
  const longer = kept.findIndex(buffer => buffer.length > size);
  return longer >= 0 ? kept.splice(longer, 1)[0] : new Uint8Array(bytes);
}

/** Where the system pins no more, ordinary memory does: what waits for a message that is announced must not be let down. */
function made(size: number): Uint8Array {
  try {
    const buffer = pinned(Uint8Array, size);
    pinnedBytes += size;
    return buffer;
  } catch (error) {
    if (error instanceof CudaError) return new Uint8Array(size);
    throw error;
  }
}

/** Long arrays go in parts of so many bytes, one on its way to the other rank while the next comes from the device. */
const partBytes = 64 * 2 ** 20;

/** How many parts there are; at least one. */
export function partsOf({ bytes }: Dtype, length: number): number {
  return Math.max(1, Math.ceil((length * bytes) / partBytes));
}

/** `staged` for one part after the other, of which the first element's place is told. */
export async function stagedInParts(
  dtype: Dtype,
  length: number,
  work: (array: TypedArray, from: number) => Promise<void>,
): Promise<void> {
  const most = partBytes / dtype.bytes;
  await staged(dtype, Math.min(length, most), async host => {
    for (let part = 0; part < partsOf(dtype, length); part++) {
      const from = part * most;
      await work(host.subarray(0, Math.min(most, length - from)), from);
    }
  });
}

/** Calls `work` with a typed array, pinned if that can be, of so many elements, whatever they hold. */
export async function staged<T>(
  { bytes, host }: Dtype,
  length: number,
  work: (array: TypedArray) => Promise<T>,
): Promise<T> {
  const buffer = take(length * bytes);
  try {
    return await work(new host(buffer.buffer, 0, length));
  } finally {
    if (isPinned(buffer)) kept.push(buffer);
  }
}
