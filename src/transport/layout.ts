/**
 * The shared segment of a host, as every process of a job on that host maps it. All offsets are in bytes from its
 * start; processes read and write 32-bit words with Atomics. docs/architecture.md explains the protocol.
 *
 *     header          4 KiB           facts of the job, abort and finish notices, counters
 *     rank areas      1 KiB a rank    sleeping flag, state, present wait, which senders have ever written
 *     transfers       4 KiB a rank    where it meets the receivers of its long arrays, a line each
 *     barrier slots   two lines, and one a rank, per slot
 *     places          a word for each rank of the job: its host
 *     boards          per slot, see cells.ts
 *     rings           one per ordered pair of ranks: a control line and `ringBytes` of frames
 *
 * Every word that two processes write or poll independently has a cache line (64 bytes) to itself.
 */

import { boardBytes } from "./board-layout.ts";

export const MAGIC = 0x314d5354; // "TSM1"
export const LAYOUT_VERSION = 4;
export const LINE = 64;

const HEADER_BYTES = 4096;
const RANK_BYTES = 1024;
export const BARRIER_SLOTS = 64;
/** Long arrays that a rank can have on offer at once; more go through the rings. */
export const TRANSFERS = 64;

/** A communicator of more ranks has no board. */
export const MAX_BOARD_RANKS = 16;
const PAGE = 4096;

/** Ranks on one host: the bitmap of senders in a rank's area has room for so many. */
export const MAX_LOCAL_RANKS = 4096;

/** Words of the header, as indices into an Int32Array over the segment. */
export const Header = {
  magic: 0,
  version: 1,
  size: 2,
  ringBytes: 3,
  cores: 4,
  /** Process id of the launcher's side. */
  host: 5,
  /** 1: who goes to sleep fences for the others, see publish.ts. */
  sleepersFence: 6,
  /** Ranks of the job, on all hosts. */
  worldSize: 7,
  /** Which host this is, of how many. */
  hostIndex: 8,
  hosts: 9,
  // Written at most once, by whoever ends the job. Polled by all, so apart from words that change often.
  abortCode: 16, // 0: running; else exit code + 1
  abortRank: 17,
  /** Counts changes of state towards the end; above 0, ranks that wait look at the others' states. */
  endings: 18,
  // Counters.
  nextContext: 32,
  /** Bitmap of the barrier slots in use, two words. */
  barrierSlots: 48,
  /** Whether ranks may copy from one another's memory: see `CopiesState`. */
  copies: 64,
} as const;

/** Tried once, by the first rank that wants to know; the others believe it, so that all choose alike. */
export const CopiesState = { untried: 0, allowed: 1, forbidden: 2 } as const;

/** Words of a rank's area, relative to its start. */
export const Rank = {
  sleeping: 0,
  state: 16,
  pid: 17,
  // The present wait: see transport/wait-record.ts.
  wait: 32,
  senders: 128,
} as const;

/**
 * A rank that is leaving has run its script to the end: it delivers what it has sent and receives nothing more. A
 * finished one has delivered.
 */
export const RankState = { absent: 0, joined: 1, leaving: 2, finished: 3 } as const;

/** Words of a transfer's line. */
export const Transfer = {
  state: 0,
  /** Pieces that either side has begun to copy, and then tries in vain. */
  taken: 1,
  /** Pieces copied. */
  done: 2,
  /** Address of the sender's array, a double. */
  source: 4,
  /** Address of the receiver's. */
  target: 6,
} as const;

/** docs/protocol.md says who goes from which to which. */
export const TransferState = {
  free: 0,
  offered: 1,
  seen: 2,
  moving: 3,
  open: 4,
  withdrawn: 5,
  failed: 6,
} as const;

/** A smaller ring when many ranks share a host, so that the address space stays within a few GiB. */
export function ringBytesFor(size: number): number {
  if (size <= 16) return 256 * 1024;
  if (size <= 64) return 128 * 1024;
  if (size <= 256) return 32 * 1024;
  return 8 * 1024;
}

/** Where the ranks of a job are, for a job on several hosts. */
export interface Places {
  /** Number of this host. */
  readonly host: number;
  readonly hosts: number;
  /** The host of each rank. */
  readonly ofRank: ArrayLike<number>;
}

function pages(bytes: number): number {
  return Math.ceil(bytes / PAGE) * PAGE;
}

/**
 * Ranks are world ranks here as everywhere; that those of this host are numbered anew inside the segment, in their
 * order, concerns nobody else.
 */
export class Layout {
  /** Ranks on this host. */
  readonly size: number;
  readonly ringBytes: number;
  readonly totalBytes: number;
  /** World ranks of this host, in their order. */
  readonly ranks: readonly number[];
  /** Number inside the segment of each world rank, -1 on another host; undefined when all are here. */
  private readonly slots: Int32Array | undefined;
  private readonly transfersStart: number;
  private readonly slotsStart: number;
  /** Ranks of the largest communicator that has a board. */
  readonly boardRanks: number;
  private readonly boardBytes: number;
  private readonly boardsStart: number;
  private readonly ringsStart: number;

  /** @param places a number: so many ranks, all of them on this host */
  constructor(places: Places | number, ringBytes: number) {
    const worldSize = typeof places === "number" ? places : places.ofRank.length;
    const everyone = Array.from({ length: worldSize }, (_, rank) => rank);
    if (typeof places === "number") {
      this.ranks = everyone;
    } else {
      this.ranks = everyone.filter(rank => places.ofRank[rank] === places.host);
      this.slots = new Int32Array(worldSize).fill(-1);
      for (const [slot, rank] of this.ranks.entries()) this.slots[rank] = slot;
    }
    this.size = this.ranks.length;
    this.ringBytes = ringBytes;
    this.transfersStart = HEADER_BYTES + this.size * RANK_BYTES;
    this.slotsStart = 4 * slotsWord(this.size);
    this.boardsStart = pages(4 * (placesWord(this.size) + worldSize));
    this.boardRanks = Math.min(this.size, MAX_BOARD_RANKS);
    this.boardBytes = pages(boardBytes(this.boardRanks));
    this.ringsStart = this.boardsStart + BARRIER_SLOTS * this.boardBytes;
    this.totalBytes = this.ringsStart + this.size * this.size * (ringBytes + LINE);
  }

  /** Number of a rank among those of this host; -1 for one of another host. */
  slotOf(rank: number): number {
    return this.slots === undefined ? rank : this.slots[rank];
  }

  isHere(rank: number): boolean {
    return this.slotOf(rank) >= 0;
  }

  /** First word of a rank's area. */
  rankWord(rank: number): number {
    return (HEADER_BYTES + this.slotOf(rank) * RANK_BYTES) >> 2;
  }

  /** First word of a transfer that a rank offers. */
  transferWord(rank: number, index: number): number {
    return (this.transfersStart + (this.slotOf(rank) * TRANSFERS + index) * LINE) >> 2;
  }

  /** First word of a barrier slot: a line that counts arrivals, one for completions, then one for each rank. */
  barrierWord(slot: number): number {
    return (this.slotsStart + slot * LINE * (this.size + 2)) >> 2;
  }

  /** Byte offset of a slot's board. */
  boardStart(slot: number): number {
    return this.boardsStart + slot * this.boardBytes;
  }

  /** Byte offset of the control line of the ring from `source` to `dest`; its frames follow one line later. */
  ringStart(source: number, dest: number): number {
    const ring = this.slotOf(source) * this.size + this.slotOf(dest);
    return this.ringsStart + ring * (this.ringBytes + LINE);
  }
}

/** First word of the barrier slots. */
function slotsWord(localSize: number): number {
  return (HEADER_BYTES + localSize * (RANK_BYTES + TRANSFERS * LINE)) >> 2;
}

/** First word of the table of places, which must be known before there is a Layout. */
export function placesWord(localSize: number): number {
  return slotsWord(localSize) + ((BARRIER_SLOTS * LINE * (localSize + 2)) >> 2);
}
