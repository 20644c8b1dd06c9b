import { type Dtype, dtypeOf, type TypedArray } from "../codec/dtype.ts";
import { describe } from "../describe.ts";
import { TypeMismatchError } from "../errors.ts";
import { type AlgorithmOf, type Family, Need } from "./algorithm-names.ts";
import { requireAttached } from "./arguments.ts";
import { copyInto, copyOf, emptyLike } from "./arrays.ts";
import { choose, hasBlocks } from "./choice.ts";
import type { Algorithm, CollectiveContext } from "./context.ts";
import type { OperationName } from "./operations.ts";
import { combineInto, type Operator, requireReducible, toOperator } from "./operator.ts";

/** The bits of `Need` that a reduction of arrays of this length meets, of other values with length 0. */
export function needsMet(op: Operator, length: number, size: number): number {
  const ofOperator = (op.commutative ? Need.commuting : 0) | (op.reproducible ? 0 : Need.partial);
  return hasBlocks(length, size) ? ofOperator | Need.blocks : ofOperator;
}

/** Returns the result, as `value` itself in a world of one; see `Reduction.own`. */
export type WholeReduction = (context: CollectiveContext, reduction: Reduction) => Algorithm<unknown>;
/** Fills the target, which may be the array itself. Cuts the array; not for a world of one. */
export type CutReduction = (
  context: CollectiveContext,
  reduction: Reduction,
  target: TypedArray,
) => Algorithm<void>;

/**
 * One rank's part in one reduction: its value and the operator, checked before anything is sent, and the checks of
 * what the others send.
 */
export class Reduction {
  readonly operation: OperationName;
  readonly op: Operator;
  readonly value: unknown;
  /** Undefined when the value is no typed array and is combined as a whole. */
  readonly dtype: Dtype | undefined;

  constructor(operation: OperationName, value: unknown, op: unknown) {
    this.operation = operation;
    this.op = toOperator(operation, op);
    this.value = value;
    this.dtype = typeof value === "object" ? dtypeOf(value) : undefined;
    if (this.dtype !== undefined) requireAttached(operation, "the value", value as TypedArray);
    requireReducible(operation, this.op, value, this.dtype);
  }

  /** The name of the algorithm to use. */
  choose<F extends Family>(family: F, context: CollectiveContext): AlgorithmOf<F> {
    if (this.dtype === undefined) return choose(family, context, 0, needsMet(this.op, 0, context.size));
    const { byteLength, length } = this.value as TypedArray;
    return choose(family, context, byteLength, needsMet(this.op, length, context.size));
  }

  /** Whether this rank's value is a number, and the result therefore one, too. */
  get staysNumber(): boolean {
    return typeof this.value === "number" && this.op.code !== 0;
  }

  /** Another rank's value or partial result, which must be of the same kind as this rank's. */
  accept(received: unknown, source: number): unknown {
    const { value, op } = this;
    if (this.dtype === undefined) {
      if (typeof received === typeof value) {
        if (typeof value !== "object") return received;
        if (dtypeOf(received) === undefined && op.kindOf(received) === op.kindOf(value)) return received;
      }
      // A function may combine values of any kinds, such as undefined with an object.
      else if (op.code === 0 && dtypeOf(received) === undefined) return received;
    } else if (
      dtypeOf(received) === this.dtype &&
      (received as TypedArray).length === (value as TypedArray).length
    ) {
      return received;
    }
    throw this.mismatch(received, source);
  }

  /**
   * Type and length of the whole array. Algorithms that cut it send this ahead of the first block: blocks of
   * arrays of different lengths can have one length, and a rank with a short array cuts nothing.
   */
  get shape(): string {
    return describe(this.value);
  }

  acceptShape(received: unknown, source: number): void {
    if (received !== this.shape) throw this.mismatch(received, source);
  }

  private mismatch(received: unknown, source: number): TypeMismatchError {
    const isShape = typeof received === "string" && /^\w+Array\(\d+\)$/.test(received);
    return new TypeMismatchError(
      `${this.operation}: all ranks must give values of the same type and length; rank ${source} sent ` +
        `${isShape ? received : describe(received)}, this rank has ${describe(this.value)}`,
      { peer: source },
    );
  }

  /**
   * left · right. Typed arrays are combined into `spare`, an array that nobody else reads or writes, such as one
   * of the two; without it into a new one.
   */
  combine(left: unknown, right: unknown, spare?: unknown): unknown {
    if (this.dtype === undefined) return this.op.combineValues(left, right);
    const target = (spare ?? emptyLike(left as TypedArray)) as TypedArray;
    this.combineInto(target, left as TypedArray, right as TypedArray);
    return target;
  }

  combineInto(target: TypedArray, left: TypedArray, right: TypedArray): void {
    combineInto(this.op, target, left, right, this.dtype!);
  }

  /** Combines `count` contributions, which lie one after the other in `rows`, in their order. */
  combineRows(target: TypedArray, rows: TypedArray, count: number): void {
    this.op.combineRows(target, rows, count, this.dtype!);
  }

  /** Combines contributions in their order into a new value. */
  combineAll(values: readonly unknown[]): unknown {
    if (this.dtype === undefined) return this.op.combineAll(values);
    const { length } = this.value as TypedArray;
    const rows = emptyLike(this.value as TypedArray, values.length * length);
    values.forEach((value, index) => {
      copyInto(rows, value as TypedArray, index * length);
    });
    const target = emptyLike(rows, length);
    this.combineRows(target, rows, values.length);
    return target;
  }

  /** The result for the caller: never the caller's own array, which it may go on to change. */
  own(result: unknown): unknown {
    return this.dtype !== undefined && result === this.value ? copyOf(result as TypedArray) : result;
  }
}
