/** Options that operations take: objects, whatever a program may give that has not been type-checked. */

import { describe } from "../describe.ts";
import { ArgumentError } from "../errors.ts";

/** Refuses what is no object, such as a bare tag or root. Costs a nanosecond; not to be called without options. */
export function requireOptions(operation: string, options: unknown, example: string): void {
  if (typeof options === "object" && options !== null) return;
  throw new ArgumentError(
    `${operation}: options must be an object, such as ${example}; got ${describe(options)}.`,
  );
}

/** The root that a collective's options name. */
export function rootOf(operation: string, options: { root?: number } | undefined): number {
  if (options === undefined) return 0;
  requireOptions(operation, options, "{ root: 1 }");
  return options.root ?? 0;
}
