/** The launcher makes the segment of its host here and follows its ranks through it. */
import { closeSync } from "node:fs";
import { ArgumentError } from "../errors.ts";
import { native } from "../native.ts";
import {
  Header,
  LAYOUT_VERSION,
  Layout,
  MAGIC,
  MAX_LOCAL_RANKS,
  Rank,
  RankState,
  ringBytesFor,
} from "../transport/layout.ts";
import { WaitRecords } from "../transport/wait-record.ts";
import type { HostSegment } from "./host-segment.ts";

/** @param cores cores that the ranks may use together; with more ranks than that they yield instead of spinning */
export function createHostSegment(size: number, cores = native().usableCpus().length): HostSegment {
  if (size > MAX_LOCAL_RANKS) {
    throw new ArgumentError(
      `${size} ranks on one host are too many; at most ${MAX_LOCAL_RANKS} are possible`,
    );
  }
  const addon = native();
  const layout = new Layout(size, ringBytesFor(size));
  const fd = addon.createSegment(layout.totalBytes);
  const words = new Int32Array(addon.mapSegment(fd)!);
  words[Header.version] = LAYOUT_VERSION;
  words[Header.size] = size;
  words[Header.ringBytes] = layout.ringBytes;
  words[Header.cores] = cores;
  words[Header.host] = process.pid;
  words[Header.sleepersFence] = process.arch === "x64" && addon.acceptFences() ? 1 : 0;
  // 0 and 1 are the contexts, and the barrier slots, of `world` and `host`.
  words[Header.nextContext] = 2;
  words[Header.barrierSlots] = 0b11;
  words[Header.magic] = MAGIC;
  const doorbells = Array.from({ length: size }, () => addon.createDoorbell());
  const records = new WaitRecords(words, layout);

  const wakeAll = (): void => {
    for (const doorbell of doorbells) addon.ringDoorbell(doorbell);
  };

  return {
    inherited: [fd, ...doorbells],

    environment: rank => ({ TSMPI_RANK: String(rank), TSMPI_SIZE: String(size) }),

    rankFinished(rank) {
      const state = layout.rankWord(rank) + Rank.state;
      // A rank that used the library has said so itself; this is for scripts that never did.
      if (Atomics.exchange(words, state, RankState.finished) === RankState.finished) return;
      Atomics.add(words, Header.endings, 1);
      wakeAll();
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

    close() {
      for (const descriptor of [fd, ...doorbells]) closeSync(descriptor);
    },
  };
}
