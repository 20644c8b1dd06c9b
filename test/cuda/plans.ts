/** Expressions as the door plans them, for tests of what is written of them. */
import { dtypes } from "../../src/cuda/dtype.ts";
import { type Leaf, type Plan, Planner } from "../../src/cuda/expressions/plan.ts";
import { type FunctionName, functions, parse, Reduction } from "../../src/linalg/index.ts";

/** A plan over an array x, which is stored to a target of its type, and a number a. */
export function planned(text: string, wide: boolean, dtype = "float32"): Plan {
  const type = dtypes.get(dtype)!;
  const leaves: [string, Leaf][] = [
    ["x", { array: type }],
    ["a", "scalar"],
  ];
  const planner = new Planner(new Map(leaves), 100);
  const parsed = parse(text);
  let output: Plan["output"];
  if (parsed instanceof Reduction) planner.reduce(parsed, wide);
  else output = { step: planner.as("number", parsed), dtype: type };
  const { steps, accumulators, given } = planner;
  return { wide, arrays: [type], scalars: 1 + given.length, steps, output, accumulators };
}

const operandsOf = (name: string): string =>
  functions[name as FunctionName].takes
    .map((kind, i) => (kind === "number" ? ["x", "a", "2"][i] : "x > a"))
    .join(", ");

const infix: { readonly [name: string]: string } = {
  negate: "-x",
  add: "x + a",
  subtract: "x - a",
  multiply: "x * a",
  divide: "x / a",
  less: "x < a",
  lessEqual: "x <= a",
  equal: "x == a",
  notEqual: "x != a",
  not: "!x",
  and: "x && a",
  or: "x || a",
};

const called = (name: string): string => infix[name] ?? `${name}(${operandsOf(name)})`;

/** Each function that there is, called once. */
export const allFunctions: readonly string[] = Object.keys(functions).map(called);

const reductionNames = ["sum", "mean", "min", "max", "argmin", "argmax", "dot", "norm", "any", "all"];
export const reductions: readonly string[] = reductionNames.map(name =>
  name === "dot" ? "dot(x, x + a)" : `${name}(x * a)`,
);
