/** What must be in order on a host before ranks are started anywhere. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { native, packageFolder } from "../../src/native.ts";
import type { HostPart } from "../host.ts";
import { packageVersion } from "../version.ts";
import type { Order } from "./protocol.ts";

const OLDEST_NODE = [20, 19];

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

export function nodeIsTooOld(version: string): boolean {
  const [major, minor] = version.split(".").map(Number);
  return major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
}

/**
 * @param part the order's, with files in their places on this host
 * @returns sentences without the host's name: what is missing and what to do
 */
export function problemsOf(order: Extract<Order, { kind: "prepare" }>, part: HostPart): string[] {
  const version = packageVersion();
  if (version !== order.version) {
    return [
      `has tsmpi ${version} in ${packageFolder()}, and tsmpirun is ${order.version}; install the same version there`,
    ];
  }
  const problems: string[] = [];
  if (nodeIsTooOld(process.versions.node))
    problems.push(`has Node ${process.versions.node}; install ${OLDEST_NODE.join(".")} or later there`);
  try {
    native();
  } catch (error) {
    problems.push((error as Error).message);
  }
  if (!existsSync(join(packageFolder(), "dist", "boot.cjs"))) {
    problems.push(`has no ${join(packageFolder(), "dist", "boot.cjs")}; install tsmpi there anew`);
  }
  const folders = new Set<string>();
  const scripts = new Set<string>();
  for (const { firstRank, ranks, workingFolder, script, file } of part.programs) {
    if (!part.places.slice(firstRank, firstRank + ranks).includes(part.host)) continue;
    folders.add(workingFolder);
    scripts.add(script);
    if (!existsSync(file)) problems.push(`has no ${file}; copy it there, or share its folder`);
  }
  for (const folder of folders) {
    if (!isFolder(folder))
      problems.push(`has no folder ${folder}; make it there, or choose another with --wdir`);
  }
  const missing = order.imports.filter(([path, script]) => scripts.has(script) && !existsSync(path));
  if (missing.length > 0) {
    const [path, script] = missing[0];
    const more = missing.length === 1 ? "" : `, nor ${missing.length - 1} more`;
    problems.push(`has no ${path}${more}, which ${script} imports; install it there, or share its folder`);
  }
  return problems;
}
