/** A job of several ranks, as one of them on this host knows it. */
import type { Native, Waits } from "../native.ts";
import type { Layout, Places } from "../transport/layout.ts";
import type { Statistics } from "../transport/statistics.ts";
import type { Copies } from "./copies.ts";

export interface LocalJob {
  readonly rank: number;
  /** Ranks of the job, on all hosts. */
  readonly size: number;
  readonly places: Places;
  /** Cores of this host. */
  readonly cores: number;
  /** Whether ranks outnumber cores on any host. */
  readonly crowded: boolean;
  /** Whether somebody may look at what ranks do, so that they tell more of it. */
  readonly watched: boolean;
  /** What this rank counts of its messages; undefined: nothing. */
  readonly statistics: Statistics | undefined;
  readonly layout: Layout;
  /** World ranks on this machine. */
  readonly neighbours: readonly number[];
  /** Whether those have the segment in common; else each has one of its own, see join-threads.ts. */
  readonly sharesMemory: boolean;
  readonly segment: ArrayBufferLike;
  /** Int32Array over the whole segment. */
  readonly words: Int32Array;
  readonly waits: Waits;
  /** Milliseconds of looking for news before sleep, unless the one who waits has reasons of its own. */
  readonly patience: number;
  readonly copies: Copies;
  /** For what this rank writes to memory that others read; undefined: not to be used. */
  readonly streamInto: Native["streamInto"];
  /** Descriptor of this rank's doorbell. */
  readonly doorbell: number;
  /** Rings the doorbell of a rank of this host. */
  ring(rank: number): void;
  /** At the end of this rank: blocks until what it has written has come to where its readers can find it. */
  deliver(): void;
  /** Ends what runs in this process for the job, besides the program. Afterwards the process may end. */
  close(): void;
}
