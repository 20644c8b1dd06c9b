import { operationName } from "../collectives/operations.ts";
import { Operator } from "../collectives/operator.ts";
import * as operators from "../collectives/operators.ts";

const names = new Map<number, string>();
for (const value of Object.values(operators))
  if (value instanceof Operator) names.set(value.code, value.name);

const ROOT_BITS = 20;
const OPERATOR_SHIFT = ROOT_BITS;
const OPERATION_SHIFT = 24;

/** A collective's operation, operator and root in one word: equal on all ranks that called it alike. */
export function signatureOf(operation: number, root: number, op?: unknown): number {
  const code = op instanceof Operator ? op.code : 0;
  return (operation << OPERATION_SHIFT) | (code << OPERATOR_SHIFT) | (root & ((1 << ROOT_BITS) - 1));
}

/** "reduce by max with root 2" */
export function describeSignature(signature: number): string {
  const root = signature & ((1 << ROOT_BITS) - 1);
  const operator = names.get((signature >> OPERATOR_SHIFT) & 15);
  const by = operator === undefined ? "" : ` by ${operator}`;
  return `${operationName(signature >> OPERATION_SHIFT)}${by}${root === 0 ? "" : ` with root ${root}`}`;
}
