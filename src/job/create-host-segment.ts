/** The launcher makes the segment of its host here and follows its ranks through it. */
import { closeSync } from "node:fs";
import { ArgumentError } from "../errors.ts";
import { native } from "../native.ts";
import { type ActivityRecord, ActivityRecords } from "../transport/activity-record.ts";
import {
  ACTIVITIES,
  distantRingBytesFor,
  Header,
  LAYOUT_VERSION,
  Layout,
  MAGIC,
  MAX_LOCAL_RANKS,
  type Places,
  placesWord,
  Rank,
  RankState,
  ringBytesFor,
} from "../transport/layout.ts";
import { readStatistics } from "../transport/statistics.ts";
import { WaitRecords } from "../transport/wait-record.ts";
import type { HostSegment } from "./host-segment.ts";

/** Ids of communicators have 30 bits. */
const CONTEXTS_A_HOST = 2 ** 18;

/**
 * @param places where the ranks of the job are; a number: so many, all of them here
 * @param cores cores that the ranks may use together; with more ranks than that they yield instead of spinning
 * @param linkMemory bytes for the rings between ranks of this host and others
 * @param watched whether somebody may look at what ranks do
 * @param counted whether ranks count their messages
 */
export function createHostSegment(
  places: Places | number,
  cores = native().usableCpus().length,
  linkMemory = 0,
  watched = false,
  counted = false,
): HostSegment {
  const { host, hosts, ofRank } =
    typeof places === "number" ? { host: 0, hosts: 1, ofRank: new Int32Array(places) } : places;
  const size = typeof places === "number" ? places : Array.from(ofRank).filter(at => at === host).length;
  if (size > MAX_LOCAL_RANKS) {
    throw new ArgumentError(
      `${size} ranks on one host are too many; at most ${MAX_LOCAL_RANKS} are possible`,
    );
  }
  const addon = native();
  const distantRingBytes = typeof places === "number" ? 0 : distantRingBytesFor(places, linkMemory);
  const layout = new Layout(places, ringBytesFor(size), distantRingBytes);
  const fd = addon.createSegment(layout.totalBytes);
  const words = new Int32Array(addon.mapSegment(fd)!);
  words[Header.version] = LAYOUT_VERSION;
  words[Header.size] = size;
  words[Header.ringBytes] = layout.ringBytes;
  words[Header.cores] = cores;
  words[Header.host] = process.pid;
  words[Header.sleepersFence] = process.arch === "x64" && addon.acceptFences() ? 1 : 0;
  words[Header.worldSize] = ofRank.length;
  words[Header.hostIndex] = host;
  words[Header.hosts] = hosts;
  words[Header.distantRingBytes] = distantRingBytes;
  words[Header.crowded] = size > cores ? 1 : 0;
  words[Header.watched] = watched ? 1 : 0;
  words[Header.counted] = counted ? 1 : 0;
  words.set(ofRank, placesWord(size, ofRank.length));
  // 0 and 1 are the contexts, and the barrier slots, of `world` and `host`. Each host counts on from a number of its
  // own, so that communicators made on different hosts have different contexts.
  words[Header.nextContext] = 2 + host * CONTEXTS_A_HOST;
  words[Header.barrierSlots] = 0b11;
  words[Header.magic] = MAGIC;
  // One a rank; the last is the gateway's.
  const doorbells = Array.from({ length: hosts > 1 ? size + 1 : size }, () => addon.createDoorbell());
  const records = new WaitRecords(words, layout);
  const activities = new ActivityRecords(words, layout);

  const wakeAll = (): void => {
    for (const doorbell of doorbells) addon.ringDoorbell(doorbell);
  };

  return {
    inherited: [fd, ...doorbells],

    environment: rank => ({
      TSMPI_RANK: String(rank),
      TSMPI_SIZE: String(ofRank.length),
      TSMPI_LOCAL_RANK: String(layout.slotOf(rank)),
      TSMPI_LOCAL_SIZE: String(size),
      TSMPI_HOST: String(host),
      TSMPI_HOSTS: String(hosts),
    }),

    rankFinished(rank) {
      const state = layout.rankWord(rank) + Rank.state;
      // A rank that used the library has said so itself; this is for scripts that never did.
      if (Atomics.exchange(words, state, RankState.finished) === RankState.finished) return;
      Atomics.add(words, Header.endings, 1);
      wakeAll();
    },

    agree({ crowded, copies }) {
      words[Header.crowded] = crowded ? 1 : 0;
      words[Header.distantCopies] = copies ? 1 : 0;
    },

    abort(rank, code) {
      words[Header.abortRank] = rank;
      Atomics.compareExchange(words, Header.abortCode, 0, code + 1);
      wakeAll();
    },

    waitOf(rank) {
      // The record of a rank at its end says what it called last.
      const state = Atomics.load(words, layout.rankWord(rank) + Rank.state);
      return state >= RankState.leaving ? undefined : records.read(rank)?.text;
    },

    isLeaving(rank) {
      return Atomics.load(words, layout.rankWord(rank) + Rank.state) >= RankState.leaving;
    },

    activitiesOf(rank) {
      const found: ActivityRecord[] = [];
      for (let index = 0; index < ACTIVITIES; index++) {
        const record = activities.read(rank, index);
        if (record !== undefined) found.push(record);
      }
      return found.sort((a, b) => a.began - b.began);
    },

    statisticsOf: rank => readStatistics(words, layout, rank),

    close() {
      for (const descriptor of [fd, ...doorbells]) closeSync(descriptor);
    },
  };
}
