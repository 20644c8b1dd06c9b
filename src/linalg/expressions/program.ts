/** Programs for the native loops: expressions as instructions on registers that hold one block of elements each. */
import { native } from "../../native.ts";
import { type Expression, type NumericArray, parts, Reduction, toExpression } from "./expression.ts";
import { functionInfo, type Kind } from "./functions.ts";

/** What a program is made from: values for every element, or one number of all. */
export type Outcome = Expression | Reduction;

/** What the native side finds where (`Place` in `native/expression/program.h`). */
const place = { value: 0, array: 1, constant: 2 } as const;

/** The native kinds of reductions, in their order there. */
const nativeReductions = ["sum", "dot", "min", "max", "argmin", "argmax"] as const;
type NativeReduction = (typeof nativeReductions)[number];

/** How one number comes from native partial results, which lie from `first` on, and the number of elements. */
interface Finish {
  readonly first: number;
  readonly compute: (found: Float64Array, first: number, elements: number) => number;
}

export interface Program {
  readonly wide: boolean;
  readonly code: Int32Array;
  /** Numbers, and names of parameters to be given as numbers. */
  readonly constants: readonly (number | string)[];
  /** Arrays, and names of parameters to be given as arrays. */
  readonly arrays: readonly (NumericArray | string)[];
  /** For each outcome how to get its number, or that it fills an array. */
  readonly outcomes: readonly (Finish | "number" | "condition")[];
  readonly reductions: number;
}

let operations: Map<string, number> | undefined;

/** Undefined: there is none. */
function operation(name: string): number | undefined {
  operations ??= new Map(
    native()
      .expressionOperations()
      .map((known, index) => [known, index]),
  );
  return operations.get(name);
}

/** The operation that multiplies what a function gives and adds to it. */
function multiplyAddOf(name: string): string {
  return `${name}MultiplyAdd`;
}

function functionOf({ node }: Expression): string | undefined {
  return node.kind === "call" ? node.function : undefined;
}

function operandsOf({ node }: Expression): readonly Expression[] {
  return node.kind === "call" ? node.operands : [];
}

interface Instruction {
  readonly operation: number;
  readonly from: readonly number[];
}

const negativeZero = Symbol("-0");
const one = toExpression(1);

/** Different items in the order in which they were first asked for. */
class Places<T extends object | number | string> {
  readonly items: T[] = [];
  private readonly places = new Map<T | symbol, number>();

  of(item: T): number {
    // A map takes 0 and -0 for one.
    const key = Object.is(item, -0) ? negativeZero : item;
    let place = this.places.get(key);
    if (place === undefined) {
      place = this.items.push(item) - 1;
      this.places.set(key, place);
    }
    return place;
  }
}

/** Turns trees into instructions. Equal parts of them are computed once. */
class Compiler {
  private readonly wide: boolean;
  private readonly isScalar: (parameter: string) => boolean;
  private readonly instructions: Instruction[] = [];
  private readonly known = new Map<string, number>();
  private readonly seen = new Map<Expression, number>();
  /** Equal expressions have one number, however often they have been written. */
  private readonly numbers = new Map<Expression, number>();
  /** What is not computed by itself, by number: see `fuse`. */
  private readonly fused = new Set<number>();
  private readonly reductions: number[] = [];
  private readonly outputs: number[] = [];
  readonly constants: Places<number | string> = new Places();
  readonly arrays: Places<NumericArray | string> = new Places();

  constructor(roots: readonly Expression[], wide: boolean, isScalar: (parameter: string) => boolean) {
    this.wide = wide;
    this.isScalar = isScalar;
    const all = this.number(parts(roots));
    this.fuse(roots, all);
  }

  /** Numbers expressions, parts before the whole. Returns one of each number. */
  private number(expressions: Iterable<Expression>): Expression[] {
    const arrays = new Map<NumericArray, number>();
    const found = new Map<string, number>();
    const all: Expression[] = [];
    for (const expression of expressions) {
      const { node } = expression;
      let key: string;
      if (node.kind === "number") key = `#${Object.is(node.value, -0) ? "-0" : node.value}`;
      else if (node.kind === "parameter") key = `$${node.name}`;
      else if (node.kind === "call")
        key = `${node.function} ${node.operands.map(each => this.numbers.get(each)).join()}`;
      else {
        if (!arrays.has(node.array)) arrays.set(node.array, arrays.size);
        key = `@${arrays.get(node.array)}`;
      }
      let number = found.get(key);
      if (number === undefined) {
        number = all.push(expression) - 1;
        found.set(key, number);
      }
      this.numbers.set(expression, number);
    }
    return all;
  }

  /**
   * Finds what nothing but one sum needs, so that both are one pass, with the same roundings: products, and in them, or
   * instead of them, functions for which the native side can do that.
   */
  private fuse(roots: readonly Expression[], all: readonly Expression[]): void {
    const uses = new Int32Array(all.length);
    for (const each of [...roots, ...all.flatMap(operandsOf)]) uses[this.numbers.get(each)!]++;
    const isOnly = (isWanted: (called: string) => boolean) => (expression: Expression) =>
      uses[this.numbers.get(expression)!] === 1 && isWanted(functionOf(expression) ?? "");
    const isProduct = isOnly(called => called === "multiply");
    const isFunction = isOnly(called => operation(multiplyAddOf(called)) !== undefined);
    for (const sum of all) {
      if (functionOf(sum) !== "add") continue;
      const product = operandsOf(sum).find(isProduct);
      const called = operandsOf(product ?? sum).find(isFunction);
      for (const each of [product, called]) if (each !== undefined) this.fused.add(this.numbers.get(each)!);
    }
  }

  private isFused(expression: Expression): boolean {
    return this.fused.has(this.numbers.get(expression)!);
  }

  private constant(value: number | string): number {
    return 4 * this.constants.of(value) + place.constant;
  }

  /** An operand: for now the place among values is that of the instruction which makes it. */
  private emit(name: string, ...from: number[]): number {
    const key = `${name} ${from.join(" ")}`;
    let made = this.known.get(key);
    if (made === undefined) {
      made = 4 * (this.instructions.push({ operation: operation(name)!, from }) - 1) + place.value;
      this.known.set(key, made);
    }
    return made;
  }

  /** The operand that an expression is. */
  private lower(expression: Expression): number {
    const known = this.seen.get(expression);
    if (known !== undefined) return known;
    for (const part of parts([expression])) {
      if (!this.seen.has(part) && !this.isFused(part)) this.seen.set(part, this.make(part));
    }
    return this.seen.get(expression)!;
  }

  private make({ node }: Expression): number {
    if (node.kind === "number") return this.constant(node.value);
    if (node.kind === "array") return 4 * this.arrays.of(node.array) + place.array;
    if (node.kind === "parameter") {
      return this.isScalar(node.name)
        ? this.constant(node.name)
        : 4 * this.arrays.of(node.name) + place.array;
    }
    const { operands } = node;
    const fused = operands.find(operand => this.isFused(operand));
    if (fused !== undefined) return this.multiplyAdd(fused, operands[operands[0] === fused ? 1 : 0]);
    const { takes } = functionInfo(node.function);
    return this.emit(node.function, ...operands.map((operand, index) => this.as(takes[index], operand)));
  }

  /** A sum of a product, or function, that is fused with it, and another term. */
  private multiplyAdd(fused: Expression, other: Expression): number {
    const factors = functionOf(fused) === "multiply" ? operandsOf(fused) : [fused, one];
    const called = factors.find(factor => this.isFused(factor));
    const [first, second] = called === factors[1] ? [factors[1], factors[0]] : factors;
    const name = called === undefined ? "multiplyAdd" : multiplyAddOf(functionOf(called)!);
    const operands = [called === undefined ? first : operandsOf(called)[0], second, other];
    return this.emit(name, ...operands.map(operand => this.as("number", operand)));
  }

  private as(kind: Kind, expression: Expression): number {
    const made = this.lower(expression);
    if (kind === expression.kind) return made;
    return this.emit(kind === "number" ? "toNumber" : "toCondition", made);
  }

  private reduce(kind: NativeReduction, a: number, b = a): void {
    const inArray = (operand: number) =>
      operand % 4 === place.constant ? this.emit("copy", operand) : operand;
    this.reductions.push(nativeReductions.indexOf(kind), inArray(a), inArray(b));
  }

  reduction({ name, operands: [expression, other] }: Reduction): Finish {
    const first = this.reductions.length / 3;
    let compute: Finish["compute"] = (found, at) => found[at];
    if (name === "any" || name === "all") {
      this.reduce(name === "any" ? "max" : "min", this.emit("toNumber", this.as("condition", expression)));
      compute = (found, at, elements) => (elements > 0 ? found[at] : Number(name === "all"));
      return { first, compute };
    }
    const a = this.as("number", expression);
    if (name === "mean") {
      this.reduce("sum", a);
      compute = (found, at, elements) => found[at] / elements;
    } else if (name === "dot") this.reduce("dot", a, this.as("number", other));
    else if (name !== "norm") this.reduce(name, a);
    else if (this.wide) {
      // Squares of numbers made smaller and larger, too, for the case that those of the numbers leave the range.
      this.reduce("dot", a);
      this.reduce("dot", this.emit("multiply", a, this.constant(2 ** -600)));
      this.reduce("dot", this.emit("multiply", a, this.constant(2 ** 600)));
      compute = (found, at) => {
        if (found[at] === Number.POSITIVE_INFINITY) return Math.sqrt(found[at + 1]) * 2 ** 600;
        return found[at] < 1e-280 ? Math.sqrt(found[at + 2]) * 2 ** -600 : Math.sqrt(found[at]);
      };
    } else {
      this.reduce("dot", a);
      compute = (found, at) => Math.sqrt(found[at]);
    }
    return { first, compute };
  }

  output(expression: Expression): Kind {
    const made = this.as("number", expression);
    this.outputs.push(made % 4 === place.value ? made : this.emit("copy", made));
    return expression.kind;
  }

  /** The words that the native side reads, once values have got registers, each as long as it is needed. */
  code(): Int32Array {
    const last = new Int32Array(this.instructions.length).fill(-1);
    this.instructions.forEach(({ from }, index) => {
      for (const operand of from) if (operand % 4 === place.value) last[operand >> 2] = index;
    });
    const reduced = this.reductions.filter((_, index) => index % 3 > 0);
    for (const operand of [...reduced, ...this.outputs]) {
      if (operand % 4 === place.value) last[operand >> 2] = this.instructions.length;
    }
    const register = new Int32Array(this.instructions.length);
    const free: number[] = [];
    let count = 0;
    const placed = (operand: number) =>
      operand % 4 === place.value ? 4 * register[operand >> 2] + place.value : operand;
    const body = this.instructions.flatMap(({ operation, from }, index) => {
      const operands = from.map(placed);
      // A register that is read for the last time can take the result: loops read before they write.
      for (const operand of new Set(from)) {
        if (operand % 4 === place.value && last[operand >> 2] === index) free.push(register[operand >> 2]);
      }
      register[index] = free.pop() ?? count++;
      return [operation, register[index], operands[0] ?? 0, operands[1] ?? 0, operands[2] ?? 0];
    });
    return Int32Array.from([
      this.wide ? 1 : 0,
      count,
      this.instructions.length,
      this.reductions.length / 3,
      ...body,
      ...this.reductions.map((word, index) => (index % 3 === 0 ? word : placed(word))),
      ...this.outputs.map(made => register[made >> 2]),
    ]);
  }

  get reductionCount(): number {
    return this.reductions.length / 3;
  }
}

/** Compiles outcomes to one program, which makes them in one pass. Parameters are arrays unless `isScalar` says so. */
export function compileProgram(
  outcomes: readonly Outcome[],
  wide: boolean,
  isScalar: (parameter: string) => boolean,
): Program {
  const roots = outcomes.flatMap(outcome => (outcome instanceof Reduction ? outcome.operands : outcome));
  const compiler = new Compiler(roots, wide, isScalar);
  const made = outcomes.map(outcome =>
    outcome instanceof Reduction ? compiler.reduction(outcome) : compiler.output(outcome),
  );
  return {
    wide,
    code: compiler.code(),
    constants: compiler.constants.items,
    arrays: compiler.arrays.items,
    outcomes: made,
    reductions: compiler.reductionCount,
  };
}
