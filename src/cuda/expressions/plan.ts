/**
 * Expressions of `tsmpi/linalg` as lists of steps, each made once, from which kernels are written: as PTX
 * (`ptx/expression.ts`) or as CUDA C (`cuda-c.ts`).
 */
import { ArgumentError } from "../../index.ts";
import {
  type Expression,
  type FunctionName,
  functions,
  type Kind,
  Reduction,
  type ReductionName,
} from "../../linalg/index.ts";
import type { Dtype } from "../dtype.ts";

export type Step =
  | { readonly op: "constant"; readonly kind: "number"; readonly value: number }
  /** Element of the array with this number, or the number of all elements given for a parameter. */
  | { readonly op: "array"; readonly kind: "number"; readonly index: number }
  | { readonly op: "scalar"; readonly kind: "number"; readonly index: number }
  | {
      readonly op: FunctionName | "toNumber" | "toCondition";
      readonly kind: Kind;
      readonly from: readonly number[];
    };

/** What a reduction keeps while it goes over the elements; sums are in float64 always. */
export type Accumulation = "sum" | "min" | "max" | "argmin" | "argmax";

export interface Accumulator {
  readonly how: Accumulation;
  /** The steps of which the sum is of the product; for others one. */
  readonly of: readonly number[];
}

/** What a parameter stands for. */
export type Leaf = { readonly array: Dtype } | "scalar";

export interface Plan {
  /** Whether numbers are float64. */
  readonly wide: boolean;
  readonly arrays: readonly Dtype[];
  readonly scalars: number;
  readonly steps: readonly Step[];
  /** The step that an element-wise kernel stores, with the type of the elements stored. */
  readonly output: { readonly step: number; readonly dtype: Dtype } | undefined;
  readonly accumulators: readonly Accumulator[];
}

/** The accumulators of a reduction, and how one number comes from what they hold in the end. */
interface Finish {
  readonly accumulators: readonly Accumulation[];
  readonly number: (values: readonly number[], elements: number) => number;
}

const first = (values: readonly number[]): number => values[0];

/** Squares are added as they are, and of numbers made smaller and larger, in case those leave the range. */
const shrink = 2 ** -600;
const norm = ([square, small, large]: readonly number[]): number => {
  if (square === Number.POSITIVE_INFINITY) return Math.sqrt(small) / shrink;
  return square < 1e-280 ? Math.sqrt(large) * shrink : Math.sqrt(square);
};

export const finishes: { readonly [name in ReductionName]: Finish } = {
  sum: { accumulators: ["sum"], number: first },
  dot: { accumulators: ["sum"], number: first },
  mean: { accumulators: ["sum"], number: ([sum], elements) => sum / elements },
  norm: { accumulators: ["sum", "sum", "sum"], number: norm },
  min: { accumulators: ["min"], number: first },
  max: { accumulators: ["max"], number: first },
  argmin: { accumulators: ["argmin"], number: first },
  argmax: { accumulators: ["argmax"], number: first },
  // What is left of no elements is infinite.
  any: { accumulators: ["max"], number: ([most]) => Math.max(0, most) },
  all: { accumulators: ["min"], number: ([least]) => Math.min(1, least) },
};

/** Numbers that are written into kernels. */
const kept: ReadonlySet<number> = new Set([
  ...[0, 0.5, 1, 2, 3, 4].flatMap(value => [value, -value]),
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
]);

/** Turns trees into steps; equal parts of them become one. */
export class Planner {
  private readonly leaves: ReadonlyMap<string, Leaf>;
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly known = new Map<string, number>();
  private readonly seen = new Map<Expression, number>();
  readonly steps: Step[] = [];
  readonly accumulators: Accumulator[] = [];
  /** Numbers that stand in the expressions, and are given to the kernel behind the scalars of `leaves`. */
  readonly given: number[] = [];
  private readonly scalars: number;
  private readonly room: number;

  /**
   * Arrays and scalars are numbered apart, each in the order of `leaves`.
   * @param room for how many more scalars the kernel has it
   */
  constructor(leaves: ReadonlyMap<string, Leaf>, room: number) {
    this.leaves = leaves;
    this.room = room;
    const numbers = new Map<string, number>();
    const counts = { array: 0, scalar: 0 };
    for (const [name, leaf] of leaves) numbers.set(name, counts[leaf === "scalar" ? "scalar" : "array"]++);
    this.numbers = numbers;
    this.scalars = counts.scalar;
  }

  private step(step: Step): number {
    const key = JSON.stringify(step, (_, value: unknown) =>
      typeof value === "number" ? numeral(value) : value,
    );
    let made = this.known.get(key);
    if (made === undefined) {
      made = this.steps.push(step) - 1;
      this.known.set(key, made);
    }
    return made;
  }

  /** With a stack of its own, for expressions may be deeper than that of calls. */
  private lower(whole: Expression): number {
    const pending = [whole];
    for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
      if (!this.seen.has(top)) {
        const { node } = top;
        const missing = node.kind === "call" ? node.operands.filter(operand => !this.seen.has(operand)) : [];
        if (missing.length > 0) {
          pending.push(...missing.reverse());
          continue;
        }
        this.seen.set(top, this.stepOf(top));
      }
      pending.pop();
    }
    return this.seen.get(whole)!;
  }

  /** The step of an expression whose operands have theirs. */
  private stepOf({ node }: Expression): number {
    switch (node.kind) {
      case "number":
        return this.number(node.value);
      case "array":
        throw new ArgumentError(
          `an expression on a device cannot read the typed array ${node.name ?? "in it"}; upload it, and give it by name`,
        );
      case "parameter": {
        const leaf = this.leaves.get(node.name);
        if (leaf === undefined)
          throw new ArgumentError(`the expression's parameter ${node.name} was given no value`);
        const index = this.numbers.get(node.name)!;
        return this.step({ op: leaf === "scalar" ? "scalar" : "array", kind: "number", index });
      }
      default: {
        const { takes, gives } = functions[node.function];
        const from = node.operands.map((operand, i) => this.as(takes[i], operand));
        return this.step({ op: node.function, kind: gives, from });
      }
    }
  }

  /**
   * A number of an expression: part of the kernel only if it is one of the few of which compilers can make something. Else it
   * is given to it, so that expressions which differ in their numbers share a kernel.
   */
  private number(value: number): number {
    if (!kept.has(value)) {
      const known = this.given.indexOf(value);
      if (known >= 0) return this.step({ op: "scalar", kind: "number", index: this.scalars + known });
      if (this.given.length < this.room) {
        const index = this.scalars + this.given.push(value) - 1;
        return this.step({ op: "scalar", kind: "number", index });
      }
    }
    return this.step({ op: "constant", kind: "number", value });
  }

  /** An expression as numbers, or as conditions. */
  as(kind: Kind, expression: Expression): number {
    const made = this.lower(expression);
    if (this.steps[made].kind === kind) return made;
    return this.step({ op: kind === "number" ? "toNumber" : "toCondition", kind, from: [made] });
  }

  /** Adds what a reduction needs, and returns the place of its first accumulator. */
  reduce({ name, operands }: Reduction, wide: boolean): number {
    const place = this.accumulators.length;
    const truth = name === "any" || name === "all";
    const terms = operands.map(operand =>
      truth
        ? this.step({ op: "toNumber", kind: "number", from: [this.as("condition", operand)] })
        : this.as("number", operand),
    );
    const scaled = (factor: number): number => {
      const by = this.step({ op: "constant", kind: "number", value: wide ? factor : 1 });
      return this.step({ op: "multiply", kind: "number", from: [terms[0], by] });
    };
    if (name === "norm") {
      for (const of of [terms[0], scaled(shrink), scaled(1 / shrink)])
        this.accumulators.push({ how: "sum", of: [of, of] });
    } else for (const how of finishes[name].accumulators) this.accumulators.push({ how, of: terms });
    return place;
  }
}

const numeral = (value: number): string => (Object.is(value, -0) ? "-0" : `${value}`);

/** Names of the parameters of expressions and reductions. */
export function parametersOf(outcomes: readonly (Expression | Reduction)[]): string[] {
  const names = new Set<string>();
  const seen = new Set<Expression>();
  const pending = outcomes
    .flatMap(outcome => (outcome instanceof Reduction ? outcome.operands : [outcome]))
    .reverse();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (next.node.kind === "parameter") names.add(next.node.name);
    if (next.node.kind === "call") pending.push(...[...next.node.operands].reverse());
  }
  return [...names];
}
