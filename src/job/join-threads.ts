/** The job of a rank under `--transport zeromq`, see rank-threads.ts. */
import { Header, Rank, RankState } from "../transport/layout.ts";
import { Copies } from "./copies.ts";
import { rankThreads } from "./found-threads.ts";
import type { LocalJob } from "./local-job.ts";
import { layoutOf } from "./segment-header.ts";
import { ThreadBell, ThreadWaits } from "./thread-waits.ts";

/** Undefined in a process that a rank has started. */
export function joinThreads(rank: number): LocalJob | undefined {
  const threads = rankThreads();
  if (threads === undefined) return undefined;
  const { segment } = threads;
  const words = new Int32Array(segment);
  const { places, layout } = layoutOf(words);
  // One world per process: a second copy of the library must not share its rings.
  const area = layout.rankWord(rank);
  if (Atomics.compareExchange(words, area + Rank.pid, 0, process.pid) !== 0) return undefined;
  threads.joined = true;
  const waits = new ThreadWaits(words, new Int32Array(threads.bells));
  Atomics.store(words, area + Rank.state, RankState.joined);
  const { length: size } = places.ofRank;
  const job: LocalJob = {
    rank,
    size,
    places,
    cores: words[Header.cores],
    crowded: words[Header.crowded] === 1,
    watched: words[Header.watched] === 1,
    statistics: undefined,
    layout,
    neighbours: Array.from({ length: size }, (_, other) => other),
    sharesMemory: false,
    segment,
    words,
    waits,
    // Messages come by several threads, which look for themselves and need the core.
    patience: 0,
    copies: new Copies(undefined, words, layout),
    streamInto: undefined,
    doorbell: ThreadBell.rank,
    ring: () => waits.ringDoorbell(ThreadBell.gateway),
    deliver: () =>
      threads.deliver(() => {
        const code = Atomics.load(words, Header.abortCode);
        if (code === 0) return;
        threads.close();
        process.exit(code - 1);
      }),
    close: () => threads.close(),
  };
  return job;
}
