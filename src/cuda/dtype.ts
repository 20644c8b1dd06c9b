/** Element types of device arrays, and the typed arrays that hold them on the host. */
import { describe } from "../describe.ts";
import { ArgumentError, type TypedArray } from "../index.ts";

export type DtypeName =
  | "float64"
  | "float32"
  | "float16"
  | "bfloat16"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64";

interface HostArrays {
  float64: Float64Array;
  float32: Float32Array;
  float16: Float16Array | Uint16Array;
  bfloat16: Uint16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
}

/** The typed array that holds elements of a type: bits, where JavaScript has no array of such. */
export type HostArray<D extends DtypeName = DtypeName> = HostArrays[D];

interface Naturals {
  Float64Array: "float64";
  Float32Array: "float32";
  Float16Array: "float16";
  Int8Array: "int8";
  Uint8Array: "uint8";
  Uint8ClampedArray: "uint8";
  Int16Array: "int16";
  Uint16Array: "uint16";
  Int32Array: "int32";
  Uint32Array: "uint32";
  BigInt64Array: "int64";
  BigUint64Array: "uint64";
}

/** The type that the elements of a typed array have unless said. */
export type NaturalDtype<T extends TypedArray> = Naturals[T[typeof Symbol.toStringTag]];

export interface ArrayType<T extends TypedArray = TypedArray> {
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  new (length: number): T;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): T;
}

export interface Dtype<D extends DtypeName = DtypeName> {
  readonly name: D;
  readonly bytes: number;
  readonly float: boolean;
  /** What a download makes. Node before version 24 has no Float16Array; bfloat16 has none anywhere. */
  readonly host: ArrayType<HostArray<D>>;
  /** Of cudaDataType (library_types.h); undefined where cuBLAS has none. */
  readonly cuda: number | undefined;
}

const Half = ((globalThis as { Float16Array?: ArrayType }).Float16Array ?? Uint16Array) as ArrayType;

function dtype(name: DtypeName, host: unknown, cuda?: number): Dtype {
  const create = host as ArrayType<HostArray>;
  return { name, bytes: create.BYTES_PER_ELEMENT, float: name.includes("float"), host: create, cuda };
}

const all: readonly Dtype[] = [
  dtype("float64", Float64Array, 1),
  dtype("float32", Float32Array, 0),
  dtype("float16", Half, 2),
  dtype("bfloat16", Uint16Array, 14),
  dtype("int8", Int8Array, 3),
  dtype("uint8", Uint8Array, 8),
  dtype("int16", Int16Array),
  dtype("uint16", Uint16Array),
  dtype("int32", Int32Array, 10),
  dtype("uint32", Uint32Array, 12),
  dtype("int64", BigInt64Array),
  dtype("uint64", BigUint64Array),
];

export const dtypes: ReadonlyMap<string, Dtype> = new Map(all.map(type => [type.name, type]));

/** @throws {ArgumentError} no such type */
export function dtypeNamed<D extends DtypeName>(name: D): Dtype<D> {
  const found = dtypes.get(name);
  if (found !== undefined) return found as Dtype<D>;
  throw new ArgumentError(`a dtype is one of ${[...dtypes.keys()].join(", ")}; got ${describe(name)}`);
}

/** The type of a typed array's elements. A Uint16Array is "uint16" unless the call names "float16" or "bfloat16". */
export function dtypeOfArray(array: unknown): Dtype | undefined {
  if (!ArrayBuffer.isView(array)) return undefined;
  if (array instanceof Uint8ClampedArray) return dtypes.get("uint8");
  return all.find(
    type => array instanceof type.host && type.name !== "bfloat16" && !isPlainHalf(type, array),
  );
}

/** Where Float16Array is missing, its stand-in must not claim every Uint16Array. */
function isPlainHalf(type: Dtype, array: ArrayBufferView): boolean {
  return type.name === "float16" && array instanceof Uint16Array;
}

/** Whether a host array can be copied as it is from or to elements of this type. */
export function holds(type: Dtype, array: ArrayBufferView): boolean {
  if (array instanceof type.host) return true;
  const halves = type.name === "float16" || type.name === "bfloat16";
  return (
    (halves && array instanceof Uint16Array) || (type.name === "uint8" && array instanceof Uint8ClampedArray)
  );
}
