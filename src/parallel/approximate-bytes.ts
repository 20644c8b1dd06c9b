/**
 * About the bytes of a value in a message, as far as they are not more than `limit`: then, and for what cannot travel,
 * Infinity.
 */
export function approximateBytes(value: unknown, limit: number): number {
  let bytes = 0;
  const open: unknown[] = [value];
  const seen = new Set<object>();
  while (open.length > 0) {
    const part = open.pop();
    bytes += 8;
    if (typeof part === "string") bytes += 2 * part.length;
    else if (typeof part === "function" || typeof part === "symbol") return Number.POSITIVE_INFINITY;
    else if (typeof part === "object" && part !== null && !seen.has(part)) {
      seen.add(part);
      if (ArrayBuffer.isView(part) || part instanceof ArrayBuffer || part instanceof SharedArrayBuffer) {
        bytes += part.byteLength;
      } else if (Array.isArray(part) && part.length > limit) return Number.POSITIVE_INFINITY;
      else if (part instanceof Map) open.push(...part.keys(), ...part.values());
      else if (part instanceof Set) open.push(...part);
      else open.push(...Object.values(part));
    }
    if (bytes > limit) return Number.POSITIVE_INFINITY;
  }
  return bytes;
}
