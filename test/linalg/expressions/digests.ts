/**
 * Prints a digest of the results of every function of expressions, for `npm run test:arm64`, which compares those of two
 * processors. The arguments are the same everywhere; so must be the bits, but for which NaN it is.
 */
import { createHash } from "node:crypto";
import { functionInfo } from "../../../src/linalg/expressions/functions.ts";
import { type FunctionName, functions } from "../../../src/linalg/index.ts";
import { apply, type Floats, samples, type Type, types } from "./samples.ts";

function digest(results: Floats): string {
  const alike = results.map(value => (Number.isNaN(value) ? Number.NaN : value));
  return createHash("sha256")
    .update(new Uint8Array(alike.buffer as ArrayBuffer))
    .digest("hex");
}

for (const type of Object.keys(types) as Type[]) {
  const operands = [1, 5, 9].map(seed => samples(type, 30_000, seed));
  for (const name of Object.keys(functions) as FunctionName[]) {
    const given = operands.slice(0, functionInfo(name).takes.length);
    console.log(type, name, digest(apply(name, ...given)));
  }
}
