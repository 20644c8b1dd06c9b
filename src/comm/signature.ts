import { operationName } from "../collectives/operations.ts";

/** A collective's operation and root in one word: equal on all ranks that called it alike. */
export function signatureOf(operation: number, root: number): number {
  return (operation << 24) | root;
}

export function describeSignature(signature: number): string {
  const root = signature & 0xffffff;
  return `${operationName(signature >> 24)}${root === 0 ? "" : ` with root ${root}`}`;
}
