/**
 * Long arrays, copied once, from the memory of the sender to that of the receiver. The frame of such a message says
 * only that there is one and names a record in the segment, where the two meet: the sender has left the address of its
 * array there, the receiver adds that of its own. Then both copy at once, the receiver pieces from the front, the
 * sender pieces from the back; a sender that is busy elsewhere leaves all of them to the receiver. docs/protocol.md
 * has the states of a record. Between hosts the gateways stand for the other side: each takes all pieces at once, and
 * they copy while both ranks compute.
 */
import { WINDOW_BYTES } from "../codec/dtype.ts";
import { TsmpiError } from "../errors.ts";
import { ESRCH } from "../job/copies.ts";
import type { LocalJob } from "../job/local-job.ts";
import { Header, TRANSFERS, Transfer, TransferState } from "../transport/layout.ts";
import type { RecvRequest, Request, SendRequest } from "./request.ts";

/** Shorter arrays travel faster through the ring. */
const LEAST_BYTES = 64 * 1024;
/** The same between hosts, where an offer costs a trip there and back. */
const DISTANT_LEAST_BYTES = 128 * 1024;
/** A copy takes the thread for so long as this much takes, 50 to 200 us. */
const PIECE_BYTES = 512 * 1024;
const PAGE = 4096;

export interface TransfersOwner {
  settled(request: Request<unknown>, value?: unknown, error?: unknown): void;
  wake(rank: number): void;
}

/** One side of a transfer. */
interface Side {
  /** World rank of the other side. */
  readonly peer: number;
  /** First word of the record. */
  readonly record: number;
  /** The array of this side, kept alive. */
  bytes: Uint8Array;
  readonly pieceBytes: number;
  readonly pieces: number;
  /** How many this side has taken. */
  taken: number;
  /** There is none left to take. */
  exhausted: boolean;
  /** A word of the segment that will differ from `value` when there is news. */
  word: number;
  value: number;
}

interface Outgoing extends Side {
  readonly number: number;
  readonly request: SendRequest;
}

interface Incoming extends Side {
  readonly request: RecvRequest;
  readonly finish: () => void;
  /** The sender knows the address. */
  open: boolean;
}

/** Two pieces at least, so that both sides have one. */
export function pieceBytesOf(total: number): number {
  return Math.min(PIECE_BYTES, Math.ceil(total / 2 / PAGE) * PAGE);
}

export class Transfers {
  private readonly job: LocalJob;
  private readonly words: Int32Array;
  private readonly addresses: Float64Array;
  private readonly owner: TransfersOwner;
  private readonly outgoing: Outgoing[] = [];
  private readonly incoming: Incoming[] = [];
  /** Record of this rank to be tried next. */
  private next = 0;
  /** Records of this rank by which a transfer is under way, as far as it knows. */
  private readonly used: boolean[] = new Array<boolean>(TRANSFERS).fill(false);

  constructor(job: LocalJob, owner: TransfersOwner) {
    this.job = job;
    this.words = job.words;
    this.addresses = new Float64Array(job.segment, 0, Math.floor(job.segment.byteLength / 8));
    this.owner = owner;
  }

  get count(): number {
    return this.outgoing.length + this.incoming.length;
  }

  /** Whether all of them are with ranks of other hosts. */
  get areDistant(): boolean {
    const { layout } = this.job;
    const isDistant = ({ peer }: Side): boolean => !layout.isHere(peer);
    return this.outgoing.every(isDistant) && this.incoming.every(isDistant);
  }

  /** Whether arrays of this rank are still to be copied. */
  get hasOutgoing(): boolean {
    return this.outgoing.length > 0;
  }

  /** Whether somebody waits for one. */
  get awaited(): boolean {
    return this.incoming.length > 0 || this.outgoing.some(({ request }) => !request.done);
  }

  /** The sends that somebody waits for. */
  *waiting(): Generator<Request<unknown>, void, void> {
    for (const { request } of this.incoming) yield request;
    for (const { request } of this.outgoing) if (!request.done) yield request;
  }

  // The sender's side.

  /**
   * Whether an array should be offered. Where every rank has a core, writing to the ring and reading from it overlap
   * and stay in the caches: 16 GB/s against 4 to 17, unless the cores are far from each other. Where ranks share cores, what
   * the ring holds whole needs no turn of the other, and of what is longer a copy needs fewest.
   * @param isSlow whether the ring is known to be slow
   */
  suits(dest: number, total: number, isSlow: boolean): boolean {
    const { size, cores, copies, layout, words } = this.job;
    if (total > WINDOW_BYTES) return false;
    if (!layout.isHere(dest)) return total >= DISTANT_LEAST_BYTES && words[Header.distantCopies] === 1;
    const pays = copies.forced || (size > cores ? total > layout.ringBytes : isSlow);
    return pays && total >= LEAST_BYTES && copies.allowed;
  }

  /** Makes a record for a send, whose frame is then to be written. Returns its number, or -1 when all are in use. */
  offer(request: SendRequest): number {
    const { words, job } = this;
    const { next } = this;
    const record = job.layout.transferWord(job.rank, next);
    // A receiver may have released one whose end this side has not seen yet.
    if (this.used[next] || Atomics.load(words, record + Transfer.state) !== TransferState.free) return -1;
    this.used[next] = true;
    this.next = (next + 1) % TRANSFERS;
    const bytes = request.memory;
    const pieceBytes = pieceBytesOf(bytes.length);
    words[record + Transfer.taken] = 0;
    words[record + Transfer.done] = 0;
    this.addresses[(record + Transfer.source) >> 1] = job.copies.addressOf(bytes);
    Atomics.store(words, record + Transfer.state, TransferState.offered);
    this.outgoing.push({
      number: next,
      peer: request.dest,
      record,
      bytes,
      pieceBytes,
      pieces: Math.ceil(bytes.length / pieceBytes),
      taken: 0,
      exhausted: false,
      word: record + Transfer.state,
      value: TransferState.offered,
      request,
    });
    return next;
  }

  /**
   * Stops a send from needing its caller's memory. A message that its receiver has not seen has never been; of another
   * a copy is kept. Returns false when it is too late, for the array is just being copied, or it is no transfer.
   */
  withdraw(request: SendRequest): boolean {
    const position = this.outgoing.findIndex(outgoing => outgoing.request === request);
    if (position < 0) return false;
    const { words } = this;
    const outgoing = this.outgoing[position];
    const state = outgoing.record + Transfer.state;
    const { offered, withdrawn, seen, moving } = TransferState;
    if (Atomics.compareExchange(words, state, offered, withdrawn) === offered) {
      this.forget(position);
      return true;
    }
    if (Atomics.compareExchange(words, state, seen, moving) !== seen) return false;
    outgoing.bytes = outgoing.bytes.slice();
    this.addresses[(outgoing.record + Transfer.source) >> 1] = this.job.copies.addressOf(outgoing.bytes);
    // Unless the receiver has refused it meanwhile.
    Atomics.compareExchange(words, state, moving, seen);
    this.owner.wake(outgoing.peer);
    return true;
  }

  /** Forgets what is offered to a rank that receives nothing more. Returns the sends that waited for it in vain. */
  drop(rank: number): SendRequest[] {
    const dropped: SendRequest[] = [];
    for (let i = this.outgoing.length - 1; i >= 0; i--) {
      const outgoing = this.outgoing[i];
      if (outgoing.peer !== rank) continue;
      const { request } = outgoing;
      this.forget(i);
      if (request.done) continue;
      // The rank may have taken it before it came to its end, and this one not have noticed yet.
      if (this.isCopied(outgoing)) this.owner.settled(request);
      else dropped.push(request);
    }
    return dropped;
  }

  private isCopied({ record, pieces }: Outgoing): boolean {
    const state = Atomics.load(this.words, record + Transfer.state);
    if (state === TransferState.free) return true;
    return state === TransferState.open && Atomics.load(this.words, record + Transfer.done) === pieces;
  }

  private forget(position: number): void {
    this.used[this.outgoing[position].number] = false;
    this.outgoing.splice(position, 1);
  }

  // The receiver's side.

  /** Notes that an offer has been read from the ring. Returns false when it has been withdrawn before. */
  see(rank: number, index: number): boolean {
    const state = this.job.layout.transferWord(rank, index) + Transfer.state;
    const { offered, seen, free } = TransferState;
    if (Atomics.compareExchange(this.words, state, offered, seen) === offered) return true;
    Atomics.store(this.words, state, free);
    this.wakeGateway(rank);
    return false;
  }

  /** Has an offered array copied to `bytes`. */
  accept(rank: number, index: number, bytes: Uint8Array, request: RecvRequest, finish: () => void): void {
    request.arriving = true;
    const record = this.job.layout.transferWord(rank, index);
    const pieceBytes = pieceBytesOf(bytes.length);
    this.addresses[(record + Transfer.target) >> 1] = this.job.copies.addressOf(bytes);
    const incoming = {
      peer: rank,
      record,
      bytes,
      pieceBytes,
      pieces: Math.ceil(bytes.length / pieceBytes),
      taken: 0,
      exhausted: false,
      word: record + Transfer.state,
      value: TransferState.moving,
      request,
      finish,
      open: false,
    };
    this.incoming.push(incoming);
    this.open(incoming);
  }

  /** Lets the copying begin, unless the sender is just moving its array. */
  private open(incoming: Incoming): void {
    const { seen, open } = TransferState;
    incoming.open =
      Atomics.compareExchange(this.words, incoming.record + Transfer.state, seen, open) === seen;
    if (incoming.open) this.wakeGateway(incoming.peer);
  }

  /** A sender on this host sees the state of a record when it looks; the gateway may sleep. */
  private wakeGateway(peer: number): void {
    if (!this.job.layout.isHere(peer)) this.owner.wake(peer);
  }

  /** Takes note of an array that nobody wants. */
  refuse(rank: number, index: number): void {
    this.release(rank, this.job.layout.transferWord(rank, index));
    this.owner.wake(rank);
  }

  /** The last that a receiver does with a record. */
  private release(peer: number, record: number): void {
    Atomics.store(this.words, record + Transfer.state, TransferState.free);
    this.wakeGateway(peer);
  }

  // Progress.

  /** Copies a piece, if there is one. Returns whether anything was copied or became done. */
  progress(): boolean {
    const { incoming, outgoing } = this;
    for (let i = 0; i < incoming.length; i++) if (this.advanceIncoming(incoming[i], i)) return true;
    for (let i = 0; i < outgoing.length; i++) if (this.advanceOutgoing(outgoing[i], i)) return true;
    return false;
  }

  private advanceIncoming(incoming: Incoming, position: number): boolean {
    const { words, owner } = this;
    const { record, peer } = incoming;
    if (!incoming.open) this.open(incoming);
    if (!incoming.open) return false;
    try {
      const copied = this.copyPiece(incoming, Transfer.source);
      if (this.look(incoming, Transfer.done) === incoming.pieces) {
        this.incoming.splice(position, 1);
        this.release(peer, record);
        incoming.finish();
        return true;
      }
      if (Atomics.load(words, record + Transfer.state) !== TransferState.failed) return copied;
      this.release(peer, record);
      throw new TsmpiError("TSMPI_COPY", `rank ${peer} could not copy a message to this rank`, { peer });
    } catch (error) {
      this.incoming.splice(position, 1);
      owner.settled(incoming.request, undefined, error);
      return true;
    }
  }

  private advanceOutgoing(outgoing: Outgoing, position: number): boolean {
    const { owner } = this;
    const { record, peer, request } = outgoing;
    try {
      const state = this.look(outgoing, Transfer.state);
      let copied = false;
      let done = state === TransferState.free;
      if (state === TransferState.open) {
        copied = this.copyPiece(outgoing, Transfer.target);
        done = this.look(outgoing, Transfer.done) === outgoing.pieces;
      }
      if (done) {
        this.forget(position);
        if (!request.done) owner.settled(request);
        return true;
      }
      if (state !== TransferState.failed) return copied;
      this.release(peer, record);
      throw new TsmpiError("TSMPI_COPY", `rank ${peer} could not copy a message from this rank`, { peer });
    } catch (error) {
      this.forget(position);
      if (!request.done) owner.settled(request, undefined, error);
      return true;
    }
  }

  /** Copies the next piece, or two, that nobody has taken yet. Returns whether there was one. */
  private copyPiece(side: Side, other: number): boolean {
    if (side.exhausted) return false;
    const { words } = this;
    const { copies } = this.job;
    const { record, peer, bytes, pieces, pieceBytes } = side;
    // Ranks that exchange arrays have enough to do with those they get.
    const wanted = this.outgoing.length > 0 && this.incoming.length > 0 ? 2 : 1;
    const left = pieces - Atomics.add(words, record + Transfer.taken, wanted);
    if (left <= 0) {
      side.exhausted = true;
      return false;
    }
    const count = Math.min(wanted, left);
    const from = other === Transfer.source ? side.taken : pieces - side.taken - count;
    side.taken += count;
    const at = from * pieceBytes;
    const length = Math.min(count * pieceBytes, bytes.length - at);
    const address = this.addresses[(record + other) >> 1] + at;
    try {
      if (other === Transfer.source) copies.from(peer, address, bytes, at, length);
      else copies.to(peer, address, bytes, at, length);
    } catch (error) {
      side.exhausted = true;
      // The end of the other, or of the job, will end this wait.
      if ((error as TsmpiError).cause === ESRCH) return false;
      Atomics.store(words, record + Transfer.state, TransferState.failed);
      this.owner.wake(peer);
      throw error;
    }
    // The other may sleep, with nothing left to copy.
    if (Atomics.add(words, record + Transfer.done, count) + count === pieces) this.owner.wake(peer);
    return true;
  }

  private look(side: Side, word: number): number {
    side.word = side.record + word;
    side.value = Atomics.load(this.words, side.word);
    return side.value;
  }

  /** The one word whose change will bring news, when there is just one transfer. */
  get watched(): { word: number; value: number } {
    return this.outgoing.length > 0 ? this.outgoing[0] : this.incoming[0];
  }
}
