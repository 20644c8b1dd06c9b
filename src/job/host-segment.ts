import type { ChildProcess } from "node:child_process";
import type { RankFacts } from "./rank-facts.ts";

/** What must be the same on all hosts of a job. */
export interface HostAgreement {
  /** Whether ranks outnumber cores anywhere. */
  crowded: boolean;
  /** Whether gateways may copy from and to the memory of ranks everywhere. */
  copies: boolean;
}

/**
 * The launcher's side of what joins the ranks of a host: a segment that they share, or gateways in the ranks
 * themselves (launcher/threads). Ranks are world ranks.
 */
export interface RankMedium {
  /** What every rank inherits, in this order, as descriptors 3, 4, 5 ... */
  readonly inherited: readonly (number | "pipe")[];
  /** The file in `dist/` that every rank runs before its script. */
  readonly boot: string;
  /** Whether ranks need the launcher's help to lead a process group. */
  readonly detached: boolean;
  /** Environment variables that tell one rank of this host who it is. */
  environment(rank: number): Record<string, string>;
  /** A rank's process runs. @param broken is called when the rank cannot be joined with the others */
  started(rank: number, child: ChildProcess, broken: (problem: string) => void): void;
  /** A rank's process has ended with status 0: ranks that wait for it learn that it will never come. */
  rankFinished(rank: number): void;
  /** Ends the job: ranks inside tsmpi leave with `code`, asleep or not. `rank` is the one that failed. */
  abort(rank: number, code: number): void;
  factsOf(rank: number): Promise<RankFacts>;
  /** All ranks have ended. */
  close(): void;
}

/** The launcher's side of a host's shared segment. */
export interface HostSegment extends RankMedium {
  /** File descriptors that every rank, and the gateway, inherits. */
  readonly inherited: readonly number[];
  /** What all hosts have in common, to be said before a rank starts. */
  agree(facts: HostAgreement): void;
}
