/** The functions that expressions are made of, and what they take and give. */
import { ArgumentError } from "../../errors.ts";

/** Numbers, or conditions, which are true or false. */
export type Kind = "number" | "condition";

export interface FunctionInfo {
  /** Kinds of the operands. A number given for a condition is true unless it is 0; a condition counts as 1 or 0. */
  readonly takes: readonly Kind[];
  readonly gives: Kind;
}

const number1: FunctionInfo = { takes: ["number"], gives: "number" };
const number2: FunctionInfo = { takes: ["number", "number"], gives: "number" };
const number3: FunctionInfo = { takes: ["number", "number", "number"], gives: "number" };
const test1: FunctionInfo = { takes: ["number"], gives: "condition" };
const test2: FunctionInfo = { takes: ["number", "number"], gives: "condition" };
const logical1: FunctionInfo = { takes: ["condition"], gives: "condition" };
const logical2: FunctionInfo = { takes: ["condition", "condition"], gives: "condition" };

/** By name. Every name is also that of a native operation (`native/expression/operations.h`). */
export const functions = {
  negate: number1,
  abs: number1,
  sign: number1,
  floor: number1,
  ceil: number1,
  trunc: number1,
  round: number1,
  rint: number1,
  sqrt: number1,
  cbrt: number1,
  exp: number1,
  exp2: number1,
  expm1: number1,
  log: number1,
  log2: number1,
  log10: number1,
  log1p: number1,
  sin: number1,
  cos: number1,
  tan: number1,
  asin: number1,
  acos: number1,
  atan: number1,
  sinh: number1,
  cosh: number1,
  tanh: number1,
  erf: number1,
  erfc: number1,
  lgamma: number1,
  add: number2,
  subtract: number2,
  multiply: number2,
  divide: number2,
  pow: number2,
  atan2: number2,
  hypot: number2,
  minimum: number2,
  maximum: number2,
  fma: number3,
  isnan: test1,
  isfinite: test1,
  less: test2,
  lessEqual: test2,
  equal: test2,
  notEqual: test2,
  not: logical1,
  and: logical2,
  or: logical2,
  where: { takes: ["condition", "number", "number"], gives: "number" },
} as const satisfies Record<string, FunctionInfo>;

export type FunctionName = keyof typeof functions;

export function functionInfo(name: FunctionName): FunctionInfo {
  if (Object.hasOwn(functions, name)) return functions[name];
  throw new ArgumentError(`there is no function ${String(name)}`);
}

/** Reductions of all elements to one number; what takes a second operand is `dot`. */
export const reductionNames = [
  "sum",
  "mean",
  "min",
  "max",
  "argmin",
  "argmax",
  "dot",
  "norm",
  "any",
  "all",
] as const;

export type ReductionName = (typeof reductionNames)[number];
