/** A host of a job: a part of its ranks, started and followed together. */
import type { Readable, Writable } from "node:stream";
import type { Rules } from "../src/collectives/rules.ts";
import type { Program } from "./plan.ts";

/** What one host is to run. For another host than this one it travels there as JSON. */
export interface HostPart {
  host: number;
  hosts: number;
  /** The host of each rank of the job. */
  places: number[];
  programs: HostProgram[];
  bindTo: "core" | "none";
  threadsPerRank: number | undefined;
  /** Bytes for messages between hosts. */
  linkMemory: number;
  /** For the choice of algorithms. */
  rules: Rules | undefined;
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
  /** Ranks inside tsmpi leave. */
  abort(rank: number, code: number): void;
  /** All ranks of the job have ended: whatever they have left behind ends, too. */
  close(): Promise<void>;
}
