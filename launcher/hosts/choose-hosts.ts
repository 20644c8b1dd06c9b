/** Which hosts a job runs on, and by what means they are reached. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { JobOptions } from "../options.ts";
import { UsageError } from "../usage-error.ts";
import { type HostSlots, mergeHosts, parseHostFile } from "./host-list.ts";
import { isSlurmTask, slurmAllocation } from "./slurm.ts";

export type LauncherKind = "ssh" | "slurm" | "exec";

export interface ChosenHosts {
  launcher: LauncherKind;
  hosts: HostSlots[];
  /** Ranks when the command line does not say. */
  ranks: number;
}

function listedHosts(options: JobOptions): HostSlots[] {
  const hosts = [...options.hosts];
  if (options.hostFile !== undefined) {
    let text: string;
    try {
      text = readFileSync(options.hostFile, "utf8");
    } catch (error) {
      throw new UsageError(`--hostfile expects a file that can be read: ${(error as Error).message}`);
    }
    hosts.push(...parseHostFile(text, options.hostFile));
  }
  return mergeHosts(hosts);
}

const sum = (hosts: readonly HostSlots[]): number => hosts.reduce((total, { slots }) => total + slots, 0);

/** Undefined: no hosts are asked for, and this machine alone is meant. */
export function chooseHosts(
  options: JobOptions,
  environment: NodeJS.ProcessEnv = process.env,
): ChosenHosts | undefined {
  const { agent } = options;
  const kind = options.launcher ?? (agent === undefined ? undefined : "exec");
  if (kind === "exec" && agent === undefined) {
    throw new UsageError('--launcher exec expects --agent too, such as --agent "docker exec -i {host}"');
  }
  if (kind !== undefined && kind !== "exec" && agent !== undefined) {
    throw new UsageError(`--agent is for --launcher exec, and --launcher ${kind} came`);
  }
  const listed = listedHosts(options);
  const allocation = kind === "slurm" || !isSlurmTask(environment) ? slurmAllocation(environment) : undefined;
  if (listed.length > 0) {
    const allocated = new Set(allocation?.hosts.map(({ name }) => name));
    const launcher = kind ?? (listed.every(({ name }) => allocated.has(name)) ? "slurm" : "ssh");
    return { launcher, hosts: listed, ranks: sum(listed) };
  }
  if (allocation !== undefined && (kind === undefined || kind === "slurm")) {
    return { launcher: "slurm", hosts: allocation.hosts, ranks: allocation.tasks ?? sum(allocation.hosts) };
  }
  if (kind === "slurm") {
    throw new UsageError(
      "--launcher slurm expects to run inside an allocation (salloc or sbatch), and SLURM_JOB_ID is not set",
    );
  }
  if (kind !== undefined)
    throw new UsageError(`--launcher ${kind} expects --hosts or --hostfile, and neither came`);
  return undefined;
}

/** Whether a name surely means the machine that this process runs on. */
export function isThisHost(name: string): boolean {
  const own = hostname();
  return ["localhost", "127.0.0.1", "[::1]", own, own.split(".")[0]].includes(name);
}

/** The host of each rank, as indices into `hosts`. When the slots are used up, they are used again. */
export function placeRanks(hosts: readonly HostSlots[], ranks: number, mapBy: "slot" | "node"): number[] {
  const order: number[] = [];
  if (mapBy === "slot") {
    for (const [index, { slots }] of hosts.entries()) {
      for (let i = 0; i < slots && order.length < ranks; i++) order.push(index);
    }
  } else {
    const most = hosts.reduce((least, { slots }) => Math.max(least, slots), 0);
    for (let i = 0; i < most && order.length < ranks; i++) {
      for (const [index, { slots }] of hosts.entries()) if (i < slots) order.push(index);
    }
  }
  return Array.from({ length: ranks }, (_, rank) => order[rank % order.length]);
}
