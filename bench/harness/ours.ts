/** tsmpi itself as a contender, on either face. */
import { join } from "node:path";
import { packageVersion } from "../../launcher/version.ts";
import { packageFolder } from "../../src/native.ts";
import type { ContenderPlan } from "./contender.ts";
import type { Face } from "./options.ts";

/** Where the build puts what ranks run. */
export function programsFolder(): string {
  return join(packageFolder(), "dist", "bench");
}

/** @param first the face that others are compared with */
export function planOurs(face: Face, first: boolean, ranks: number): ContenderPlan {
  const tsmpirun = [process.execPath, join(packageFolder(), "dist", "tsmpirun.js"), "-n", String(ranks)];
  return {
    key: first ? "tsmpi" : `tsmpi-${face}`,
    title: first ? "tsmpi" : `tsmpi ${face}`,
    kind: first ? "ours" : "other",
    readers: ranks,
    command: [...tsmpirun, join(programsFolder(), "rank.js"), face],
    startCommand: first ? [...tsmpirun, join(programsFolder(), "start.js")] : undefined,
    environment: {},
    does: () => true,
    version: `${packageVersion()}, ${face}`,
  };
}
