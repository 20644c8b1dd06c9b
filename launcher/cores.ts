/**
 * How many cores this process may use: its affinity mask, and the CPU quota of its control groups. A core is what the
 * kernel schedules on, and may be one of several hardware threads of a physical core.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { NativeMissingError } from "../src/errors.ts";
import { native } from "../src/native.ts";
import { UsageError } from "./usage-error.ts";
import { countOf } from "./variables.ts";

export function coresText(cores: number): string {
  return `${cores} ${cores === 1 ? "core" : "cores"}`;
}

/** "4 cores (2 physical)" */
export function countsText(cores: number, physical: number | undefined): string {
  return physical === undefined ? coresText(cores) : `${coresText(cores)} (${physical} physical)`;
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
 * The first of each physical core.
 * @param cpus numbers of cores
 * @param folder where the kernel tells which belong together
 * @returns undefined when it does not
 */
export function onePerPhysicalCore(
  cpus: readonly number[],
  folder = "/sys/devices/system/cpu",
): number[] | undefined {
  const seen = new Set<string>();
  const chosen: number[] = [];
  for (const cpu of cpus) {
    const topology = join(folder, `cpu${cpu}`, "topology");
    // The second is the name of kernels before 5.4. All hardware threads of a core have the same text.
    const siblings = read(join(topology, "core_cpus_list")) ?? read(join(topology, "thread_siblings_list"));
    if (siblings === undefined) return undefined;
    if (!seen.has(siblings)) chosen.push(cpu);
    seen.add(siblings);
  }
  return chosen;
}

/**
 * Numbers of the cores that this process may use.
 * @param physical one for each physical core
 * @throws {UsageError} they cannot be told apart
 */
export function cpusToUse(physical: boolean): number[] {
  if (!physical) return native().usableCpus();
  const chosen = physicalCpus();
  if (typeof chosen !== "string") return chosen;
  throw new UsageError(`--physical-cores expects to know which hardware threads share a core, and ${chosen}`);
}

/** Or why they are not known. */
function physicalCpus(): number[] | string {
  let cpus: number[];
  try {
    cpus = native().usableCpus();
  } catch (error) {
    if (!(error instanceof NativeMissingError)) throw error;
    return error.message;
  }
  return onePerPhysicalCore(cpus) ?? "the kernel does not tell in /sys/devices/system/cpu";
}

/** For people who want to know; undefined: not known, or TSMPI_CORES has been told. */
export function physicalCores(): number | undefined {
  if (countOf("TSMPI_CORES") !== undefined) return undefined;
  const cpus = physicalCpus();
  return typeof cpus === "string" ? undefined : withinQuota(cpus.length);
}

/** At least 1; a quota of 1.5 cores counts as 2, so that it can be used up. */
function withinQuota(cores: number): number {
  return Math.max(1, Math.min(cores, Math.ceil(cgroupCores())));
}

/**
 * At least 1.
 * @param physical counts one hardware thread of each physical core
 * @throws {UsageError} when TSMPI_CORES, which comes before all that, is no number of cores;
 * physical cores cannot be told
 */
export function usableCores(physical = false): number {
  return countOf("TSMPI_CORES") ?? withinQuota(physical ? cpusToUse(true).length : availableParallelism());
}
