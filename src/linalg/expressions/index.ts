/** What the door offers for expressions. */
export * from "./build.ts";
export type { Bindings, Evaluated, EvaluateOptions, Outcomes, TargetArray } from "./evaluate.ts";
export { Expression, type Node, type NumericArray, type Operand, Reduction } from "./expression.ts";
export type { Compiled, Elementwise } from "./face.ts";
export {
  type FunctionInfo,
  type FunctionName,
  functions,
  type Kind,
  type ReductionName,
} from "./functions.ts";
export { expr, type Parsed, parse } from "./parse.ts";
