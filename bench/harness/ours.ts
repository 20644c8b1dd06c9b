/** tsmpi itself as a contender, on either face. */
import { join } from "node:path";
import type { TransportName } from "../../launcher/options.ts";
import { packageVersion } from "../../launcher/version.ts";
import { packageFolder } from "../../src/native.ts";
import type { ContenderPlan } from "./contender.ts";
import type { Face, Hosts, WireName } from "./options.ts";

/** Where the build puts what ranks run. */
export function programsFolder(): string {
  return join(packageFolder(), "dist", "bench");
}

/** @param first the face that others are compared with */
export function planOurs(
  { face, wire }: { face: Face; wire: WireName },
  first: boolean,
  ranks: number,
  hosts: Hosts | undefined,
  transport?: TransportName,
): ContenderPlan {
  const variant = hosts === undefined ? face : `${face} ${wire}`;
  const tsmpirun = [join(packageFolder(), "dist", "tsmpirun.cjs"), "-n", String(ranks)];
  if (transport !== undefined) tsmpirun.push("--transport", transport);
  if (hosts !== undefined) tsmpirun.push("--hosts", hosts.join(","), "--wire", wire);
  return {
    key: first ? "tsmpi" : `tsmpi-${variant.replace(" ", "-")}`,
    title: first ? "tsmpi" : `tsmpi ${variant}`,
    kind: first ? "ours" : "other",
    readers: ranks,
    command: [process.execPath, ...tsmpirun, join(programsFolder(), "rank.js"), face],
    // As the command that users give.
    startCommand: first ? [...tsmpirun, join(programsFolder(), "start.js")] : undefined,
    environment: {},
    does: () => true,
    version: [packageVersion(), variant, transport].filter(part => part !== undefined).join(", "),
  };
}
