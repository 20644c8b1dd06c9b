/** What the gateway of a host does with its segment besides rings: waking ranks, noting who has sent to them. */
import { layoutOf } from "../job/segment-header.ts";
import type { Native, Waits } from "../native.ts";
import { Header, LAYOUT_VERSION, type Layout, MAGIC, type Places, Rank } from "../transport/layout.ts";
import { trustSleepersToFence } from "../transport/publish.ts";
import { WaitRecords } from "../transport/wait-record.ts";

/** First of the descriptors that the gateway inherits; doorbells of the ranks of this host follow, then its own. */
const SEGMENT_FD = 3;

/** What a gateway is given: a segment, and how to wait at it. */
export interface JoinedSegment {
  readonly segment: ArrayBufferLike;
  readonly waits: Waits;
  /** The doorbell of the first rank here; those of the others follow, then the gateway's. */
  readonly firstDoorbell: number;
}

/** The segment that this process has inherited. */
export function inheritedSegment(native: Native): JoinedSegment {
  const segment = native.mapSegment(SEGMENT_FD);
  if (segment === undefined) throw new Error("there is no segment to join");
  if (new Int32Array(segment)[Header.sleepersFence] === 1) {
    native.awaitFences();
    trustSleepersToFence();
  }
  return { segment, waits: native, firstDoorbell: SEGMENT_FD + 1 };
}

export class SegmentAccess {
  readonly segment: ArrayBufferLike;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly places: Places;
  readonly layout: Layout;
  readonly records: WaitRecords;
  readonly waits: Waits;
  private readonly firstDoorbell: number;

  /** Those that have come to their end. */
  endedRanks: readonly number[] = [];

  constructor({ segment, waits, firstDoorbell }: JoinedSegment) {
    this.segment = segment;
    this.waits = waits;
    this.firstDoorbell = firstDoorbell;
    this.words = new Int32Array(segment);
    this.doubles = new Float64Array(segment, 0, Math.floor(segment.byteLength / 8));
    const { words } = this;
    if (words[Header.magic] !== MAGIC || words[Header.version] !== LAYOUT_VERSION) {
      throw new Error("the segment is of another version");
    }
    const { places, layout } = layoutOf(words);
    this.places = places;
    this.layout = layout;
    this.records = new WaitRecords(words, layout);
  }

  /** Descriptor of the gateway's own doorbell. */
  get doorbell(): number {
    return this.firstDoorbell + this.layout.size;
  }

  /** Whether ranks and gateway each have a core. */
  get hasCores(): boolean {
    return this.layout.size < this.words[Header.cores];
  }

  /** Rings the doorbell of a rank of this host if it sleeps. */
  wake(rank: number): void {
    const { words, layout } = this;
    const sleeping = layout.rankWord(rank) + Rank.sleeping;
    if (Atomics.load(words, sleeping) === 0 || Atomics.exchange(words, sleeping, 0) === 0) return;
    this.waits.ringDoorbell(this.firstDoorbell + layout.slotOf(rank));
  }

  wakeAll(): void {
    for (const rank of this.layout.ranks) this.wake(rank);
  }

  /** Lets a rank of this host know that another will write to it from now on. */
  noteSender(rank: number, source: number): void {
    const { words, layout } = this;
    const bit = layout.slotOf(source);
    Atomics.or(words, layout.sendersWord(rank) + (bit >> 5), 1 << (bit & 31));
  }

  stateOf(rank: number): number {
    return Atomics.load(this.words, this.layout.rankWord(rank) + Rank.state);
  }

  /** Sets the state of a rank of another host, which only ever grows, and tells the ranks of this one. */
  enter(rank: number, state: number): void {
    const { words } = this;
    if (this.stateOf(rank) >= state) return;
    Atomics.store(words, this.layout.rankWord(rank) + Rank.state, state);
    Atomics.add(words, Header.endings, 1);
    this.wakeAll();
  }

  pidOf(rank: number): number {
    return this.words[this.layout.rankWord(rank) + Rank.pid];
  }
}
