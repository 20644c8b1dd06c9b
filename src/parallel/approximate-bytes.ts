import { Visited } from "./visited.ts";

// Answers at once for a string that V8 stores with one byte a unit, whatever its length.
const beyondLatin1 = /[^\0-\xff]/;

/**
 * About the bytes of a value in a message, as far as they are not more than `limit`: then, and for what cannot travel,
 * Infinity.
 */
export function approximateBytes(value: unknown, limit: number): number {
  let bytes = 0;
  const open: unknown[] = [value];
  const visited = new Visited();
  while (open.length > 0) {
    const part = open.pop();
    bytes += 8;
    if (typeof part === "string") bytes += beyondLatin1.test(part) ? 2 * part.length : part.length;
    else if (typeof part === "function" || typeof part === "symbol") return Number.POSITIVE_INFINITY;
    else if (typeof part === "object" && part !== null && visited.add(part)) {
      if (ArrayBuffer.isView(part) || part instanceof ArrayBuffer || part instanceof SharedArrayBuffer) {
        bytes += part.byteLength;
      } else if (Array.isArray(part)) {
        if (8 * part.length > limit) return Number.POSITIVE_INFINITY;
        for (const item of part) open.push(item);
      } else if (part instanceof Map) {
        for (const [key, item] of part) open.push(key, item);
      } else if (part instanceof Set) {
        for (const item of part) open.push(item);
      } else {
        for (const item of Object.values(part)) open.push(item);
      }
    }
    if (bytes > limit) return Number.POSITIVE_INFINITY;
  }
  return bytes;
}
