/** The functions by name, for expressions written as calls: `exp(x).add(sin(x).mul(3))`. */
import { call, Expression, type NumericArray, type Operand, toExpression } from "./expression.ts";
import type { FunctionName } from "./functions.ts";

type Unary = (x: Operand) => Expression;
type Binary = (a: Operand, b: Operand) => Expression;

const unary =
  (name: FunctionName): Unary =>
  x =>
    call(name, x);
const binary =
  (name: FunctionName): Binary =>
  (a, b) =>
    call(name, a, b);

/** An array as an expression; its name is used in errors. */
export function array(elements: NumericArray, name?: string): Expression {
  return toExpression(elements, name);
}

/** What an array or a number is given for later: see `compile`. */
export function parameter(name: string): Expression {
  return new Expression({ kind: "parameter", name });
}

export const abs = unary("abs");
/** -1, 0 or 1; keeps -0 and NaN. */
export const sign = unary("sign");
export const floor = unary("floor");
export const ceil = unary("ceil");
export const trunc = unary("trunc");
/** To the nearest whole number, halves up, as `Math.round`. */
export const round = unary("round");
/** To the nearest whole number, halves to even, as `numpy.rint`. */
export const rint = unary("rint");
export const sqrt = unary("sqrt");
export const cbrt = unary("cbrt");
export const exp = unary("exp");
export const exp2 = unary("exp2");
/** e^x - 1, exact for small x. */
export const expm1 = unary("expm1");
export const log = unary("log");
export const log2 = unary("log2");
export const log10 = unary("log10");
/** log(1 + x), exact for small x. */
export const log1p = unary("log1p");
export const sin = unary("sin");
export const cos = unary("cos");
export const tan = unary("tan");
export const asin = unary("asin");
export const acos = unary("acos");
export const atan = unary("atan");
export const sinh = unary("sinh");
export const cosh = unary("cosh");
export const tanh = unary("tanh");
export const erf = unary("erf");
export const erfc = unary("erfc");
/** The logarithm of the absolute value of the gamma function. */
export const lgamma = unary("lgamma");
export const isnan = unary("isnan");
export const isfinite = unary("isfinite");
export const not = unary("not");
/** As IEEE 754 has it: 1 to any power is 1. */
export const pow = binary("pow");
/** The angle of the point (x, y), given y first. */
export const atan2 = binary("atan2");
export const hypot = binary("hypot");
/** NaN if either is NaN, as `Math.min`. */
export const minimum = binary("minimum");
export const maximum = binary("maximum");
/** a * b + c, rounded once. */
export const fma = (a: Operand, b: Operand, c: Operand): Expression => call("fma", a, b, c);
/** `a` where the condition holds, else `b`. Both are computed everywhere. */
export const where = (condition: Operand, a: Operand, b: Operand): Expression =>
  call("where", condition, a, b);
