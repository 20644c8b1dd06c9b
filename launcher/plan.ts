/** Who runs what where: the command line checked against the file system, one entry per rank. */
import { type Stats, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Rules } from "../src/collectives/rules.ts";
import type { Arguments, Segment } from "./arguments.ts";
import type { Runnable } from "./cache.ts";
import type { HostPart, Program } from "./host.ts";
import {
  type ChosenHosts,
  chooseHosts,
  isThisHost,
  type LauncherKind,
  placeRanks,
} from "./hosts/choose-hosts.ts";
import type { JobOptions } from "./options.ts";
import { missingFolders } from "./rank-files.ts";
import { systemErrorText } from "./system-error.ts";
import { rulesFor } from "./tuning.ts";
import { UsageError } from "./usage-error.ts";
import { checkVariables } from "./variables.ts";

/** Tables of all ranks are kept in several places. */
const MAX_RANKS = 4_194_304;

export interface Plan {
  programs: Program[];
  ranks: number;
  /** Usable cores of this machine. */
  cores: number;
  /** Hosts that ranks run on, through daemons; undefined: on this machine, without any. */
  hosts: string[] | undefined;
  /** The host of each rank, as an index into `hosts`. */
  places: number[];
  /** How the hosts are reached. */
  launcher: LauncherKind | undefined;
  /** For the choice of algorithms. */
  rules: Rules | undefined;
}

function stat(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function checkScript(script: string): string {
  const path = resolve(script);
  const stats = stat(path);
  if (stats === undefined) {
    const extension = [".ts", ".mts", ".js", ".mjs", ".cts", ".cjs", ".tsx"].find(e =>
      stat(path + e)?.isFile(),
    );
    const hint = extension === undefined ? "" : `; did you mean ${script}${extension}?`;
    throw new UsageError(`a script was expected, and there is no file ${script}${hint}`);
  }
  if (stats.isDirectory()) throw new UsageError(`a script was expected, and ${script} is a folder`);
  return path;
}

function checkFolder(folder: string): string {
  const stats = stat(folder);
  if (stats === undefined) throw new UsageError(`--wdir expects a folder, and there is no ${folder}`);
  if (!stats.isDirectory()) throw new UsageError(`--wdir expects a folder, and ${folder} is a file`);
  return resolve(folder);
}

/** Asked for before anything is resolved against it: node's own error would not say what is wrong. */
function checkPresentFolder(): void {
  try {
    process.cwd();
  } catch (error) {
    throw new UsageError(
      `a folder to start in was expected, and the present one cannot be used: ${systemErrorText(error)}`,
    );
  }
}

/** @param onHosts the folder is looked for on the hosts, not here */
function programOf(segment: Segment, firstRank: number, ranks: number, onHosts: boolean): Program {
  const environment: Record<string, string> = onHosts ? passedOn() : {};
  for (const [name, value] of segment.environment) environment[name] = value ?? process.env[name]!;
  const { workingFolder = process.cwd() } = segment;
  return {
    script: checkScript(segment.script),
    args: segment.args,
    nodeOptions: segment.nodeOptions,
    workingFolder: onHosts ? resolve(workingFolder) : checkFolder(workingFolder),
    environment,
    firstRank,
    ranks,
  };
}

/** Ranks of other hosts have the environment that their host gives, but tsmpi's own settings count on all. */
function passedOn(): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (name.startsWith("TSMPI_") && value !== undefined) settings[name] = value;
  }
  return settings;
}

/** How many ranks each part of the job has. */
function countRanks(segments: readonly Segment[], all: number, onHosts: boolean): number[] {
  return segments.map(({ ranks }, index) => {
    if (ranks !== undefined) return ranks;
    if (!onHosts || segments.length === 1) return all;
    throw new UsageError(`-n is expected in each part of a job on hosts, and part ${index + 1} has none`);
  });
}

/** Where ranks are. A job whose ranks all come to lie on this machine needs no daemon. */
function placesOf(
  chosen: ChosenHosts | undefined,
  ranks: number,
  args: Arguments,
): Pick<Plan, "hosts" | "places" | "launcher"> {
  const here = { hosts: undefined, places: new Array<number>(ranks).fill(0), launcher: undefined };
  if (chosen === undefined) return here;
  const places = placeRanks(chosen.hosts, ranks, args.mapBy);
  // Hosts without a rank are left out.
  const used = [...new Set(places)].sort((a, b) => a - b);
  const hosts = used.map(index => chosen.hosts[index].name);
  if (
    args.launcher === undefined &&
    chosen.launcher !== "exec" &&
    hosts.length === 1 &&
    isThisHost(hosts[0])
  ) {
    return here;
  }
  return { hosts, places: places.map(index => used.indexOf(index)), launcher: chosen.launcher };
}

/** @throws {UsageError} when something that the command line names is not there, or a variable says what nobody knows */
export function makePlan(args: Arguments, cores: number): Plan {
  checkPresentFolder();
  checkVariables(args);
  const chosen = chooseHosts(args);
  const counts = countRanks(args.segments, chosen?.ranks ?? cores, chosen !== undefined);
  const ranks = counts.reduce((sum, count) => sum + count, 0);
  if (ranks > MAX_RANKS) {
    throw new UsageError(`at most ${MAX_RANKS} ranks were expected in all; ${ranks} came`);
  }
  if (typeof args.stdin === "number" && args.stdin >= ranks) {
    throw new UsageError(`--stdin expects a rank from 0 to ${ranks - 1}, all or none; ${args.stdin} came`);
  }
  if (args.outputFolder !== undefined) missingFolders(args.outputFolder);
  const { hosts, places, launcher } = placesOf(chosen, ranks, args);
  if (hosts !== undefined && args.transport === "zeromq") {
    throw new UsageError(
      "--transport zeromq expects all ranks on this machine, and --hosts or an allocation puts them elsewhere; " +
        "between hosts messages travel over ZeroMQ anyway",
    );
  }
  const programs: Program[] = [];
  let firstRank = 0;
  for (const [index, segment] of args.segments.entries()) {
    programs.push(programOf(segment, firstRank, counts[index], hosts !== undefined));
    firstRank += counts[index];
  }
  return { programs, ranks, cores, hosts, places, launcher, rules: rulesFor(args) };
}

/** One host's part of the job. */
export function partOf(
  plan: Plan,
  options: JobOptions,
  runnables: ReadonlyMap<string, Runnable>,
  host: number,
): HostPart {
  return {
    host,
    hosts: plan.hosts?.length ?? 1,
    places: plan.places,
    programs: plan.programs.map(program => {
      const { file, transpiled } = runnables.get(program.script)!;
      return { ...program, file, transpiled };
    }),
    bindTo: options.bindTo,
    threadsPerRank: options.threadsPerRank,
    physicalCores: options.physicalCores,
    linkMemory: options.linkMemory,
    watched: options.dashboard !== undefined,
    counted: options.stats,
    rules: plan.rules,
  };
}

/** Cores for one rank under `--bind-to core`: neighbours get neighbouring cores, more ranks than cores go round. */
export function coresOfRank(rank: number, usable: readonly number[], threads: number): number[] {
  const width = Math.min(threads, usable.length);
  const first = (rank * width) % usable.length;
  return Array.from({ length: width }, (_, i) => usable[(first + i) % usable.length]);
}

/** "0-2, 4": the way in which ranks are listed everywhere. */
export function rankList(ranks: Iterable<number>): string {
  const sorted = [...ranks].sort((a, b) => a - b);
  const runs: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (sorted[end + 1] === sorted[end] + 1) end++;
    // Two neighbours read better as "4, 5" than as "4-5".
    if (end > i + 1) runs.push(`${sorted[i]}-${sorted[end]}`);
    else runs.push(...sorted.slice(i, end + 1).map(String));
    i = end + 1;
  }
  return runs.join(", ");
}

/** "rank 3" or "ranks 0-2, 4". */
export function ranksText(ranks: readonly number[]): string {
  return `${ranks.length === 1 ? "rank" : "ranks"} ${rankList(ranks)}`;
}
