import type { Dtype, TypedArray } from "../../src/codec/dtype.ts";
import { type Operator, operator, sum } from "../../src/collectives/operators.ts";
import { arrayOf, available } from "./support.ts";

// Maps x -> a x + b modulo 13, written as a * 13 + b: their composition is associative, does not commute and fits
// into every element type that holds 168 exactly.
function composeMaps(left: number, right: number): number {
  const a = (Math.floor(left / 13) * Math.floor(right / 13)) % 13;
  const b = (Math.floor(right / 13) * (left % 13) + (right % 13)) % 13;
  return a * 13 + b;
}

const composing = operator((left: any, right: any): any =>
  typeof left === "bigint" ? BigInt(composeMaps(Number(left), Number(right))) : composeMaps(left, right),
);

// Below 128, for the sake of Int8Array.
const mapOf = (rank: number, index: number) => ((rank * 5 + index) % 9) * 13 + ((rank + index * 7) % 11);
const summandOf = (rank: number, index: number) => ((rank * 3 + index) % 5) - (index % 2);

export interface Case {
  name: string;
  op: Operator;
  element: (rank: number, index: number) => number;
  combine: (left: number, right: number) => number;
}

export const commutative: Case = {
  name: "sum",
  op: sum,
  element: summandOf,
  combine: (left, right) => left + right,
};
export const ordered: Case = { name: "composition", op: composing, element: mapOf, combine: composeMaps };

/** The elements of ranks `from` to below `to` combined one by one. */
export function folded(
  { element, combine }: Case,
  dtype: Dtype,
  length: number,
  from: number,
  to: number,
): TypedArray {
  return arrayOf(dtype, length, index => {
    let result = element(from, index);
    for (let rank = from + 1; rank < to; rank++) result = combine(result, element(rank, index));
    return result;
  });
}

export const both = [commutative, ordered];
export const float64 = available.find(({ name }) => name === "Float64Array")!;
