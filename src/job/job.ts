/** What this process knows of the job it belongs to, found once when the library loads. */
import { isMainThread } from "node:worker_threads";
import { type Native, native } from "../native.ts";
import { Header, LAYOUT_VERSION, Layout, MAGIC, Rank, RankState } from "../transport/layout.ts";
import { trustSleepersToFence } from "../transport/publish.ts";
import { Copies } from "./copies.ts";

/** First of the descriptors that a rank inherits; doorbells follow. */
export const SEGMENT_FD = 3;
export const doorbellFd = (rank: number): number => SEGMENT_FD + 1 + rank;

/** A job of several ranks on this host. */
export interface LocalJob {
  readonly rank: number;
  readonly size: number;
  readonly cores: number;
  readonly layout: Layout;
  readonly segment: ArrayBuffer;
  /** Int32Array over the whole segment. */
  readonly words: Int32Array;
  readonly native: Native;
  readonly copies: Copies;
  /** Rings the doorbell of a rank. */
  ring(rank: number): void;
}

/**
 * Joins the job that the environment names. Undefined without a launcher, and in a process that a rank has
 * started: that inherits the environment but not the segment, and is a world of its own.
 */
export function joinJob(): LocalJob | undefined {
  const rankText = process.env.TSMPI_RANK;
  if (rankText === undefined || !isMainThread) return undefined;
  const addon = native();
  const segment = addon.mapSegment(SEGMENT_FD);
  if (segment === undefined) return undefined;
  const words = new Int32Array(segment);
  if (words[Header.magic] !== MAGIC || words[Header.version] !== LAYOUT_VERSION) return undefined;
  const size = words[Header.size];
  const rank = Number(rankText);
  const layout = new Layout(size, words[Header.ringBytes]);
  // One process per rank: a second one with the same descriptors (a fork, say) must not share its rings.
  const area = layout.rankWord(rank);
  if (Atomics.compareExchange(words, area + Rank.pid, 0, process.pid) !== 0) return undefined;
  if (words[Header.sleepersFence] === 1) {
    addon.acceptFences();
    trustSleepersToFence();
  }
  const copies = new Copies(addon, words, layout);
  Atomics.store(words, area + Rank.state, RankState.joined);
  const ring = (other: number): void => addon.ringDoorbell(doorbellFd(other));
  return { rank, size, cores: words[Header.cores], layout, segment, words, native: addon, copies, ring };
}
