/** What this process knows of the job it belongs to, found once when the library loads. */
import { type Native, native, type Waits } from "../native.ts";
import {
  Header,
  LAYOUT_VERSION,
  type Layout,
  MAGIC,
  type Places,
  Rank,
  RankState,
} from "../transport/layout.ts";
import { trustSleepersToFence } from "../transport/publish.ts";
import { Statistics } from "../transport/statistics.ts";
import { Copies } from "./copies.ts";
import { joinThreads } from "./join-threads.ts";
import { isRankThread } from "./rank-thread.ts";
import { layoutOf } from "./segment-header.ts";

/** First of the descriptors that a rank inherits; doorbells of the ranks of this host follow. */
const SEGMENT_FD = 3;

/** A job of several ranks, as one of them on this host knows it. */
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

/**
 * Milliseconds of looking before sleep. Waking a sleeper costs 25-70 us, and 3 ms where another program has its core,
 * so looking for longer pays.
 */
const PATIENCE_MS = 1;

/**
 * Joins the job that the environment names. Undefined without a launcher, and in a process that a rank has
 * started: that inherits the environment but not the segment, and is a world of its own.
 */
export function joinJob(): LocalJob | undefined {
  const rankText = process.env.TSMPI_RANK;
  if (rankText === undefined || !isRankThread()) return undefined;
  if (process.env.TSMPI_TRANSPORT === "zeromq") return joinThreads(Number(rankText));
  const addon = native();
  const segment = addon.mapSegment(SEGMENT_FD);
  if (segment === undefined) return undefined;
  const words = new Int32Array(segment);
  if (words[Header.magic] !== MAGIC || words[Header.version] !== LAYOUT_VERSION) return undefined;
  const rank = Number(rankText);
  const { places, layout } = layoutOf(words);
  const size = places.ofRank.length;
  if (places.ofRank[rank] !== places.host) return undefined;
  // One process per rank: a second one with the same descriptors (a fork, say) must not share its rings.
  const area = layout.rankWord(rank);
  if (Atomics.compareExchange(words, area + Rank.pid, 0, process.pid) !== 0) return undefined;
  if (words[Header.sleepersFence] === 1) {
    addon.awaitFences();
    trustSleepersToFence();
  }
  const copies = new Copies(addon, words, layout);
  Atomics.store(words, area + Rank.state, RankState.joined);
  // The doorbell behind those of the ranks is the gateway's, which reads what is for ranks of other hosts.
  const doorbellOf = (other: number): number => SEGMENT_FD + 1 + Math.min(layout.slotOf(other), layout.size);
  return {
    rank,
    size,
    places,
    cores: words[Header.cores],
    crowded: words[Header.crowded] === 1,
    watched: words[Header.watched] === 1,
    statistics: words[Header.counted] === 1 ? new Statistics() : undefined,
    layout,
    neighbours: layout.ranks,
    sharesMemory: true,
    segment,
    words,
    waits: addon,
    patience: PATIENCE_MS,
    copies,
    // Ranks that share cores find in the cache what another has written.
    streamInto: layout.size <= words[Header.cores] ? addon.streamInto : undefined,
    doorbell: doorbellOf(rank),
    ring: other => addon.ringDoorbell(doorbellOf(other)),
    // Readers look into the same memory.
    deliver() {},
    close() {},
  };
}
