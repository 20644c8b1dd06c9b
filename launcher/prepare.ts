/** Makes the scripts of a job ready for node. */
import { rmSync } from "node:fs";
import { type Runnable, transpileCached } from "./cache.ts";
import type { Program } from "./host.ts";
import { NEEDS_TRANSPILING } from "./scripts.ts";
import { transpilerVersion } from "./version.ts";

/**
 * What node is given for each script.
 * @param whole everything that a script imports goes into one file with it
 */
export async function prepare(programs: readonly Program[], whole = false): Promise<Map<string, Runnable>> {
  const runnables = new Map<string, Runnable>();
  for (const { script } of programs) {
    if (runnables.has(script)) continue;
    const transpiled = whole || NEEDS_TRANSPILING.test(script);
    const runnable: Runnable = transpiled
      ? await transpileCached(script, transpilerVersion(), whole)
      : { file: script, transpiled: false, how: "run as it is", externals: [], temporary: undefined };
    runnables.set(script, runnable);
  }
  return runnables;
}

/** The folder to remove when the job has ended; "" when there is none. */
export function temporaryFolder(runnables: ReadonlyMap<string, Runnable>): string {
  return [...runnables.values()].find(runnable => runnable.temporary)?.temporary ?? "";
}

export function removeTemporary(runnables: ReadonlyMap<string, Runnable>): void {
  for (const { temporary } of runnables.values()) {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}
