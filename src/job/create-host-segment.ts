/** The launcher makes the segment of its host here and follows its ranks through it. */
import { closeSync } from "node:fs";
import { native } from "../native.ts";
import { bulkBytesFor } from "../transport/board-layout.ts";
import {
  checkLocalRanks,
  distantRingBytesFor,
  Header,
  Layout,
  type Places,
  Rank,
  RankState,
  ringBytesFor,
} from "../transport/layout.ts";
import type { HostSegment } from "./host-segment.ts";
import { FactsReader } from "./rank-facts.ts";
import { writeHeader } from "./segment-header.ts";

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
  checkLocalRanks(size);
  const addon = native();
  const distantRingBytes = typeof places === "number" ? 0 : distantRingBytesFor(places, linkMemory);
  const layout = new Layout(places, ringBytesFor(size), bulkBytesFor(size, cores), distantRingBytes);
  const fd = addon.createSegment(layout.totalBytes);
  const words = new Int32Array(addon.mapSegment(fd)!);
  writeHeader(words, layout, { host, hosts, ofRank }, cores, watched);
  words[Header.host] = process.pid;
  words[Header.counted] = counted ? 1 : 0;
  words[Header.sleepersFence] = addon.canFence() ? 1 : 0;
  // One a rank; the last is the gateway's.
  const doorbells = Array.from({ length: hosts > 1 ? size + 1 : size }, () => addon.createDoorbell());
  const facts = new FactsReader(words, layout);

  const wakeAll = (): void => {
    for (const doorbell of doorbells) addon.ringDoorbell(doorbell);
  };

  return {
    inherited: [fd, ...doorbells],
    boot: "boot.cjs",
    // They do it themselves, through the addon.
    detached: false,

    environment: rank => ({
      TSMPI_RANK: String(rank),
      TSMPI_SIZE: String(ofRank.length),
      TSMPI_LOCAL_RANK: String(layout.slotOf(rank)),
      TSMPI_LOCAL_SIZE: String(size),
      TSMPI_HOST: String(host),
      TSMPI_HOSTS: String(hosts),
      TSMPI_TRANSPORT: "shared-memory",
    }),

    started() {},

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

    factsOf: async rank => facts.read(rank),

    close() {
      for (const descriptor of [fd, ...doorbells]) closeSync(descriptor);
    },
  };
}
