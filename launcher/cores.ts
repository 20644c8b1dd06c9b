/** How many cores this process may use: its affinity mask, and the CPU quota of its control groups. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { UsageError } from "./usage-error.ts";

export function coresText(cores: number): string {
  return `${cores} ${cores === 1 ? "core" : "cores"}`;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Cores that a group's own files allow, or infinity. */
function quotaOf(folder: string): number {
  const [max, period] = read(join(folder, "cpu.max"))?.trim().split(" ") ?? [];
  if (max !== undefined && max !== "max") return Number(max) / Number(period);
  const quota = Number(read(join(folder, "cpu.cfs_quota_us")) ?? -1);
  if (quota > 0) return quota / Number(read(join(folder, "cpu.cfs_period_us")) ?? 100_000);
  return Number.POSITIVE_INFINITY;
}

/**
 * The smallest quota from the group of this process up to the root. Inside a container without a cgroup
 * namespace the group's path does not exist under the mount; the walk up then ends at the mount itself,
 * which is the container's own group.
 */
export function cgroupCores(root = "/sys/fs/cgroup", membership = read("/proc/self/cgroup") ?? ""): number {
  let least = Number.POSITIVE_INFINITY;
  for (const line of membership.split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    let mounts: string[];
    if (controllers === "") mounts = [root, join(root, "unified")];
    else if (controllers.split(",").includes("cpu")) mounts = [join(root, "cpu"), join(root, controllers)];
    else continue;
    for (const mount of mounts) {
      for (let group = path; ; group = dirname(group)) {
        least = Math.min(least, quotaOf(join(mount, group)));
        if (group === "/") break;
      }
    }
  }
  return least;
}

/**
 * At least 1; a quota of 1.5 cores counts as 2, so that it can be used up.
 * @throws {UsageError} when TSMPI_CORES, which comes before all that, is no number of cores
 */
export function usableCores(): number {
  const { TSMPI_CORES: told } = process.env;
  if (told !== undefined) {
    if (!/^[1-9]\d*$/.test(told))
      throw new UsageError(`TSMPI_CORES must be a whole number from 1 on; got "${told}"`);
    return Number(told);
  }
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(cgroupCores())));
}
