/** What this process knows of the job it belongs to, found once when the library loads. */
import { native } from "../native.ts";
import { Header, LAYOUT_VERSION, MAGIC, Rank, RankState } from "../transport/layout.ts";
import { trustSleepersToFence } from "../transport/publish.ts";
import { Statistics } from "../transport/statistics.ts";
import { Copies } from "./copies.ts";
import { joinThreads } from "./join-threads.ts";
import type { LocalJob } from "./local-job.ts";
import { isRankThread } from "./rank-thread.ts";
import { layoutOf } from "./segment-header.ts";

/** First of the descriptors that a rank inherits; doorbells of the ranks of this host follow. */
const SEGMENT_FD = 3;

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
