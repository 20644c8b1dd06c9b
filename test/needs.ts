import type { Context } from "mocha";

/**
 * For tests that need a program which a user's machine may lack: without it they are skipped with the reason, and
 * fail where the project's own tests must all run (CI=true).
 * @param installable false: nothing that `.ci/run` could install, so never a failure
 */
export function needs(context: Context, present: boolean, what: string, installable = true): void {
  if (present) return;
  if (process.env.CI === "true" && installable) throw new Error(`${what} is not installed`);
  console.warn(`      skipped: ${what} is not installed`);
  context.skip();
}
