/** What environment variables say that people set for a job. */
import { variables, wordOf } from "../src/environment.ts";
import { ArgumentError } from "../src/errors.ts";
import type { Arguments } from "./arguments.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Refuses before anything is started what each rank would refuse for itself.
 * @throws {UsageError} a variable says what none of those who read it knows
 */
export function checkVariables({ segments }: Arguments): void {
  try {
    for (const { environment } of segments) {
      for (const name of variables) wordOf(name, environment.findLast(([key]) => key === name)?.[1]);
    }
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    throw new UsageError(error.message);
  }
}

/**
 * A number of cores or processes; undefined where it is not set.
 * @throws {UsageError} it is none
 */
export function countOf(name: string): number | undefined {
  const said = process.env[name];
  if (said === undefined || said === "") return undefined;
  if (/^[1-9]\d*$/.test(said)) return Number(said);
  throw new UsageError(`${name} must be a whole number from 1 on; got "${said}"`);
}
