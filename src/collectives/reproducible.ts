import { type Dtype, dtypeOf, type TypedArray } from "../codec/dtype.ts";
import { ArgumentError } from "../errors.ts";
import { exactRows } from "./exact-rows.ts";
import { build, floats } from "./kernels.ts";
import { Operator, type OperatorFor, toOperator } from "./operator.ts";
import { requireOptions } from "./options.ts";

export interface ReductionOptions {
  /**
   * The result depends on nothing but the contributions: not on the algorithm, root, length of the array or who
   * arrives first. Sums of floating-point numbers are exact and rounded once. Default false.
   */
  reproducible?: boolean;
}

/** Added to the code of an operator in its reproducible form. */
export const REPRODUCIBLE = 16;

/**
 * A built-in operator that gets the contributions of all ranks at once. Sums of floating-point numbers are exact and
 * rounded once, so that no order shows; everything else is combined in rank order from the left. A NaN in an array
 * has the bits that JavaScript gives it.
 */
class ReproducibleOperator extends Operator {
  override readonly reproducible: boolean = true;
  private readonly plain: Operator;

  constructor(plain: Operator) {
    const { name, code, grain, domain, kindOf, combineValues } = plain;
    super({
      name,
      code: code + REPRODUCIBLE,
      commutative: false,
      grain,
      domain,
      kindOf,
      combineValues,
      makeKernel: () => undefined,
    });
    this.plain = plain;
  }

  override kernel(dtype: Dtype): ReturnType<Operator["kernel"]> {
    return this.plain.kernel(dtype);
  }

  override combineRows(target: TypedArray, rows: TypedArray, count: number, dtype: Dtype): void {
    // One addition rounds once already.
    const exact = this.name === "sum" && count > 2 ? exactRows(dtype) : undefined;
    if (exact !== undefined) {
      exact(target, rows, count);
      return;
    }
    super.combineRows(target, rows, count, dtype);
    if (floats.has(dtype.name)) equalNaNs(dtype)(target);
  }

  override combineAll(values: readonly unknown[]): unknown {
    const [first] = values;
    if (this.name !== "sum") return super.combineAll(values);
    if (typeof first === "number") return exactSums(values as number[], 1)[0];
    const isList = Array.isArray(first) && typeof first[0] === "number";
    return isList ? exactSums((values as number[][]).flat(), first.length) : super.combineAll(values);
  }
}

/** Item by item, of lists one after the other. */
function exactSums(rows: readonly number[], length: number): number[] {
  const sums = new Float64Array(length);
  exactRows(dtypeOf(sums)!)!(sums, Float64Array.from(rows), rows.length / length);
  return Array.from(sums);
}

const loops: ((array: TypedArray) => void)[] = [];

/** A loop that gives every NaN the same bits. */
function equalNaNs({ code }: Dtype): (array: TypedArray) => void {
  return (loops[code] ??= build(
    "function (array) { for (let i = 0; i < array.length; i++) if (array[i] !== array[i]) array[i] = NaN; }",
  ) as unknown as (array: TypedArray) => void);
}

const reproducibleOf = new Map<Operator, Operator>();

/** The operator that a reduction with these options combines by. */
export function withOptions<T>(
  operation: string,
  op: OperatorFor<T>,
  options: ReductionOptions | undefined,
): OperatorFor<T> {
  if (options === undefined) return op;
  requireOptions(operation, options, "{ reproducible: true }");
  if (!options.reproducible) return op;
  const plain = toOperator(operation, op);
  if (plain.code === 0) {
    throw new ArgumentError(
      `${operation}: reproducible is for tsmpi's own operators; ${plain.name} is a function, which tsmpi can only ` +
        "combine in rank order, as it does without",
    );
  }
  let made = reproducibleOf.get(plain);
  if (made === undefined) reproducibleOf.set(plain, (made = new ReproducibleOperator(plain)));
  return made;
}
