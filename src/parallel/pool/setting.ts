import type { Communicator } from "../../index.ts";
import type { Hosts } from "./share-value.ts";

/** What driver and workers of a pool know of it from its beginning. */
export interface Setting {
  readonly comm: Communicator;
  readonly hosts: Hosts;
  /** Memory for claims; undefined where the ranks are on several hosts. */
  readonly words: Int32Array | undefined;
  /** Ranks that run tasks. */
  readonly workers: readonly number[];
  /** So many tasks are known to all ranks. */
  readonly known: number;
  /** Whether to note when each task runs. */
  readonly traced: boolean;
}
