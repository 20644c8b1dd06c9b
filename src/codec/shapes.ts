/**
 * The writing side of shapes: finds the shape of an object by its keys. Shapes form a tree in which each edge is
 * a key; walking it costs one comparison a key where objects look alike, because each node remembers where its
 * last visitor went.
 */

import { MAX_SHAPE_KEY_LENGTH, MAX_SHAPE_KEYS } from "./format.ts";
import { writeString } from "./strings.ts";
import type { Writer } from "./writer.ts";

/**
 * The tree lives as long as the process, and keys may come from data: once it has this many nodes nothing is
 * added, and the next message starts with an empty one.
 */
const MAX_NODES = 10_000;

let nodes = 0;

export class Shape {
  readonly key: string;
  readonly parent: Shape | undefined;
  readonly count: number;
  /** The message that knows this shape, and its number there. */
  message = 0;
  number = 0;
  private lastKey: string | undefined;
  private lastChild: Shape | undefined;
  private children: Map<string, Shape> | undefined;
  private definition: Uint8Array | undefined;

  constructor(key: string, parent: Shape | undefined) {
    this.key = key;
    this.parent = parent;
    this.count = parent === undefined ? 0 : parent.count + 1;
    nodes++;
  }

  /** The shape with one key more; undefined where it would be no record, or one shape too many. */
  with(key: string): Shape | undefined {
    if (key === this.lastKey) return this.lastChild;
    let child = this.children?.get(key);
    if (child === undefined) {
      if (this.count >= MAX_SHAPE_KEYS || key.length > MAX_SHAPE_KEY_LENGTH || nodes >= MAX_NODES) return;
      child = new Shape(key, this);
      this.children ??= new Map();
      this.children.set(key, child);
    }
    this.lastKey = key;
    this.lastChild = child;
    return child;
  }

  /** Writes the shape (format.ts). */
  write(writer: Writer): void {
    if (this.definition !== undefined) {
      writer.copy(this.definition);
      return;
    }
    // The keys come first because their bytes give the length and the hash; the writer may move meanwhile, so
    // only distances are kept.
    writer.reserve(8);
    writer.pos += 8;
    const before = writer.pos;
    for (const key of keysOf(this)) writeString(writer, key);
    const length = writer.pos - before;
    const keys = writer.bytes.subarray(before, before + length);
    writer.view.setUint32(before - 8, length, true);
    writer.view.setUint32(before - 4, hashOf(keys), true);
    this.definition = writer.bytes.slice(before - 8, before + length);
  }
}

function keysOf(shape: Shape): string[] {
  const keys: string[] = [];
  for (let at = shape; at.parent !== undefined; at = at.parent) keys.push(at.key);
  return keys.reverse();
}

let root = new Shape("", undefined);

/** The shape without keys; to be asked once a message. */
export function emptyShape(): Shape {
  if (nodes >= MAX_NODES) {
    nodes = 0;
    root = new Shape("", undefined);
  }
  return root;
}

/** FNV-1a: only has to tell the shapes of one program apart. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash | 0;
}
