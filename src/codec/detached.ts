/** Memory that was transferred away: to another thread, say. Arrays over it have a length of 0, as empty ones have. */

export const detachedRefusal = "its ArrayBuffer is detached (the memory was transferred to someone else)";

export function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** The same of an array's memory. The buffer of one that has elements is not asked for: a short array would have to make it. */
export function hasDetached(array: ArrayBufferView & { readonly length: number }): boolean {
  return array.length === 0 && isDetached(array.buffer);
}
