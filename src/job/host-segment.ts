import type { ActivityRecord } from "../transport/activity-record.ts";
import type { Statistics } from "../transport/statistics.ts";

/** What must be the same on all hosts of a job. */
export interface HostAgreement {
  /** Whether ranks outnumber cores anywhere. */
  crowded: boolean;
  /** Whether gateways may copy from and to the memory of ranks everywhere. */
  copies: boolean;
}

/** The launcher's side of a host's shared segment. Ranks are world ranks. */
export interface HostSegment {
  /** File descriptors that every rank, and the gateway, inherits, in this order, as 3, 4, 5 ... */
  readonly inherited: readonly number[];
  /** Environment variables that tell one rank of this host who it is. */
  environment(rank: number): Record<string, string>;
  /** A rank's process has ended with status 0: ranks that wait for it learn that it will never come. */
  rankFinished(rank: number): void;
  /** What all hosts have in common, to be said before a rank starts. */
  agree(facts: HostAgreement): void;
  /** Ends the job: ranks inside tsmpi leave with `code`, asleep or not. `rank` is the one that failed. */
  abort(rank: number, code: number): void;
  /** What a rank waits for at this moment ("recv from rank 2, tag 7 on world"), or undefined when it does not wait. */
  waitOf(rank: number): string | undefined;
  /** Whether a rank's script has come to its end. */
  isLeaving(rank: number): boolean;
  /** What a rank tells of its work, the earliest first. */
  activitiesOf(rank: number): ActivityRecord[];
  /** What a rank has counted, once it has ended; undefined when it has left nothing. */
  statisticsOf(rank: number): Statistics | undefined;
  /** Unmaps the segment and closes the descriptors. */
  close(): void;
}
