/**
 * What stands in lists, plain objects, Maps and Sets, at any depth: nodes of a graph, values that a pool shares. In
 * objects of other classes nothing is looked for.
 */
import { Visited } from "./visited.ts";

/** Those in a value, or the value itself, each once, in the order in which they stand there. */
export function findIn<T extends object>(value: unknown, is: (part: object) => part is T): T[] {
  const found: T[] = [];
  const visited = new Visited();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const part = open.pop();
    if (typeof part !== "object" || part === null) continue;
    if (is(part)) {
      if (visited.add(part)) found.push(part);
      continue;
    }
    const parts = partsOf(part);
    if (parts === undefined || !visited.add(part)) continue;
    for (let i = parts.length - 1; i >= 0; i--) if (typeof parts[i] === "object") open.push(parts[i]);
  }
  return found;
}

/** A copy with other values in their places; what holds none is not copied. */
export function replaceIn<T extends object>(
  value: unknown,
  is: (part: object) => part is T,
  by: (part: T) => unknown,
): unknown {
  const copies = new Map<unknown, unknown>();
  const replace = (part: unknown): unknown => {
    if (typeof part !== "object" || part === null) return part;
    if (is(part)) return by(part);
    if (findIn(part, is).length === 0) return part;
    if (copies.has(part)) return copies.get(part);
    if (part instanceof Map) {
      const copy = new Map();
      copies.set(part, copy);
      for (const [key, item] of part) copy.set(replace(key), replace(item));
      return copy;
    }
    if (part instanceof Set) {
      const copy = new Set();
      copies.set(part, copy);
      for (const item of part) copy.add(replace(item));
      return copy;
    }
    const copy: object = Array.isArray(part) ? new Array(part.length) : {};
    copies.set(part, copy);
    for (const [key, item] of Object.entries(part)) {
      // As an assignment would not do with "__proto__".
      Object.defineProperty(copy, key, {
        value: replace(item),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
    return copy;
  };
  return replace(value);
}

/** What a list, a plain object, a Map or a Set holds; undefined for everything else. */
export function partsOf(value: unknown): readonly unknown[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return [...value].flat();
  if (value instanceof Set) return [...value];
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.values(value) : undefined;
}
