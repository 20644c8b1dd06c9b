/** Types of whole numbers that can be drawn, and the bounds of a draw. */
import { ArgumentError } from "../errors.ts";

const TYPES = {
  int8: [Int8Array, -(2n ** 7n), 2n ** 7n - 1n],
  uint8: [Uint8Array, 0n, 2n ** 8n - 1n],
  int16: [Int16Array, -(2n ** 15n), 2n ** 15n - 1n],
  uint16: [Uint16Array, 0n, 2n ** 16n - 1n],
  int32: [Int32Array, -(2n ** 31n), 2n ** 31n - 1n],
  uint32: [Uint32Array, 0n, 2n ** 32n - 1n],
  int64: [BigInt64Array, -(2n ** 63n), 2n ** 63n - 1n],
  uint64: [BigUint64Array, 0n, 2n ** 64n - 1n],
  float64: [Float64Array, -(2n ** 53n) + 1n, 2n ** 53n - 1n],
} as const;

export type IntegerType = keyof typeof TYPES;
export type IntegerArrayOf<T extends IntegerType> = InstanceType<(typeof TYPES)[T][0]>;
export type IntegerArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float64Array;

export interface IntegerOptions<T extends IntegerType = IntegerType> {
  /**
   * Type of what is drawn, which NumPy's draws depend on. `float64`, the default for numbers: NumPy's `int64`, as
   * numbers. The default for bigints is `int64`.
   */
  dtype?: T;
  /** Whether `high` is one of the numbers drawn; default false. */
  endpoint?: boolean;
}

export interface Bounds {
  low: bigint;
  /** Greatest minus least. */
  range: bigint;
}

export function integerType(dtype: IntegerType): (typeof TYPES)[IntegerType] {
  const type = TYPES[dtype];
  if (type === undefined) {
    throw new ArgumentError(
      `integers: dtype must be one of ${Object.keys(TYPES).join(", ")}, not ${String(dtype)}`,
    );
  }
  return type;
}

export function integerTypeOf(array: unknown): IntegerType {
  for (const [name, [type]] of Object.entries(TYPES)) if (array instanceof type) return name as IntegerType;
  throw new ArgumentError("integersInto: the target must be an array of whole numbers or a Float64Array");
}

function whole(name: string, value: number | bigint): bigint {
  if (typeof value === "bigint") return value;
  if (!Number.isSafeInteger(value)) {
    throw new ArgumentError(
      `integers: ${name} must be a whole number, not ${value}; write a large one as a bigint`,
    );
  }
  return BigInt(value);
}

/**
 * The bounds of a draw, `high` left out meaning from 0 to `low`.
 * @throws {ArgumentError} when there is nothing between them, or they do not fit the type.
 */
export function integerBounds(
  dtype: IntegerType,
  first: number | bigint,
  second: number | bigint | undefined,
  endpoint: boolean,
): Bounds {
  const [, least, greatest] = integerType(dtype);
  const low = second === undefined ? 0n : whole("low", first);
  const high = second === undefined ? whole("high", first) : whole("high", second);
  const last = endpoint ? high : high - 1n;
  if (low < least) throw new ArgumentError(`integers: low, ${low}, is out of bounds for ${dtype}`);
  if (last > greatest) throw new ArgumentError(`integers: high, ${high}, is out of bounds for ${dtype}`);
  if (low > last) {
    throw new ArgumentError(
      `integers: low must be ${endpoint ? "at most" : "below"} high, but ${low} and ${high} came`,
    );
  }
  return { low, range: last - low };
}
