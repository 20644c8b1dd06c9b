/**
 * 64 bits that tell contents apart. Not for secrets: node:crypto would do as well, but loading it costs the
 * launcher 5 ms at every start, and a person can only harm the cache that is theirs anyway.
 */
export function contentHash(bytes: Uint8Array | Uint32Array): string {
  let a = 0xdeadbeef ^ bytes.length;
  let b = 0x41c6ce57 ^ bytes.length;
  for (let i = 0; i < bytes.length; i++) {
    a = Math.imul(a ^ bytes[i], 2654435761);
    b = Math.imul(b ^ bytes[i], 1597334677);
    a ^= a >>> 15;
    b ^= b >>> 13;
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return [a, b].map(word => (word >>> 0).toString(16).padStart(8, "0")).join("");
}
