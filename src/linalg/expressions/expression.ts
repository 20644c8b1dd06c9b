/** Expressions as trees: what the builder, the parser and the template make, and what programs are compiled from. */
import { describe } from "../../describe.ts";
import { ArgumentError } from "../../errors.ts";
import { type FunctionName, functionInfo, type Kind, type ReductionName } from "./functions.ts";

/** Typed arrays that an expression can read. BigInt arrays are rounded to the nearest number. */
export type NumericArray =
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

/** What stands for an expression: a number is the same for all elements, an array gives one for each. */
export type Operand = Expression | NumericArray | number;

/** A node of the tree; nodes are never changed, and may be part of many trees. */
export type Node =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "array"; readonly array: NumericArray; readonly name: string | undefined }
  | { readonly kind: "parameter"; readonly name: string }
  | { readonly kind: "call"; readonly function: FunctionName; readonly operands: readonly Expression[] };

export function isNumericArray(value: unknown): value is NumericArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** The expression that an operand stands for. */
export function toExpression(operand: Operand, name?: string): Expression {
  if (operand instanceof Expression) return operand;
  if (typeof operand === "number") return new Expression({ kind: "number", value: operand });
  if (isNumericArray(operand)) return new Expression({ kind: "array", array: operand, name });
  throw new ArgumentError(
    `an expression is made of numbers, typed arrays and expressions, but got ${describe(operand)}`,
  );
}

export function call(name: FunctionName, ...operands: Operand[]): Expression {
  const { takes } = functionInfo(name);
  if (operands.length !== takes.length) {
    throw new ArgumentError(
      `${name}: expected ${takes.length} operand${takes.length === 1 ? "" : "s"}, but got ${operands.length}`,
    );
  }
  return new Expression({
    kind: "call",
    function: name,
    operands: operands.map(operand => toExpression(operand)),
  });
}

/** A value for each element, computed when it is evaluated. Made of arrays and numbers by functions and methods. */
export class Expression {
  /** The tree: for those who generate code of their own from it. */
  readonly node: Node;

  constructor(node: Node) {
    this.node = node;
  }

  /** Whether its elements are numbers or true and false. */
  get kind(): Kind {
    return this.node.kind === "call" ? functionInfo(this.node.function).gives : "number";
  }

  add(other: Operand): Expression {
    return call("add", this, other);
  }
  sub(other: Operand): Expression {
    return call("subtract", this, other);
  }
  mul(other: Operand): Expression {
    return call("multiply", this, other);
  }
  div(other: Operand): Expression {
    return call("divide", this, other);
  }
  pow(exponent: Operand): Expression {
    return call("pow", this, exponent);
  }
  neg(): Expression {
    return call("negate", this);
  }

  /** Comparisons with NaN are false, but for `ne`. */
  lt(other: Operand): Expression {
    return call("less", this, other);
  }
  le(other: Operand): Expression {
    return call("lessEqual", this, other);
  }
  gt(other: Operand): Expression {
    return call("less", other, this);
  }
  ge(other: Operand): Expression {
    return call("lessEqual", other, this);
  }
  eq(other: Operand): Expression {
    return call("equal", this, other);
  }
  ne(other: Operand): Expression {
    return call("notEqual", this, other);
  }
  and(other: Operand): Expression {
    return call("and", this, other);
  }
  or(other: Operand): Expression {
    return call("or", this, other);
  }
  not(): Expression {
    return call("not", this);
  }

  /** The sum, computed in double precision; of a condition, how often it is true. 0 without elements. */
  sum(): Reduction {
    return new Reduction("sum", this);
  }
  /** NaN without elements. */
  mean(): Reduction {
    return new Reduction("mean", this);
  }
  /** NaN where an element is NaN. */
  min(): Reduction {
    return new Reduction("min", this);
  }
  max(): Reduction {
    return new Reduction("max", this);
  }
  /** The place of the first least element, or of the first NaN. */
  argmin(): Reduction {
    return new Reduction("argmin", this);
  }
  argmax(): Reduction {
    return new Reduction("argmax", this);
  }
  /** The sum of the products, computed in double precision. */
  dot(other: Operand): Reduction {
    return new Reduction("dot", this, toExpression(other));
  }
  /** The Euclidean norm, without overflow on the way. */
  norm(): Reduction {
    return new Reduction("norm", this);
  }
  /** 1 if any element is true (not 0), else 0. */
  any(): Reduction {
    return new Reduction("any", this);
  }
  /** 1 if all elements are true (not 0), else 0. */
  all(): Reduction {
    return new Reduction("all", this);
  }

  toString(): string {
    return toText(this);
  }
}

/** Every part of some trees once, operands before what is made of them. No recursion: trees may be deep. */
export function* parts(roots: readonly Expression[]): Generator<Expression> {
  const done = new Set<Expression>();
  const stack = roots.toReversed();
  while (stack.length > 0) {
    const expression = stack.at(-1)!;
    const { node } = expression;
    const left = node.kind === "call" ? node.operands.filter(operand => !done.has(operand)) : [];
    if (left.length > 0) {
      stack.push(...left.reverse());
      continue;
    }
    stack.pop();
    if (done.has(expression)) continue;
    done.add(expression);
    yield expression;
  }
}

/** One number made of all elements of an expression, when it is evaluated. */
export class Reduction {
  readonly name: ReductionName;
  readonly operands: readonly Expression[];

  constructor(name: ReductionName, ...operands: Expression[]) {
    this.name = name;
    this.operands = operands;
  }

  toString(): string {
    return `${this.name}(${this.operands.map(toText).join(", ")})`;
  }
}

const infix: { readonly [name in FunctionName]?: string } = {
  add: "+",
  subtract: "-",
  multiply: "*",
  divide: "/",
  pow: "**",
  less: "<",
  lessEqual: "<=",
  equal: "==",
  notEqual: "!=",
  and: "&&",
  or: "||",
};

/** The expression as the parser reads it; arrays by name, or as `array`. No recursion, as in `parts`. */
function toText(root: Expression): string {
  const texts = new Map<Expression, string>();
  for (const part of parts([root])) texts.set(part, textOf(part.node, texts));
  return texts.get(root)!;
}

function textOf(node: Node, texts: ReadonlyMap<Expression, string>): string {
  if (node.kind === "number")
    return node.value < 0 || Object.is(node.value, -0) ? `(${format(node.value)})` : `${node.value}`;
  if (node.kind === "parameter") return node.name;
  if (node.kind === "array") return node.name ?? "array";
  const [first, ...others] = node.operands.map(operand => texts.get(operand)!);
  const sign = infix[node.function];
  // No join: that copies, and a long chain would take the square of its length. Sums of texts are copied when they are read.
  let text = `${sign === undefined ? node.function : ""}(${first}`;
  for (const other of others) text = `${text}${sign === undefined ? ", " : ` ${sign} `}${other}`;
  return `${text})`;
}

const format = (value: number): string => (Object.is(value, -0) ? "-0" : `${value}`);
