/** Runs expressions over their arrays. */
import { describe } from "../../describe.ts";
import { ArgumentError } from "../../errors.ts";
import { checkFixedLength } from "../../fixed-length.ts";
import { type OptionNames, requireKnownOptions } from "../../known-options.ts";
import { native } from "../../native.ts";
import { newArray } from "../matrix.ts";
import type { Mode, Returned } from "../types.ts";
import { Expression, isNumericArray, type NumericArray, parts, Reduction } from "./expression.ts";
import { compileProgram, type Outcome, type Program } from "./program.ts";

/** What numbers are written to; bytes take conditions, as 0 and 1. */
export type TargetArray = Float32Array | Float64Array | Uint8Array;

export interface EvaluateOptions {
  /**
   * The type to compute in. By default "float32" if a Float32Array or Float16Array takes part and nothing but such and
   * integers of 8 and 16 bits stand beside it, and otherwise "float64". Numbers take the type of the arrays.
   */
  dtype?: "float32" | "float64";
}

const evaluateOptions: OptionNames<EvaluateOptions> = { dtype: true };

/** @throws {ArgumentError} */
function checkOptions(routine: string, options: EvaluateOptions): void {
  requireKnownOptions(routine, options, evaluateOptions);
  const { dtype } = options;
  if (dtype === undefined || dtype === "float32" || dtype === "float64") return;
  throw new ArgumentError(`${routine}: dtype must be "float32" or "float64", but is ${describe(dtype)}`);
}

/** What an outcome becomes: an array, a number, or an object of those. */
export type Evaluated<O> = O extends Expression
  ? TargetArray
  : O extends Reduction
    ? number
    : { -readonly [key in keyof O]: Evaluated<O[key]> };

/** One outcome, or several by name, all of which are computed in one pass over the arrays. */
export type Outcomes = Outcome | { readonly [name: string]: Outcome };

/** Values of parameters by name. */
export type Bindings = { readonly [parameter: string]: NumericArray | number };

/** Leaves of the trees: arrays with the names that errors call them by, and names of parameters. */
interface Leaves {
  readonly arrays: Map<NumericArray, string>;
  readonly parameters: Set<string>;
}

export function leavesOf(outcomes: readonly Outcome[]): Leaves {
  const leaves: Leaves = { arrays: new Map(), parameters: new Set() };
  const roots = outcomes.flatMap(outcome => (outcome instanceof Reduction ? outcome.operands : outcome));
  for (const { node } of parts(roots)) {
    if (node.kind === "parameter") leaves.parameters.add(node.name);
    else if (node.kind === "array" && !leaves.arrays.has(node.array)) {
      leaves.arrays.set(node.array, node.name ?? `array ${leaves.arrays.size + 1}`);
    }
  }
  return leaves;
}

const narrowIntegers = new Set(["Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array"]);

/** The name of a typed array's type, also of a subclass of it. */
const typeName = (elements: ArrayBufferView): string =>
  (elements as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag];

function isWide(arrays: Iterable<NumericArray>, dtype: EvaluateOptions["dtype"]): boolean {
  if (dtype !== undefined) return dtype === "float64";
  const names = Array.from(arrays, typeName);
  const isNarrow = (name: string) => name === "Float32Array" || name === "Float16Array";
  return !(names.some(isNarrow) && names.every(name => isNarrow(name) || narrowIntegers.has(name)));
}

function checkLengths(
  routine: string,
  named: ReadonlyMap<ArrayBufferView & { length: number }, string>,
): number {
  let first: [{ length: number }, string] | undefined;
  for (const entry of named) {
    first ??= entry;
    if (entry[0].length !== first[0].length) {
      throw new ArgumentError(
        `${routine}: all arrays must have one length, but ${first[1]} has ${first[0].length} elements and ${entry[1]} ${entry[0].length}`,
      );
    }
  }
  if (first === undefined) {
    throw new ArgumentError(`${routine}: the expression has no array, so there is no number of elements`);
  }
  return first[0].length;
}

/** In place is fine, element for element; anything else that shares memory would be read after it was written. */
function checkApart(
  routine: string,
  target: TargetArray,
  name: string,
  other: NumericArray | TargetArray,
  otherName: string,
): void {
  if (target.buffer !== other.buffer || target.length === 0) return;
  const same = target.byteOffset === other.byteOffset && typeName(target) === typeName(other);
  const apart =
    target.byteOffset + target.byteLength <= other.byteOffset ||
    other.byteOffset + other.byteLength <= target.byteOffset;
  if (!same && !apart) {
    throw new ArgumentError(
      `${routine}: ${name} overlaps ${otherName} in memory; it may be the same array, or one apart`,
    );
  }
}

/** How errors name a target: by its key when there are several. */
const targetName = (key: string): string => (key === "" ? "the target" : `target ${key}`);

function makeTarget(kind: "number" | "condition", wide: boolean, length: number): TargetArray {
  if (kind === "condition") return new Uint8Array(length);
  return newArray(wide ? "float64" : "float32", length);
}

function checkTarget(
  routine: string,
  target: unknown,
  key: string,
  kind: "number" | "condition",
): asserts target is TargetArray {
  const name = isNumericArray(target) ? typeName(target) : "";
  if (name === "Float32Array" || name === "Float64Array" || (name === "Uint8Array" && kind === "condition"))
    return;
  const wanted = `a Float32Array or a Float64Array${kind === "condition" ? ", or a Uint8Array for conditions" : ""}`;
  throw new ArgumentError(`${routine}: ${targetName(key)} must be ${wanted}, but is ${describe(target)}`);
}

/** Reductions that have no value without elements. */
function checkNotEmpty(routine: string, outcomes: readonly Outcome[], elements: number): void {
  if (elements > 0) return;
  for (const outcome of outcomes) {
    if (outcome instanceof Reduction && ["min", "max", "argmin", "argmax"].includes(outcome.name)) {
      throw new ArgumentError(`${routine}: ${outcome.name} of no elements`);
    }
  }
}

/** Outcomes with the programs that were made of them; compiled once for each type and choice of scalars. */
export class Evaluation {
  private readonly keys: readonly string[];
  private readonly outcomes: readonly Outcome[];
  private readonly dtype: EvaluateOptions["dtype"];
  private readonly leaves: Leaves;
  private readonly programs = new Map<string, Program>();
  /** Whether there is one outcome without a name. */
  private readonly single: boolean;

  constructor(routine: string, outcomes: Outcomes, options: EvaluateOptions) {
    checkOptions(routine, options);
    this.dtype = options.dtype;
    this.single = outcomes instanceof Expression || outcomes instanceof Reduction;
    if (!this.single && (typeof outcomes !== "object" || outcomes === null || isNumericArray(outcomes))) {
      throw new ArgumentError(
        `${routine}: expected an expression, a reduction or an object of those, but got ${describe(outcomes)}`,
      );
    }
    const named = this.single ? { "": outcomes as Outcome } : (outcomes as { [name: string]: Outcome });
    this.keys = Object.keys(named);
    this.outcomes = Object.values(named);
    this.outcomes.forEach((outcome, index) => {
      if (outcome instanceof Expression || outcome instanceof Reduction) return;
      throw new ArgumentError(
        `${routine}: ${this.keys[index]} must be an expression or a reduction, but is ${describe(outcome)}`,
      );
    });
    this.leaves = leavesOf(this.outcomes);
  }

  get parameters(): string[] {
    return [...this.leaves.parameters];
  }

  private program(wide: boolean, bindings: Bindings): Program {
    const isScalar = (parameter: string) => typeof bindings[parameter] === "number";
    const key = `${wide} ${this.parameters.filter(isScalar).join(" ")}`;
    let program = this.programs.get(key);
    if (program === undefined) {
      program = compileProgram(this.outcomes, wide, isScalar);
      this.programs.set(key, program);
    }
    return program;
  }

  /** Checks everything, and starts the run. */
  run<M extends Mode>(
    mode: M,
    routine: string,
    bindings: Bindings,
    targets: { readonly [key: string]: unknown },
  ): Returned<M, unknown> {
    const named = new Map<NumericArray, string>(this.leaves.arrays);
    for (const parameter of this.leaves.parameters) {
      const bound = bindings[parameter];
      if (isNumericArray(bound)) named.set(bound, parameter);
      else if (typeof bound !== "number") {
        throw new ArgumentError(
          `${routine}: parameter ${parameter} must be a typed array or a number, but is ${describe(bound)}`,
        );
      }
    }
    const wide = isWide(named.keys(), this.dtype);
    const program = this.program(wide, bindings);
    const lengths = new Map<NumericArray, string>(named);
    for (const [key, target] of Object.entries(targets)) {
      const kind = program.outcomes[this.keys.indexOf(key)];
      if (typeof kind !== "string") {
        throw new ArgumentError(
          `${routine}: there is no expression ${key} for which a target could be given`,
        );
      }
      checkTarget(routine, target, key, kind);
      if (!lengths.has(target)) lengths.set(target, targetName(key));
    }
    const elements = checkLengths(routine, lengths);
    checkNotEmpty(routine, this.outcomes, elements);
    const written: TargetArray[] = [];
    const results = program.outcomes.map((outcome, index) => {
      if (typeof outcome !== "string") return undefined;
      const key = this.keys[index];
      const given = targets[key] as TargetArray | undefined;
      const target = given ?? makeTarget(outcome, wide, elements);
      if (given !== undefined) {
        for (const [other, name] of named) checkApart(routine, target, targetName(key), other, name);
        for (const other of written) {
          if (other === target) throw new ArgumentError(`${routine}: ${targetName(key)} is given twice`);
          checkApart(routine, target, targetName(key), other, "another target");
        }
      }
      written.push(target);
      return target;
    });
    const constants = Float64Array.from(program.constants, constant =>
      typeof constant === "string" ? (bindings[constant] as number) : constant,
    );
    const arrays = program.arrays.map(array => (typeof array === "string" ? bindings[array] : array));
    if (mode === "async") {
      for (const used of lengths.keys()) checkFixedLength(used);
    }
    const found = new Float64Array(program.reductions);
    const finish = (): unknown => {
      const values = program.outcomes.map((outcome, index) =>
        typeof outcome === "string" ? results[index] : outcome.compute(found, outcome.first, elements),
      );
      return this.single
        ? values[0]
        : Object.fromEntries(this.keys.map((key, index) => [key, values[index]]));
    };
    const promise = native().runExpression(
      program.code,
      constants,
      arrays,
      written,
      elements,
      found,
      mode === "async",
    );
    return (mode === "sync" ? finish() : promise!.then(finish)) as Returned<M, unknown>;
  }
}
