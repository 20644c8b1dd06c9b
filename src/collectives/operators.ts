import type { TypedArray } from "../codec/dtype.ts";
import { type ElementOperator, elementKernel, fewKernel, locKernel } from "./kernels.ts";
import { type IntegerArray, Operator } from "./operator.ts";
import {
  betterPair,
  bitwise,
  kindOfNumeric,
  kindOfPairs,
  kindOfTruth,
  kindOfWhole,
  type Located,
  mapped,
} from "./values.ts";

export {
  type CombineFunction,
  Operator,
  type OperatorFor,
  type OperatorOptions,
  operator,
} from "./operator.ts";
export type { Located } from "./values.ts";

/** Lists of numbers or bigints are combined item by item, as typed arrays are. */
export type Arithmetic = number | bigint | readonly number[] | readonly bigint[] | TypedArray;
/** Whole numbers: other numbers are refused at run time. */
export type Bits = number | bigint | readonly number[] | readonly bigint[] | IntegerArray;
/** Numbers are true unless zero; the result is 1 or 0 of the same kind. */
export type Truth = boolean | readonly boolean[] | Arithmetic;
/** Typed arrays hold value and index by turns. */
export type Locatable = Located<number> | Located<bigint> | readonly Located[] | TypedArray;

const numbers = "numbers, bigints, lists of them and typed arrays";

function arithmetic(
  name: ElementOperator,
  code: number,
  onNumbers: (left: number, right: number) => number,
  onBigints: (left: bigint, right: bigint) => bigint,
): Operator<Arithmetic> {
  return new Operator({
    name,
    code,
    commutative: true,
    grain: 1,
    domain: numbers,
    kindOf: kindOfNumeric,
    combineValues: mapped((left, right) =>
      typeof left === "number" ? onNumbers(left, right) : onBigints(left, right),
    ),
    makeKernel: dtype => elementKernel(name, dtype),
    makeFewKernel: () => fewKernel(name),
  });
}

/** Integer arrays wrap around (Uint8ClampedArray clamps), as their elements do on assignment. */
export const sum = arithmetic(
  "sum",
  1,
  (left, right) => left + right,
  (left, right) => left + right,
);
/** Integer arrays wrap around (Uint8ClampedArray clamps), as their elements do on assignment. */
export const product = arithmetic(
  "product",
  2,
  (left, right) => left * right,
  (left, right) => left * right,
);
/** NaN if any is NaN; -0 is less than 0. */
// biome-ignore lint/complexity/useMathMinMax: Math.min takes no bigints.
export const min = arithmetic("min", 3, Math.min, (left, right) => (left < right ? left : right));
/** NaN if any is NaN; -0 is less than 0. */
// biome-ignore lint/complexity/useMathMinMax: Math.max takes no bigints.
export const max = arithmetic("max", 4, Math.max, (left, right) => (left > right ? left : right));

function logical(
  name: ElementOperator,
  code: number,
  decide: (left: boolean, right: boolean) => boolean,
): Operator<Truth> {
  return new Operator({
    name,
    code,
    commutative: true,
    grain: 1,
    domain: `booleans, ${numbers}`,
    kindOf: kindOfTruth,
    combineValues: mapped((left, right) => {
      if (typeof left === "boolean") return decide(left, right);
      // Not Boolean(left): NaN is unequal to zero and so true, in values as in arrays.
      if (typeof left === "number") return decide(left !== 0, right !== 0) ? 1 : 0;
      return decide(left !== 0n, right !== 0n) ? 1n : 0n;
    }),
    makeKernel: dtype => elementKernel(name, dtype),
    makeFewKernel: () => fewKernel(name),
  });
}

export const logicalAnd = logical("logicalAnd", 5, (left, right) => left && right);
export const logicalOr = logical("logicalOr", 6, (left, right) => left || right);
export const logicalXor = logical("logicalXor", 7, (left, right) => left !== right);

function bits(
  name: ElementOperator,
  code: number,
  short: (left: number, right: number) => number,
  long: (left: bigint, right: bigint) => bigint,
): Operator<Bits> {
  return new Operator({
    name,
    code,
    commutative: true,
    grain: 1,
    domain: "whole numbers, bigints, lists of them and integer arrays",
    kindOf: kindOfWhole,
    combineValues: mapped(bitwise(short, long)),
    makeKernel: dtype => elementKernel(name, dtype),
  });
}

export const bitwiseAnd = bits(
  "bitwiseAnd",
  8,
  (left, right) => left & right,
  (left, right) => left & right,
);
export const bitwiseOr = bits(
  "bitwiseOr",
  9,
  (left, right) => left | right,
  (left, right) => left | right,
);
export const bitwiseXor = bits(
  "bitwiseXor",
  10,
  (left, right) => left ^ right,
  (left, right) => left ^ right,
);

function located(name: string, code: number, wins: "<" | ">"): Operator<Locatable> {
  return new Operator({
    name,
    code,
    commutative: true,
    grain: 2,
    domain: "pairs { value, index }, lists of them and typed arrays of value and index by turns",
    kindOf: kindOfPairs,
    combineValues: mapped(betterPair(wins)),
    // One loop for all element types would share its feedback between them.
    makeKernel: () => locKernel(wins),
  });
}

/** The pair with the least value; of equal ones that with the lowest index. NaN is less than every number. */
export const minLoc = located("minLoc", 11, "<");
/** The pair with the greatest value; of equal ones that with the lowest index. NaN is greater than every number. */
export const maxLoc = located("maxLoc", 12, ">");
