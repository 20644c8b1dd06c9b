/**
 * Finds that a job can never go on, because each of its ranks sleeps in a wait that only another of them could end.
 *
 * A rank is stranded while it sleeps and nothing but another rank can wake it: it blocks, or its event loop has no other
 * work whatever (native/doorbell.cc). It says so in its area after it has announced its sleep and looked once more, and
 * takes it back before it does anything else. Whoever has news for a sleeper takes its announcement back first, in
 * `Engine.wake`. So when all ranks are seen stranded, each with its announcement, twice and without a change between,
 * there was a moment at which none ran, none had news, and nothing was under way; it lasts for ever.
 *
 * A rank that finishes says so first and then rings the others, whose waits for it fail. That they have all heard it is known only
 * when they have been rung after it was seen finished, so whoever finds a deadlock beside it rings all and lets them look.
 *
 * The last rank to be stranded finds it out. Nothing of this runs before a rank has slept for seconds.
 */
import type { LocalJob } from "../job/local-job.ts";
import { Header, Rank, RankState } from "../transport/layout.ts";
import type { WaitRecords } from "../transport/wait-record.ts";

/** So many waits, or ranks that have the same, are named. */
const NAMED = 8;

/** Of a rank that needs nothing more. */
const FINISHED = -1;

export class DeadlockFinder {
  private readonly words: Int32Array;
  private readonly job: LocalJob;
  private readonly word: number;
  private stranded = false;

  constructor(job: LocalJob) {
    this.job = job;
    this.words = job.words;
    this.word = job.layout.rankWord(job.rank) + Rank.stranded;
  }

  /**
   * Says that this rank is stranded.
   * @returns "deadlock": that makes one, of which no other rank has been told; "look": this rank has been released, to look once more
   * whether it can go on; "sleep": it may sleep on
   */
  strand(): "deadlock" | "look" | "sleep" {
    const { words } = this;
    this.stranded = true;
    Atomics.add(words, this.word, 1);
    const found = Atomics.load(words, Header.deadlocks);
    const told = Atomics.load(words, Header.endingsTold);
    const states = this.deadlocked();
    if (states === undefined) return "sleep";
    this.release();
    const finished = states.filter(state => state === FINISHED).length;
    if (finished > told) {
      if (Atomics.compareExchange(words, Header.endingsTold, told, finished) === told) this.ringAll();
      return "look";
    }
    // Two ranks may have found it; the other is about to go on.
    return Atomics.compareExchange(words, Header.deadlocks, found, found + 1) === found ? "deadlock" : "look";
  }

  /** To be called whenever this rank wakes, before it does anything that another could see. */
  release(): void {
    if (!this.stranded) return;
    this.stranded = false;
    Atomics.add(this.words, this.word, 1);
  }

  /** "rank 0 waits in recv from rank 1, any tag, on world; ranks 2, 3 wait in ...; rank 4 has finished": of all but this; "" when all others have finished. */
  others(records: WaitRecords): string {
    const ranksOf = new Map<string, number[]>();
    const finished: number[] = [];
    for (const rank of this.job.layout.ranks) {
      if (rank === this.job.rank) continue;
      if (this.stateOf(rank) === RankState.finished) {
        finished.push(rank);
        continue;
      }
      const text = records.read(rank)?.text ?? "tsmpi";
      const ranks = ranksOf.get(text);
      if (ranks === undefined) ranksOf.set(text, [rank]);
      else ranks.push(rank);
    }
    const parts = [...ranksOf].map(([text, ranks]) =>
      ranks.length === 1
        ? `rank ${ranks[0]} waits in ${text}`
        : `ranks ${shorten(ranks, ", ")} wait in ${text}`,
    );
    const waits = shorten(parts, "; ");
    if (finished.length === 0 || waits === "") return waits;
    const ended = finished.length === 1 ? `rank ${finished[0]} has` : `ranks ${shorten(finished, ", ")} have`;
    return `${waits}; ${ended} finished`;
  }

  private ringAll(): void {
    const { words, job } = this;
    for (const rank of job.layout.ranks) {
      const isAsleep = Atomics.exchange(words, job.layout.rankWord(rank) + Rank.sleeping, 0) !== 0;
      if (isAsleep && rank !== job.rank) job.ring(rank);
    }
  }

  /** What `snapshot` gives, if that is a deadlock. */
  private deadlocked(): number[] | undefined {
    const before = this.snapshot();
    if (before === undefined) return undefined;
    const after = this.snapshot();
    return after?.every((value, index) => value === before[index]) ? after : undefined;
  }

  /** How often each rank has been stranded; undefined when one is not. */
  private snapshot(): number[] | undefined {
    const { words, job } = this;
    const seen: number[] = [];
    for (const rank of job.layout.ranks) {
      if (this.stateOf(rank) === RankState.finished) {
        seen.push(FINISHED);
        continue;
      }
      const at = job.layout.rankWord(rank);
      const value = Atomics.load(words, at + Rank.stranded);
      if ((value & 1) === 0 || Atomics.load(words, at + Rank.sleeping) === 0) return undefined;
      seen.push(value);
    }
    return seen;
  }

  private stateOf(rank: number): number {
    return Atomics.load(this.words, this.job.layout.rankWord(rank) + Rank.state);
  }
}

function shorten(parts: readonly (string | number)[], separator: string): string {
  const rest = parts.length - NAMED;
  const named = parts.slice(0, NAMED).join(separator);
  return rest > 0 ? `${named}${separator}and ${rest} more` : named;
}
