/**
 * The shared segment of a host, as every process of a job on that host maps it. All offsets are in bytes from its
 * start; processes read and write 32-bit words with Atomics. docs/architecture.md explains the protocol.
 *
 *     header          4 KiB           facts of the job, abort and finish notices, counters
 *     rank areas      1 KiB a rank    sleeping flag, state, present wait, which senders have ever written
 *     transfers       4 KiB a rank    where it meets the receivers of its long arrays, a line each
 *     barrier slots   two lines, and one a rank, per slot
 *     boards          per slot, see cells.ts
 *     rings           one per ordered pair of ranks: a control line and `ringBytes` of frames
 *
 * Every word that two processes write or poll independently has a cache line (64 bytes) to itself.
 */

import { boardBytes } from "./board-layout.ts";

export const MAGIC = 0x314d5354; // "TSM1"
export const LAYOUT_VERSION = 2;
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

function pages(bytes: number): number {
  return Math.ceil(bytes / PAGE) * PAGE;
}

export class Layout {
  readonly size: number;
  readonly ringBytes: number;
  readonly totalBytes: number;
  private readonly transfersStart: number;
  private readonly slotsStart: number;
  /** Ranks of the largest communicator that has a board. */
  readonly boardRanks: number;
  private readonly boardBytes: number;
  private readonly boardsStart: number;
  private readonly ringsStart: number;

  constructor(size: number, ringBytes: number) {
    this.size = size;
    this.ringBytes = ringBytes;
    this.transfersStart = HEADER_BYTES + size * RANK_BYTES;
    this.slotsStart = this.transfersStart + size * TRANSFERS * LINE;
    const slotsEnd = this.slotsStart + BARRIER_SLOTS * LINE * (size + 2);
    this.boardsStart = pages(slotsEnd);
    this.boardRanks = Math.min(size, MAX_BOARD_RANKS);
    this.boardBytes = pages(boardBytes(this.boardRanks));
    this.ringsStart = this.boardsStart + BARRIER_SLOTS * this.boardBytes;
    this.totalBytes = this.ringsStart + size * size * (ringBytes + LINE);
  }

  /** First word of a rank's area. */
  rankWord(rank: number): number {
    return (HEADER_BYTES + rank * RANK_BYTES) >> 2;
  }

  /** First word of a transfer that a rank offers. */
  transferWord(rank: number, index: number): number {
    return (this.transfersStart + (rank * TRANSFERS + index) * LINE) >> 2;
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
    return this.ringsStart + (source * this.size + dest) * (this.ringBytes + LINE);
  }
}
