/** Who runs what where: the command line checked against the file system, one entry per rank. */
import { type Stats, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Rules } from "../src/collectives/rules.ts";
import type { Arguments, Segment } from "./arguments.ts";
import { rulesFor } from "./tuning.ts";
import { UsageError } from "./usage-error.ts";

/** One program of the job, ready to be started. */
export interface Program {
  /** Absolute path of the file that the person named. */
  script: string;
  args: string[];
  nodeOptions: string[];
  workingFolder: string;
  environment: Record<string, string>;
  firstRank: number;
  ranks: number;
}

export interface Plan {
  programs: Program[];
  ranks: number;
  cores: number;
  /** For the choice of algorithms. */
  rules: Rules | undefined;
}

/** Read by OpenMP programs, OpenBLAS, MKL, BLIS, Accelerate and numexpr, each on its own first use. */
const THREAD_VARIABLES = [
  "OMP_NUM_THREADS",
  "OPENBLAS_NUM_THREADS",
  "MKL_NUM_THREADS",
  "BLIS_NUM_THREADS",
  "VECLIB_MAXIMUM_THREADS",
  "NUMEXPR_NUM_THREADS",
];

/** Every rank would start a thread per core by default: 8 ranks on 8 cores would be 64 threads that starve each other. */
function threadVariables(args: Arguments, ranks: number, cores: number): Record<string, string> {
  const threads = String(args.threadsPerRank ?? Math.max(1, Math.floor(cores / ranks)));
  const variables: Record<string, string> = {};
  for (const name of THREAD_VARIABLES) {
    if (args.threadsPerRank !== undefined || process.env[name] === undefined) variables[name] = threads;
  }
  return variables;
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

function programOf(
  segment: Segment,
  firstRank: number,
  cores: number,
  threads: Record<string, string>,
): Program {
  const environment: Record<string, string> = { ...threads };
  for (const [name, value] of segment.environment) environment[name] = value ?? process.env[name]!;
  return {
    script: checkScript(segment.script),
    args: segment.args,
    nodeOptions: segment.nodeOptions,
    workingFolder: segment.workingFolder === undefined ? process.cwd() : checkFolder(segment.workingFolder),
    environment,
    firstRank,
    ranks: segment.ranks ?? cores,
  };
}

/** @throws {UsageError} when something that the command line names is not there */
export function makePlan(args: Arguments, cores: number): Plan {
  const ranks = args.segments.reduce((sum, segment) => sum + (segment.ranks ?? cores), 0);
  if (typeof args.stdin === "number" && args.stdin >= ranks) {
    throw new UsageError(`--stdin expects a rank from 0 to ${ranks - 1}, all or none; ${args.stdin} came`);
  }
  if (args.outputFolder !== undefined && stat(args.outputFolder)?.isDirectory() === false) {
    throw new UsageError(`--output-dir expects a folder, and ${args.outputFolder} is a file`);
  }
  const threads = threadVariables(args, ranks, cores);
  const programs: Program[] = [];
  let firstRank = 0;
  for (const segment of args.segments) {
    const program = programOf(segment, firstRank, cores, threads);
    programs.push(program);
    firstRank += program.ranks;
  }
  return { programs, ranks, cores, rules: rulesFor(args) };
}

export function programOfRank(plan: Plan, rank: number): Program {
  return plan.programs.find(program => rank < program.firstRank + program.ranks)!;
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
