/** A modest argument has at most so many parts, where a text counts by its length. */
const PARTS = 256;
const UNITS_A_PART = 16;

/**
 * Whether an argument is a few primitives, by themselves or in lists and plain objects, as most are. Such a
 * one is not large and holds nothing of a pool, which takes several times as long to find out.
 */
export function isModest(value: unknown): boolean {
  return partsLeft(value, PARTS) >= 0;
}

function partsLeft(value: unknown, parts: number): number {
  if (typeof value === "string") return parts - value.length / UNITS_A_PART;
  if (typeof value !== "object" || value === null) return parts - 1;
  let left = parts - 1;
  if (Array.isArray(value)) {
    if (value.length > left) return -1;
    for (let i = 0; i < value.length && left >= 0; i++) left = partsLeft(value[i], left);
    return left;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return -1;
  for (const key in value) {
    if (left < 0) return left;
    left = partsLeft((value as Record<string, unknown>)[key], left);
  }
  return left;
}
