import type { Dtype, TypedArray } from "../codec/dtype.ts";
import { describe } from "../describe.ts";
import { ArgumentError } from "../errors.ts";
import { copyInto } from "./arrays.ts";
import { type FewKernel, type Kernel, userKernel } from "./kernels.ts";
import { withNative } from "./native-kernels.ts";

export type BigIntArray = BigInt64Array | BigUint64Array;
export type NumberArray = Exclude<TypedArray, BigIntArray>;
export type FloatArray = Float64Array | Float32Array | Float16Array;
export type IntegerArray = Exclude<TypedArray, FloatArray>;

/** What an operator combines when it is given a `T`: the elements of a typed array, else the value itself. */
export type ElementOf<T> = T extends BigIntArray ? bigint : T extends NumberArray ? number : T;

/** The type of a reduction of `T`: literal types such as `3` widen. */
export type Reduced<T> = T extends number
  ? number
  : T extends bigint
    ? bigint
    : T extends boolean
      ? boolean
      : T extends string
        ? string
        : T;

/** What a function for `V` accepts as an operator: also the arrays of such elements. */
export type Accepted<V> =
  | V
  | (number extends V ? NumberArray : never)
  | (bigint extends V ? BigIntArray : never);

export type CombineFunction<V> = (left: V, right: V) => V;

/** A reduction's last argument: an operator, or a function `(left, right) => combined`. */
export type OperatorFor<T> = Operator<NoInfer<T>> | CombineFunction<ElementOf<Reduced<T>>>;

export interface Definition {
  readonly name: string;
  readonly code: number;
  readonly commutative: boolean;
  readonly grain: number;
  readonly domain: string;
  readonly kindOf: (value: unknown) => string | undefined;
  readonly combineValues: (left: any, right: any) => unknown;
  readonly makeKernel: (dtype: Dtype) => Kernel | undefined;
  /** Of operators that combine doubles one by one, and are the library's own. */
  readonly makeFewKernel?: () => FewKernel;
}

/** How two partial results become one. Every operator must be associative; `T` is what it may be given. */
export class Operator<in T = any> {
  readonly name: string;
  /**
   * 1 to 12 for the built-in ones, 17 to 28 for their reproducible forms, 0 for functions; ranks may compare it in the
   * signature of a call.
   */
  readonly code: number;
  /** Whether op(a, b) equals op(b, a), which lets long arrays be combined in any order. */
  readonly commutative: boolean;
  /** Elements of a typed array that belong together and are never cut apart: 2 for minLoc and maxLoc, else 1. */
  readonly grain: number;
  /** What the operator works on, as the end of "sum works on ...". */
  readonly domain: string;
  /**
   * The kind of a value that is no typed array, undefined when the operator does not accept it. Values of equal
   * kind can be combined.
   */
  readonly kindOf: (value: unknown) => string | undefined;
  readonly combineValues: (left: any, right: any) => unknown;
  private readonly makeKernel: (dtype: Dtype) => Kernel | undefined;
  private readonly makeFewKernel: (() => FewKernel) | undefined;
  private knownFewKernel: FewKernel | undefined = undefined;
  // By dtype code. Holes are kernels that nobody has asked for yet.
  private readonly kernels: (Kernel | null | undefined)[] = [];
  /** Whether results must depend on nothing but the contributions; they are then all combined at once, in order. */
  readonly reproducible: boolean = false;
  /** Exists for the compiler alone. */
  declare readonly accepts?: (value: T) => void;

  constructor(definition: Definition) {
    this.name = definition.name;
    this.code = definition.code;
    this.commutative = definition.commutative;
    this.grain = definition.grain;
    this.domain = definition.domain;
    this.kindOf = definition.kindOf;
    this.combineValues = definition.combineValues;
    this.makeKernel = definition.makeKernel;
    this.makeFewKernel = definition.makeFewKernel;
  }

  /** The element loop for arrays of this type, null when the operator does not work on them. */
  kernel(dtype: Dtype): Kernel | null {
    const known = this.kernels[dtype.code];
    if (known !== undefined) return known;
    const loop = this.makeKernel(dtype) ?? null;
    const builtIn = loop !== null && this.code > 0;
    return (this.kernels[dtype.code] = builtIn ? withNative(this.code, dtype, loop) : loop);
  }

  /** The loop for a few doubles; undefined where there is none. */
  get fewKernel(): FewKernel | undefined {
    return (this.knownFewKernel ??= this.makeFewKernel?.());
  }

  /** Combines `count` rows, which lie one after the other in `rows`, in their order. */
  combineRows(target: TypedArray, rows: TypedArray, count: number, dtype: Dtype): void {
    const { length } = target;
    const row = (index: number) => rows.subarray(index * length, (index + 1) * length);
    const kernel = this.kernel(dtype)!;
    if (count === 1) copyInto(target, row(0));
    else kernel(target, row(0), row(1));
    for (let index = 2; index < count; index++) kernel(target, target, row(index));
  }

  /** The same for values that are no typed arrays. */
  combineAll(values: readonly unknown[]): unknown {
    return values.reduce((left, right) => this.combineValues(left, right));
  }
}

export interface OperatorOptions {
  /** Whether fn(a, b) equals fn(b, a), which allows faster algorithms for long arrays. Default false. */
  commutative?: boolean;
  /** Stands in error messages. Default: the name of the function. */
  name?: string;
}

/**
 * An operator from an associative function. It is given whole values, or the elements of typed arrays one by one,
 * the lower ranks' on the left, and must leave its arguments unchanged.
 */
export function operator<V>(fn: CombineFunction<V>, options: OperatorOptions = {}): Operator<Accepted<V>> {
  if (typeof fn !== "function") {
    throw new ArgumentError(`operator: expected a function (left, right) => combined; got ${describe(fn)}`);
  }
  return new Operator({
    name: options.name ?? (fn.name || "a function"),
    code: 0,
    commutative: options.commutative ?? false,
    grain: 1,
    domain: "any value",
    kindOf: () => "a value",
    combineValues: fn,
    makeKernel: () => userKernel(fn as CombineFunction<unknown>),
  });
}

const operatorOf = new WeakMap<CombineFunction<any>, Operator>();

/** The operator behind a reduction's argument; a bare function counts as not commutative. */
export function toOperator(operation: string, op: unknown): Operator {
  if (op instanceof Operator) return op;
  if (typeof op !== "function") {
    throw new ArgumentError(
      `${operation}: the operator must be one of tsmpi's (sum, max, ...) or a function ` +
        `(left, right) => combined; got ${describe(op)}`,
    );
  }
  let made = operatorOf.get(op as CombineFunction<any>);
  if (made === undefined)
    operatorOf.set(op as CombineFunction<any>, (made = operator(op as CombineFunction<any>)));
  return made;
}

/** Whether `op` can work on `value`, checked before anything is sent. */
export function requireReducible(
  operation: string,
  op: Operator,
  value: unknown,
  dtype: Dtype | undefined,
): void {
  if (dtype === undefined ? op.kindOf(value) !== undefined : op.kernel(dtype) !== null) {
    if (dtype === undefined || (value as TypedArray).length % op.grain === 0) return;
    throw new ArgumentError(
      `${operation}: ${op.name} takes typed arrays of value and index by turns, of even length; got ` +
        `${describe(value)}`,
    );
  }
  throw new ArgumentError(`${operation}: ${op.name} works on ${op.domain}; got ${describe(value)}`);
}

/**
 * Combines element by element: target[i] becomes left[i] · right[i]. `target` may be `left` or `right` itself. All
 * three have one length and the element type `dtype`, on which `op` works.
 */
export function combineInto(
  op: Operator,
  target: TypedArray,
  left: TypedArray,
  right: TypedArray,
  dtype: Dtype,
): void {
  op.kernel(dtype)!(target, left, right);
}
