/** A host of a job: a part of its ranks, started and followed together. */
import type { Readable, Writable } from "node:stream";
import type { Rules } from "../src/collectives/rules.ts";
import type { Statistics } from "../src/transport/statistics.ts";

/** What one host is to run. For another host than this one it travels there as JSON. */
export interface HostPart {
  host: number;
  hosts: number;
  /** The host of each rank of the job. */
  places: number[];
  programs: HostProgram[];
  bindTo: "core" | "none";
  threadsPerRank: number | undefined;
  /** Whether one hardware thread of each physical core counts. */
  physicalCores: boolean;
  /** Bytes for messages between hosts. */
  linkMemory: number;
  /** Whether the job has a dashboard. */
  watched: boolean;
  /** Whether ranks count their messages. */
  counted: boolean;
  /** For the choice of algorithms. */
  rules: Rules | undefined;
}

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

export interface HostProgram extends Program {
  /** The file that node is given. */
  file: string;
  transpiled: boolean;
}

export interface HostEvents {
  /** @param hint what else is known of its end, to be put behind the sentence about it */
  exited(rank: number, code: number | null, signal: NodeJS.Signals | null, hint: string): void;
  notStarted(rank: number, reason: string): void;
  /** The host cannot be followed any more; `ranks` have not ended as far as is known. */
  lost(sentence: string, ranks: readonly number[]): void;
}

/** Who takes what a rank prints. */
export interface RankOutput {
  attach(rank: number, stdout: Readable, stderr: Readable): void;
}

/** Who gives a rank its standard input. */
export interface RankInput {
  /** Whether a rank gets a pipe, nothing, or the standard input of this process as it is. */
  descriptorOf(rank: number): 0 | "pipe" | "ignore";
  attach(rank: number, target: Writable): void;
}

/** What a rank is doing, as its host sees it. */
export interface RankLook {
  rank: number;
  /** Undefined: its process has ended, or not begun. */
  pid: number | undefined;
  /** What it waits for. */
  wait: string | undefined;
  /** Whether its script has come to its end. */
  leaving: boolean;
  /** Seconds of processor time that it has used. */
  cpu: number;
  /** Bytes of memory that it has touched. */
  memory: number;
  activities: ActivityLook[];
  /** Of a rank that has ended, if it has counted. */
  statistics: Statistics | undefined;
}

/** A long piece of work of a rank. */
export interface ActivityLook {
  label: string;
  done: number;
  total: number;
  failed: number;
  /** Seconds since its beginning, or that it took. */
  elapsed: number;
  over: boolean;
}

export interface Host {
  /** In messages; undefined: this machine, and no other takes part. */
  readonly name: string | undefined;
  /** Ranks that have not ended. */
  readonly ranks: readonly number[];
  start(output: RankOutput, input: RankInput): Promise<void>;
  pidOf(rank: number): number | undefined;
  /** To everything that the job runs here. */
  signal(signal: NodeJS.Signals): void;
  /** What its ranks wait for at this moment. */
  waits(): Promise<ReadonlyMap<number, string>>;
  /** What its ranks are doing at this moment; those of which nothing is known are left out. */
  look(): Promise<RankLook[]>;
  /** Ranks inside tsmpi leave. */
  abort(rank: number, code: number): void;
  /** All ranks of the job have ended: whatever they have left behind ends, too. */
  close(): Promise<void>;
}
