import { dtypeOf, type TypedArray } from "../codec/dtype.ts";

/** A new array of the element type of `array`; subclasses such as Buffer become what they extend. */
export function emptyLike<A extends TypedArray>(array: A, length = array.length): A {
  return new (dtypeOf(array)!.create)(length) as A;
}

/** Not `array.slice()`: that of Buffer returns a view. */
export function copyOf<A extends TypedArray>(array: A): A {
  const create = dtypeOf(array)!.create as unknown as new (source: TypedArray) => A;
  return new create(array);
}

/** Copies `source` to `offset` in `target`, as memmove does: they may overlap. Element types must agree. */
export function copyInto(target: TypedArray, source: TypedArray, offset = 0): void {
  (target as Float64Array).set(source as Float64Array, offset);
}

/** Whether the two share memory. */
export function overlap(a: TypedArray, b: TypedArray): boolean {
  return (
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.byteLength &&
    b.byteOffset < a.byteOffset + a.byteLength
  );
}

/** Whether the two are the same memory (or share none), so that writing one element cannot change a later one. */
export function inPlaceOrApart(a: TypedArray, b: TypedArray): boolean {
  return a === b || !overlap(a, b) || (a.byteOffset === b.byteOffset && a.byteLength === b.byteLength);
}
