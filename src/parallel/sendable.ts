/**
 * Values that no other rank can have are found before the collective that would bring them there: in it they would be an
 * error of this rank alone, and others would wait for it.
 */
import { requireSendable } from "../index.ts";

/** Why a value cannot be sent; undefined when it can. */
export function refusal(value: unknown): unknown {
  if (isPrimitive(value) || (Array.isArray(value) && value.every(isPrimitive))) return undefined;
  try {
    requireSendable(value);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Whether it can be sent as a matter of course. */
function isPrimitive(value: unknown): boolean {
  const type = typeof value;
  return (type !== "object" || value === null) && type !== "function" && type !== "symbol";
}
