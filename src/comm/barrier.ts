/**
 * A barrier in shared memory, for a communicator whose ranks share a host: a counter of arrivals and a word that
 * says which barrier was completed last (the central counter barrier of Mellor-Crummey and Scott, ACM TOCS 9(1),
 * 1991, with the barrier's number in place of a sense bit). Each rank also writes down which barrier it has
 * arrived at, so that a wait can name who is missing.
 */
import type { Algorithm } from "../collectives/context.ts";
import { operations } from "../collectives/operations.ts";
import { PeerFinishedError } from "../errors.ts";
import type { LocalJob } from "../job/local-job.ts";
import { type Engine, Watch } from "../p2p/engine.ts";
import type { Request } from "../p2p/request.ts";
import type { Scope } from "../p2p/scope.ts";
import { LINE } from "../transport/layout.ts";
import type { WaitRecord } from "../transport/wait-record.ts";
import { signatureOf } from "./signature.ts";

const WORDS = LINE / 4;
// Words of a slot.
const ARRIVALS = 0;
const COMPLETED = WORDS;
const RANKS = 2 * WORDS;

export class SharedBarrier {
  readonly scope: Scope;
  readonly engine: Engine;
  readonly words: Int32Array;
  private readonly job: LocalJob;
  private readonly slot: number;
  private count: number;
  private last: BarrierWatch | undefined = undefined;

  /** @param slot number of a slot that only this communicator uses */
  constructor(engine: Engine, scope: Scope, slot: number) {
    this.engine = engine;
    this.scope = scope;
    this.job = engine.job!;
    this.words = this.job.words;
    this.slot = this.job.layout.barrierWord(slot);
    // An earlier communicator may have left its number in the slot.
    this.count = Atomics.load(this.words, this.slot + COMPLETED);
  }

  get completedWord(): number {
    return this.slot + COMPLETED;
  }

  /** Number of the barrier that a rank of the communicator arrived at last. */
  arrived(rank: number): number {
    return Atomics.load(this.words, this.slot + RANKS + rank * WORDS);
  }

  /** Whether an earlier barrier of this rank is still under way; then the next must wait for it. */
  get busy(): boolean {
    return this.last !== undefined && !this.last.done;
  }

  /**
   * Arrives. Not while `busy`, or two barriers would be counted for one another.
   * @param sequence number of the collective on the communicator
   * @returns what to wait for; undefined when this rank was the last to arrive
   */
  arrive(sequence: number): Request<void> | undefined {
    const { words, scope, engine, slot } = this;
    this.count = (this.count + 1) | 0;
    Atomics.store(words, slot + RANKS + scope.rank * WORDS, this.count);
    if (Atomics.add(words, slot + ARRIVALS, 1) === scope.size - 1) {
      Atomics.store(words, slot + ARRIVALS, 0);
      Atomics.store(words, slot + COMPLETED, this.count);
      for (let rank = 0; rank < scope.size; rank++) if (rank !== scope.rank) engine.wake(scope.toWorld(rank));
      return undefined;
    }
    const watch = new BarrierWatch(this, this.count, sequence);
    this.last = watch;
    engine.watch(watch);
    return watch.done ? undefined : watch;
  }

  /** The same as an algorithm, after whatever is under way. */
  *run(sequence: number): Algorithm<void> {
    while (this.busy) yield this.last!;
    const watch = this.arrive(sequence);
    if (watch === undefined) return;
    yield watch;
    watch.result();
  }
}

class BarrierWatch extends Watch {
  private readonly barrier: SharedBarrier;
  private readonly count: number;
  private readonly sequence: number;

  constructor(barrier: SharedBarrier, count: number, sequence: number) {
    super();
    this.barrier = barrier;
    this.count = count;
    this.sequence = sequence;
    this.word = barrier.completedWord;
    this.seen = (count - 1) | 0;
  }

  ready(): boolean {
    return ((Atomics.load(this.barrier.words, this.barrier.completedWord) - this.count) | 0) >= 0;
  }

  doomed(): Error | undefined {
    const { scope, engine } = this.barrier;
    for (let rank = 0; rank < scope.size; rank++) {
      if (!engine.isLeaving(scope.toWorld(rank))) continue;
      if (((this.barrier.arrived(rank) - this.count) | 0) >= 0) continue;
      return new PeerFinishedError(
        `rank ${scope.rank} waits in ${this.wait().text}, but rank ${rank} has finished without calling it`,
        { rank: engine.rank, peer: rank, communicator: scope.name },
      );
    }
    return undefined;
  }

  wait(): WaitRecord {
    const { scope } = this.barrier;
    return {
      text: `barrier, collective ${this.sequence} on ${scope.name}`,
      context: scope.collectiveContext,
      sequence: this.sequence,
      signature: signatureOf(operations.barrier, 0),
    };
  }
}
