/**
 * The reading side of shapes: makes objects that have given keys. Objects made by the same code share their
 * hidden class, and code compiled for one shape stores by offset instead of by name, so a shape that keeps coming
 * gets code of its own.
 */

import { MAX_SHAPE_KEY_LENGTH, MAX_SHAPE_KEYS } from "./format.ts";
import type { Reader } from "./reader.ts";
import { readString } from "./strings.ts";

type Record = { [key: string]: unknown };

/** What the compiled code asks for each value: the decoder. */
export interface Values {
  value(): unknown;
}

/** Compiling costs as much as making some hundred objects key by key. */
const COMPILE_AFTER = 32;

/** Shapes kept from message to message; they come from data, so there must be a limit. */
const MAX_MAKERS = 1000;

/** What the longest keys take, two bytes a unit: shapes are kept, so a stranger must not make them large. */
const MAX_SHAPE_BYTES = MAX_SHAPE_KEYS * (2 * MAX_SHAPE_KEY_LENGTH + 4);

const known = new Map<number, Maker>();

export class Maker {
  readonly keys: readonly string[];
  /** The keys as they were written, for comparison. */
  readonly definition: Uint8Array;
  private made = 0;
  private compiled: Compiled | undefined;

  constructor(keys: string[], definition: Uint8Array) {
    this.keys = keys;
    this.definition = definition;
  }

  /** An object without its values, which may refer to it. */
  create(): Record {
    if (this.compiled !== undefined) return this.compiled.create();
    if (++this.made === COMPILE_AFTER) this.compiled = compile(this.keys);
    return {};
  }

  /** Reads the values of an object that `create` made. */
  fill(object: Record, values: Values): void {
    // Also right for an object made before the code was compiled.
    if (this.compiled !== undefined) this.compiled.fill(object, values);
    else for (const key of this.keys) setKey(object, key, values.value());
  }
}

/** Sets an own property, whatever it is called: assigning `__proto__` would set the prototype. */
export function setKey(object: Record, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}

/** Reads a shape. */
export function readShape(reader: Reader): Maker {
  const length = reader.int(4);
  const hash = reader.int(4);
  if (length < 0 || length > MAX_SHAPE_BYTES) reader.malformed("the length of a shape", reader.pos - 8);
  reader.need(length, "a shape");
  const to = reader.pos + length;
  const maker = known.get(hash);
  if (maker !== undefined && same(maker.definition, reader.bytes, reader.pos, to)) {
    reader.pos = to;
    return maker;
  }
  return learn(reader, hash, to);
}

function learn(reader: Reader, hash: number, to: number): Maker {
  const from = reader.pos;
  const keys: string[] = [];
  while (reader.pos < to) keys.push(readString(reader, "a key"));
  if (reader.pos !== to) reader.malformed("a shape that ends with its last key", from);
  if (keys.length > MAX_SHAPE_KEYS) reader.malformed(`a shape of at most ${MAX_SHAPE_KEYS} keys`, from);
  const maker = new Maker(keys, new Uint8Array(reader.bytes.subarray(from, to)));
  if (known.size >= MAX_MAKERS) known.clear();
  known.set(hash, maker);
  return maker;
}

function same(expected: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (expected.length !== to - from) return false;
  for (let i = 0; i < expected.length; i++) if (expected[i] !== bytes[from + i]) return false;
  return true;
}

interface Compiled {
  create(): Record;
  fill(object: Record, values: Values): void;
}

function compile(keys: readonly string[]): Compiled | undefined {
  if (keys.includes("__proto__")) return undefined;
  // A key can hold anything, so only its JSON form goes into the code.
  const names = keys.map(key => JSON.stringify(key));
  const create = `return { ${names.map(name => `${name}: undefined`).join(", ")} };`;
  const fill = names.map(name => `object[${name}] = values.value();`).join("\n");
  try {
    // oxlint-disable typescript/no-implied-eval -- the code holds nothing but keys as JSON
    return {
      create: new Function(create) as Compiled["create"],
      fill: new Function("object", "values", fill) as Compiled["fill"],
    };
    // oxlint-enable typescript/no-implied-eval
  } catch {
    // --disallow-code-generation-from-strings: key by key, then.
    return undefined;
  }
}
