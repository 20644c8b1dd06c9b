/**
 * Values that no other rank can have are found before the collective that would bring them there: in it they would be an
 * error of this rank alone, and others would wait for it.
 */
import { requireSendable } from "../index.ts";

/** Lists and records around a value when a collective brings it, at most; what a value may hold is limited in depth. */
const AROUND = 4;

/** Why a value cannot be sent; undefined when it can. */
export function refusal(value: unknown): unknown {
  if (isPrimitive(value)) return undefined;
  const inside = attempt(value, AROUND);
  // That of the value alone names the place in it.
  return inside && (attempt(value, 0) ?? inside);
}

/** The same for a value that could not be sent as a part of a message: why not, by the place in it and not in the message. */
export function refusalIn(value: unknown, error: unknown): unknown {
  return refusal(value) ?? error;
}

/** Why values cannot be sent, by their places in a list. */
export function refusals(values: readonly unknown[]): Map<number, unknown> {
  const found = new Map<number, unknown>();
  if (arePrimitive(values) || attempt(values, AROUND - 1) === undefined) return found;
  for (const [place, value] of values.entries()) {
    const error = refusal(value);
    if (error !== undefined) found.set(place, error);
  }
  return found;
}

function attempt(value: unknown, around: number): unknown {
  let whole = value;
  for (let i = 0; i < around; i++) whole = [whole];
  try {
    requireSendable(whole);
    return undefined;
  } catch (error) {
    return error;
  }
}

function arePrimitive(values: readonly unknown[]): boolean {
  // A loop: `every` with a function takes three times as long.
  for (let i = 0; i < values.length; i++) if (!isPrimitive(values[i])) return false;
  return true;
}

/** Whether it can be sent as a matter of course. */
function isPrimitive(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  const type = typeof value;
  return type === "number" || type === "string" || type === "boolean" || type === "bigint";
}
