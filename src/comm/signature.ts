import { operationName } from "../collectives/operations.ts";
import { Operator } from "../collectives/operator.ts";
import * as operators from "../collectives/operators.ts";
import { REPRODUCIBLE } from "../collectives/reproducible.ts";

const names = new Map<number, string>();
for (const value of Object.values(operators))
  if (value instanceof Operator) names.set(value.code, value.name);

const ROOT_BITS = 19;
const OPERATOR_BITS = 5;
const OPERATOR_SHIFT = ROOT_BITS;
const OPERATION_SHIFT = OPERATOR_SHIFT + OPERATOR_BITS;

/** A collective's operation, operator and root in one word: equal on all ranks that called it alike. */
export function signatureOf(operation: number, root: number, op?: unknown): number {
  const code = op instanceof Operator ? op.code : 0;
  return (operation << OPERATION_SHIFT) | (code << OPERATOR_SHIFT) | (root & ((1 << ROOT_BITS) - 1));
}

/** "reduce by max with root 2" */
export function describeSignature(signature: number): string {
  const root = signature & ((1 << ROOT_BITS) - 1);
  const code = (signature >> OPERATOR_SHIFT) & ((1 << OPERATOR_BITS) - 1);
  const operator = names.get(code & ~REPRODUCIBLE);
  const reproducibly = (code & REPRODUCIBLE) === 0 ? "" : " (reproducible)";
  const by = operator === undefined ? "" : ` by ${operator}${reproducibly}`;
  return `${operationName(signature >> OPERATION_SHIFT)}${by}${root === 0 ? "" : ` with root ${root}`}`;
}

/** The signatures so far, and one more, in one word. */
export function mix(history: number, signature: number): number {
  return (Math.imul(history ^ signature, 0x9e3779b1) + 1) | 0;
}
