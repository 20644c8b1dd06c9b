/** Results of mpmath for the functions of expressions, and the unit in which errors are told. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FunctionName } from "../../../src/linalg/index.ts";
import { packageRoot } from "../../launch.ts";
import type { Type } from "./samples.ts";

const scratch = new DataView(new ArrayBuffer(8));
/** A unit in the last place of a result. */
export function ulp(value: number, type: Type): number {
  scratch.setFloat64(0, value);
  const exponent = ((scratch.getUint16(0) >> 4) & 0x7ff) - 1023;
  return type === "float64" ? 2 ** (Math.max(exponent, -1022) - 52) : 2 ** (Math.max(exponent, -126) - 23);
}

export interface Vector {
  readonly name: FunctionName;
  readonly given: readonly number[];
  /** The result is the sum of these. */
  readonly high: number;
  readonly low: number;
}

const vectors: readonly Vector[] = readFileSync(
  join(packageRoot, "test/linalg/expressions/vectors.txt"),
  "utf8",
)
  .split("\n")
  .filter(line => line !== "" && !line.startsWith("#"))
  .map(line => {
    const [name, ...words] = line.split(" ");
    const numbers = words.map(Number);
    return {
      name: name as FunctionName,
      given: numbers.slice(0, -2),
      high: numbers.at(-2)!,
      low: numbers.at(-1)!,
    };
  });

/** Those of a function that the type can hold. */
export function vectorsOf(name: FunctionName, type: Type): Vector[] {
  const fits = ({ given, high }: Vector): boolean =>
    type === "float64" ||
    (given.every(value => Math.fround(value) === value) && Math.abs(high) < 3.4028235e38);
  return vectors.filter(vector => vector.name === name && fits(vector));
}
