import { type Dtype, dtypes, FLOAT64 } from "../codec/dtype.ts";

/**
 * Element loops in TypeScript, for short arrays and where there is no addon (native-kernels.ts chooses). Each pair
 * of operator and element type gets a loop of its own, compiled from text: closures of one literal share the
 * engine's type feedback, so that a second element type or a second function would slow down all of them five
 * times. The loops are unrolled by four, loads before stores, because the engine reads a typed array's address and
 * length again after every store. Together that is 1.2 ms instead of 2.3 (and 17 with shared feedback) for a
 * million doubles.
 */

/** Sets target[i] to left[i] · right[i]; `target` may be `left` or `right`. */
export type Kernel = (target: any, left: any, right: any) => void;

export type ElementOperator =
  | "sum"
  | "product"
  | "min"
  | "max"
  | "logicalAnd"
  | "logicalOr"
  | "logicalXor"
  | "bitwiseAnd"
  | "bitwiseOr"
  | "bitwiseXor";

const unroll = 4;

/** `expression` gives the result from the elements L and R. */
function compile(expression: string, fn?: unknown): Kernel {
  const lanes = Array.from({ length: unroll }, (_, lane) => lane);
  const of = (lane: number) => expression.replaceAll("L", `l${lane}`).replaceAll("R", `r${lane}`);
  const loads = lanes.map(lane => `const l${lane} = left[i + ${lane}], r${lane} = right[i + ${lane}];`);
  const results = lanes.map(lane => `const o${lane} = ${of(lane)};`);
  const stores = lanes.map(lane => `target[i + ${lane}] = o${lane};`);
  return build(
    `function (target, left, right) {
      const length = target.length, whole = length - length % ${unroll};
      let i = 0;
      for (; i < whole; i += ${unroll}) { ${loads.join(" ")} ${results.join(" ")} ${stores.join(" ")} }
      for (; i < length; i++) { const l0 = left[i], r0 = right[i]; target[i] = ${of(0)}; }
    }`,
    { fn },
  );
}

// The engine hands out the compiled code of an earlier function with the same text, feedback included.
let nextName = 0;

/** The function with this text, in which `names` are known. */
export function build(text: string, names: Record<string, unknown> = {}): Kernel {
  // oxlint-disable-next-line typescript/no-implied-eval -- the text is made of the library's constants alone
  const make = new Function(...Object.keys(names), `return ${text} // ${nextName++}`);
  return make(...Object.values(names)) as Kernel;
}

/** Names of the types with a rounding arithmetic. */
export const floats = new Set(["Float16Array", "Float32Array", "Float64Array"]);

function isBigInt(dtype: Dtype): boolean {
  return dtype.name === "BigInt64Array" || dtype.name === "BigUint64Array";
}

/** The loop of a built-in operator, undefined for bitwise ones on floating-point numbers. */
export function elementKernel(operator: ElementOperator, dtype: Dtype): Kernel | undefined {
  const expression = isBigInt(dtype) ? bigintExpression(operator, dtype) : numberExpression(operator, dtype);
  return expression === undefined ? undefined : compile(expression);
}

function numberExpression(operator: ElementOperator, dtype: Dtype): string | undefined {
  const float = floats.has(dtype.name);
  switch (operator) {
    case "sum":
      return "L + R";
    case "product":
      // The exact product of two 32-bit integers does not fit into a double. Narrower ones do, and wrap or clamp
      // when stored.
      return dtype.bytes === 4 && !float ? "Math.imul(L, R)" : "L * R";
    case "min":
      return float ? "Math.min(L, R)" : "L < R ? L : R";
    case "max":
      return float ? "Math.max(L, R)" : "L > R ? L : R";
    case "bitwiseAnd":
      return float ? undefined : "L & R";
    case "bitwiseOr":
      return float ? undefined : "L | R";
    case "bitwiseXor":
      return float ? undefined : "L ^ R";
    default:
      return logicalExpression(operator, "0", "1");
  }
}

function bigintExpression(operator: ElementOperator, dtype: Dtype): string {
  // Wrapping tells the engine that 64 bits suffice: without it every element becomes an object (17 times slower).
  const wrap = dtype.name === "BigInt64Array" ? "BigInt.asIntN" : "BigInt.asUintN";
  switch (operator) {
    case "sum":
      return `${wrap}(64, L + R)`;
    case "product":
      return `${wrap}(64, L * R)`;
    case "min":
      return `${wrap}(64, L < R ? L : R)`;
    case "max":
      return `${wrap}(64, L > R ? L : R)`;
    case "bitwiseAnd":
      return `${wrap}(64, L & R)`;
    case "bitwiseOr":
      return `${wrap}(64, L | R)`;
    case "bitwiseXor":
      return `${wrap}(64, L ^ R)`;
    default:
      return logicalExpression(operator, "0n", "1n");
  }
}

function logicalExpression(
  operator: "logicalAnd" | "logicalOr" | "logicalXor",
  zero: string,
  one: string,
): string {
  const left = `L !== ${zero}`;
  const right = `R !== ${zero}`;
  if (operator === "logicalXor") return `(${left}) !== (${right}) ? ${one} : ${zero}`;
  return `${left} ${operator === "logicalAnd" ? "&&" : "||"} ${right} ? ${one} : ${zero}`;
}

/** minLoc and maxLoc: arrays of value and index by turns. `wins` is "<" or ">". */
export function locKernel(wins: "<" | ">"): Kernel {
  return build(
    `function (target, left, right) {
      for (let i = 0, length = target.length; i < length; i += 2) {
        const l = left[i], r = right[i], li = left[i + 1], ri = right[i + 1];
        // NaN wins over every number, the lower index over an equal value.
        const lnan = l !== l, rnan = r !== r;
        const keep = lnan || rnan ? lnan && (!rnan || li <= ri) : l ${wins} r || (l === r && li <= ri);
        target[i] = keep ? l : r;
        target[i + 1] = keep ? li : ri;
      }
    }`,
  );
}

/**
 * Sets target[i] to left[l + i] · right[r + i] for a few doubles, which may lie anywhere in the arrays: a view of a part
 * takes longer to make than a few elements to combine.
 */
export type FewKernel = (
  target: Float64Array,
  left: Float64Array,
  l: number,
  right: Float64Array,
  r: number,
  count: number,
) => void;

/** The loop of an operator that works on doubles. */
export function fewKernel(operator: ElementOperator): FewKernel {
  const expression = numberExpression(operator, dtypes[FLOAT64]!)!
    .replaceAll("L", "l0")
    .replaceAll("R", "r0");
  return build(
    `function (target, left, l, right, r, count) {
      for (let i = 0; i < count; i++) { const l0 = left[l + i], r0 = right[r + i]; target[i] = ${expression}; }
    }`,
  ) as FewKernel;
}

// Compiling takes longer than combining this many elements with the shared loop.
const shortArray = 2048;

/** A user's function applied to every pair of elements. */
export function userKernel(fn: (left: unknown, right: unknown) => unknown): Kernel {
  let compiled: Kernel | undefined;
  return (target, left, right) => {
    if (target.length > shortArray) {
      compiled ??= compile("fn(L, R)", fn);
      compiled(target, left, right);
    } else {
      for (let i = 0, length = target.length; i < length; i++) target[i] = fn(left[i], right[i]);
    }
  };
}
