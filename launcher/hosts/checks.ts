/** What must be in order on a host before ranks are started anywhere. */
import { existsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { native, packageFolder } from "../../src/native.ts";
import type { HostPart } from "../host.ts";
import { packageVersion } from "../version.ts";
import type { Order } from "./protocol.ts";
import { ELSEWHERE } from "./ship.ts";

const OLDEST_NODE = [20, 19];

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Undefined when ranks can run under this version. */
export function nodeProblem(version: string): string | undefined {
  const [major, minor] = version.split(".").map(Number);
  const tooOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  return tooOld ? `has Node ${version}; install ${OLDEST_NODE.join(".")} or later there` : undefined;
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
  const ofNode = nodeProblem(process.versions.node);
  if (ofNode !== undefined) problems.push(ofNode);
  try {
    native();
  } catch (error) {
    const { message } = error as Error;
    const shipped = order.shippedLibraries !== undefined;
    problems.push(shipped ? `${message}, or, if ${tmpdir()} is mounted noexec, ${ELSEWHERE}` : message);
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
