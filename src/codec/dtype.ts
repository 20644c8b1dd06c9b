/** The element types that travel raw. Codes are part of the wire format: never renumber them. */

export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Float16Array;

export interface TypedArrayConstructor {
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): TypedArray;
}

export interface Dtype {
  readonly code: number;
  readonly name: string;
  readonly bytes: number;
  readonly create: TypedArrayConstructor;
}

// Float16Array exists from Node 24 on; its code stays reserved where it does not.
const float16 = (globalThis as { Float16Array?: unknown }).Float16Array as TypedArrayConstructor | undefined;

const constructors: (TypedArrayConstructor | undefined)[] = [
  undefined,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  float16,
];

/** Indexed by code; holes are codes that this Node version cannot represent. */
export const dtypes: readonly (Dtype | undefined)[] = constructors.map((create, code) =>
  create === undefined ? undefined : { code, name: create.name, bytes: create.BYTES_PER_ELEMENT, create },
);

const byName = new Map<string, Dtype>();
const byConstructor = new Map<unknown, Dtype>();
for (const dtype of dtypes) {
  if (dtype === undefined) continue;
  byName.set(dtype.name, dtype);
  byConstructor.set(dtype.create, dtype);
}

const float64 = byName.get("Float64Array")!;

const tagOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get as (this: unknown) => string | undefined;

/** The dtype of a typed array (subclasses such as Buffer count as what they extend), else undefined. */
export function dtypeOf(value: unknown): Dtype | undefined {
  // This runs for every message. `instanceof` costs 2 ns where a look at the constructor costs 7, `byteLength` 13.
  if (!ArrayBuffer.isView(value)) return undefined;
  if (value instanceof Float64Array) return float64;
  const known = byConstructor.get(value.constructor);
  if (known !== undefined) return known;
  const name = tagOf.call(value);
  return name === undefined ? undefined : byName.get(name);
}

/** The dtype of the arrays that a constructor makes, else undefined. */
export function dtypeOfConstructor(create: unknown): Dtype | undefined {
  return byConstructor.get(create);
}

/** Code of the arrays that most messages consist of, for which there are shorter paths. */
export const FLOAT64 = float64.code;

export function isTypedArray(value: unknown): value is TypedArray {
  return tagOf.call(value) !== undefined;
}

/** The bytes under a view, without a copy. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Bytes that are looked at through one view. An Uint8Array cannot have more than 4 GiB, whatever its memory has. */
export const WINDOW_BYTES = 2 ** 31;

/** The bytes of `view` from `from` on, as many as a window has. */
export function windowOf(view: ArrayBufferView, from: number): Uint8Array {
  const length = Math.min(view.byteLength - from, WINDOW_BYTES);
  return new Uint8Array(view.buffer, view.byteOffset + from, length);
}
