/**
 * The shared segment of a host, as every process of a job on that host maps it. All offsets are in bytes from its
 * start; processes read and write 32-bit words with Atomics. docs/architecture.md explains the protocol.
 *
 *     header          4 KiB           facts of the job, abort and finish notices, counters
 *     rank areas      512 B a rank    sleeping flag, state, present wait; then one of the gateway
 *     transfers       4 KiB a rank    where it meets the receivers of its long arrays, a line each
 *     barrier slots   two lines, and one a rank, per slot
 *     places          a word for each rank of the job: its host
 *     senders         a bitmap a rank: who has ever written to it; then one of the gateway
 *     boards          per slot, see cells.ts
 *     rings           one per ordered pair of ranks: a control line and `ringBytes` of frames
 *     distant rings   the same, between each rank of this host and each of the others
 *     activities      2 KiB a rank of this host: what it tells of long pieces of work
 *
 * Ranks of other hosts have areas and transfers, too, which the gateway of this host keeps in step with theirs: it
 * reads what is written for them and writes what comes from them, so that ranks need not know who is where.
 *
 * Every word that two processes write or poll independently has a cache line (64 bytes) to itself.
 */

import { ArgumentError } from "../errors.ts";
import { boardBytes } from "./board-layout.ts";

export const MAGIC = 0x314d5354; // "TSM1"
export const LAYOUT_VERSION = 8;
export const LINE = 64;

const HEADER_BYTES = 4096;
const RANK_BYTES = 512;
export const BARRIER_SLOTS = 64;
/** Pieces of work that a rank can tell of at once, and the bytes of each. */
export const ACTIVITIES = 8;
export const ACTIVITY_BYTES = 256;
/** Long arrays that a rank can have on offer at once; more go through the rings. */
export const TRANSFERS = 64;

/** A communicator of more ranks has no board. */
export const MAX_BOARD_RANKS = 16;
const PAGE = 4096;

/** Ranks on one host. */
const MAX_LOCAL_RANKS = 4096;

/** @throws {ArgumentError} when one host cannot have so many ranks */
export function checkLocalRanks(ranks: number): void {
  if (ranks <= MAX_LOCAL_RANKS) return;
  throw new ArgumentError(`${ranks} ranks on one host are too many; at most ${MAX_LOCAL_RANKS} are possible`);
}

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
  distantRingBytes: 10,
  /** 1: on some host ranks outnumber cores. All hosts agree, for algorithms are chosen by it. */
  crowded: 11,
  /** 1: on all hosts the gateway may copy from and to the memory of ranks. */
  distantCopies: 12,
  /** 1: somebody may look at what ranks do (a dashboard), so that they tell more of it. */
  watched: 13,
  /** 1: ranks count their messages, see statistics.ts. */
  counted: 14,
  /** Of a buffer of a board, see board-layout.ts. */
  bulkBytes: 15,
  // Written at most once, by whoever ends the job. Polled by all, so apart from words that change often.
  abortCode: 16, // 0: running; else exit code + 1
  abortRank: 17,
  /** Counts changes of state towards the end; above 0, ranks that wait look at the others' states. */
  endings: 18,
  /** For p2p/deadlock.ts: counts what has been found; and ranks that had finished when all others were last rung for it. */
  deadlocks: 19,
  endingsTold: 21,
  /** Counts the distant rings that ranks have begun to write to. */
  connections: 20,
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
  /** Odd while nothing but another rank can wake this one, see p2p/deadlock.ts. */
  stranded: 1,
  state: 16,
  pid: 17,
  /** Seven doubles, written once: see transport/statistics.ts. */
  statistics: 18,
  // The present wait: see transport/wait-record.ts.
  wait: 32,
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
 * Bytes of a ring between ranks of different hosts. Both hosts of a pair must have the same, so all hosts reckon with
 * the one that has the most of them.
 * @param memory bytes that such rings may take together on a host
 */
export function distantRingBytesFor({ hosts, ofRank }: Places, memory: number): number {
  const onHost = new Array<number>(hosts).fill(0);
  for (let rank = 0; rank < ofRank.length; rank++) onHost[ofRank[rank]]++;
  const rings = Math.max(...onHost.map(here => 2 * here * (ofRank.length - here)));
  let bytes = MAX_DISTANT_RING_BYTES;
  while (bytes > MIN_DISTANT_RING_BYTES && bytes * rings > memory) bytes /= 2;
  return bytes;
}

const MAX_DISTANT_RING_BYTES = 512 * 1024;
const MIN_DISTANT_RING_BYTES = 8 * 1024;

/**
 * Ranks are world ranks here as everywhere; that they are numbered anew inside the segment, those of this host first,
 * concerns nobody else.
 */
export class Layout {
  /** Ranks on this host. */
  readonly size: number;
  readonly ringBytes: number;
  /** Of a board. */
  readonly bulkBytes: number;
  readonly distantRingBytes: number;
  readonly totalBytes: number;
  /** World ranks of this host, in their order. */
  readonly ranks: readonly number[];
  /** Those of other hosts. */
  readonly distant: readonly number[];
  /** Number inside the segment of each world rank; undefined when all are here. */
  private readonly slots: Int32Array | undefined;
  private readonly transfersStart: number;
  private readonly slotsStart: number;
  private readonly sendersStart: number;
  /** Words of a bitmap of senders. */
  readonly senderWords: number;
  /** Ranks of the largest communicator that has a board. */
  readonly boardRanks: number;
  private readonly boardBytes: number;
  private readonly boardsStart: number;
  private readonly ringsStart: number;
  private readonly distantStart: number;
  private readonly activitiesStart: number;

  /** @param places a number: so many ranks, all of them on this host */
  constructor(places: Places | number, ringBytes: number, bulkBytes: number, distantRingBytes = 0) {
    const worldSize = typeof places === "number" ? places : places.ofRank.length;
    const everyone = Array.from({ length: worldSize }, (_, rank) => rank);
    if (typeof places === "number") {
      this.ranks = everyone;
      this.distant = [];
    } else {
      this.ranks = everyone.filter(rank => places.ofRank[rank] === places.host);
      this.distant = everyone.filter(rank => places.ofRank[rank] !== places.host);
      this.slots = new Int32Array(worldSize);
      for (const [slot, rank] of [...this.ranks, ...this.distant].entries()) this.slots[rank] = slot;
    }
    const { length: size } = this.ranks;
    const { length: distant } = this.distant;
    this.size = size;
    this.ringBytes = ringBytes;
    this.bulkBytes = bulkBytes;
    this.distantRingBytes = distantRingBytes;
    this.transfersStart = HEADER_BYTES + (worldSize + 1) * RANK_BYTES;
    this.slotsStart = slotsStart(worldSize);
    this.sendersStart = 4 * (placesWord(size, worldSize) + worldSize);
    this.senderWords = Math.ceil(worldSize / 32);
    this.boardsStart = pages(
      this.sendersStart + 4 * (size * this.senderWords + Math.ceil((size * distant) / 32)),
    );
    this.boardRanks = Math.min(size, MAX_BOARD_RANKS);
    this.boardBytes = pages(boardBytes(this.boardRanks, bulkBytes));
    this.ringsStart = this.boardsStart + BARRIER_SLOTS * this.boardBytes;
    this.distantStart = this.ringsStart + size * size * (ringBytes + LINE);
    this.activitiesStart = pages(this.distantStart + 2 * size * distant * (distantRingBytes + LINE));
    this.totalBytes = this.activitiesStart + size * ACTIVITIES * ACTIVITY_BYTES;
  }

  /** Number of a rank inside the segment: below `size` on this host. */
  slotOf(rank: number): number {
    return this.slots === undefined ? rank : this.slots[rank];
  }

  /** The rank that has a number inside the segment. */
  rankAt(slot: number): number {
    return slot < this.size ? this.ranks[slot] : this.distant[slot - this.size];
  }

  isHere(rank: number): boolean {
    return this.slotOf(rank) < this.size;
  }

  /** First word of a rank's area. */
  rankWord(rank: number): number {
    return (HEADER_BYTES + this.slotOf(rank) * RANK_BYTES) / 4;
  }

  /** First word of the gateway's area. */
  get gatewayWord(): number {
    return this.transfersStart / 4 - RANK_BYTES / 4;
  }

  /** First word of a transfer that a rank offers. */
  transferWord(rank: number, index: number): number {
    return (this.transfersStart + (this.slotOf(rank) * TRANSFERS + index) * LINE) / 4;
  }

  /** First word of a barrier slot: a line that counts arrivals, one for completions, then one for each rank. */
  barrierWord(slot: number): number {
    return (this.slotsStart + slot * LINE * (this.size + 2)) / 4;
  }

  /** First word of the bitmap, by their numbers inside the segment, of the ranks that have written to one of this host. */
  sendersWord(rank: number): number {
    return this.sendersStart / 4 + this.slotOf(rank) * this.senderWords;
  }

  /** First word of the distant rings, which come last. */
  get distantWord(): number {
    return this.distantStart / 4;
  }

  /** First word of the gateway's bitmap of distant rings that have been written to, by number. */
  get connectionsWord(): number {
    return this.sendersStart / 4 + this.size * this.senderWords;
  }

  /** Number of the distant rings between a rank of this host and another. */
  connectionOf(here: number, there: number): number {
    return this.slotOf(here) * this.distant.length + this.slotOf(there) - this.size;
  }

  /** Byte offset of a slot's board. */
  boardStart(slot: number): number {
    return this.boardsStart + slot * this.boardBytes;
  }

  /** Byte offset of what a rank of this host tells of a piece of work. */
  activityStart(rank: number, index: number): number {
    return this.activitiesStart + (this.slotOf(rank) * ACTIVITIES + index) * ACTIVITY_BYTES;
  }

  /** Byte offset of the control line of the ring from `source` to `dest`; its frames follow one line later. */
  ringStart(source: number, dest: number): number {
    const { size } = this;
    const from = this.slotOf(source);
    const to = this.slotOf(dest);
    if (from < size && to < size) return this.ringsStart + (from * size + to) * (this.ringBytes + LINE);
    const ring = from < size ? 2 * this.connectionOf(source, dest) : 2 * this.connectionOf(dest, source) + 1;
    return this.distantStart + ring * (this.distantRingBytes + LINE);
  }

  /** Bytes of that ring. */
  ringBytesOf(source: number, dest: number): number {
    return this.isHere(source) && this.isHere(dest) ? this.ringBytes : this.distantRingBytes;
  }
}

/** Byte offset of the barrier slots. */
function slotsStart(worldSize: number): number {
  return HEADER_BYTES + (worldSize + 1) * RANK_BYTES + worldSize * TRANSFERS * LINE;
}

/** First word of the table of places, which must be known before there is a Layout. */
export function placesWord(localSize: number, worldSize: number): number {
  return (slotsStart(worldSize) + BARRIER_SLOTS * LINE * (localSize + 2)) / 4;
}
