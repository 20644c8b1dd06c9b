/**
 * Long arrays between hosts, copied from the sender's memory and into the receiver's by the two gateways while both
 * ranks compute. On its host each gateway stands for the other side of the transfer (p2p/transfers.ts): towards the
 * sender it is a receiver that takes all pieces, towards the receiver a sender that copies all of them. The record of
 * a transfer exists on both hosts, under the same number.
 *
 *     sender's host                                   receiver's host
 *     offered -> seen, when the frame is forwarded
 *                                offer ─────────────> offered, before the frame is there
 *                                                     seen -> open by the receiver, who has given its address
 *     seen -> open               <────────────── open
 *     copies from the sender     bytes ─────────────> copies to the receiver; all: done
 *     done: the sender goes on                        free by the receiver
 *     free                       <─────────── release
 */
import { ESRCH } from "../job/copies.ts";
import { native } from "../native.ts";
import { pieceBytesOf } from "../p2p/transfers.ts";
import { TRANSFERS, Transfer, TransferState } from "../transport/layout.ts";
import { type GatewayRecord, RecordKind } from "./records.ts";
import type { SegmentAccess } from "./segment-access.ts";

/** More pieces than any array has: none is left for the rank itself. */
const ALL_PIECES = 2 ** 30;

/** A record for another gateway. */
export type Tell = (kind: number, source: number, dest: number, number: number, amount: number) => void;

interface Transfering {
  readonly source: number;
  readonly dest: number;
  readonly number: number;
  /** First word of the record on this host. */
  readonly record: number;
  readonly total: number;
  /** Bytes copied. */
  moved: number;
}

function complete(access: SegmentAccess, { record, total }: Transfering): void {
  Atomics.store(access.words, record + Transfer.done, Math.ceil(total / pieceBytesOf(total)));
}

/** What ranks of this host offer to those of another. */
export class OutgoingArrays {
  private readonly access: SegmentAccess;
  private readonly tell: Tell;
  private readonly offered = new Map<number, Transfering>();
  /** Wanted, but the sender is just moving its array. */
  private readonly opening: Transfering[] = [];
  /** Being copied, by rank: ranks take turns, and so do the arrays of a rank. */
  private readonly streaming: Transfering[][] = [];

  constructor(access: SegmentAccess, tell: Tell) {
    this.access = access;
    this.tell = tell;
  }

  /** A frame that is being forwarded offers an array. Returns false when the sender has withdrawn it. */
  offer(source: number, dest: number, number: number, total: number): boolean {
    const { access } = this;
    const record = access.layout.transferWord(source, number);
    const { offered, seen } = TransferState;
    const state = record + Transfer.state;
    const live = Atomics.compareExchange(access.words, state, offered, seen) === offered;
    this.offered.set(this.keyOf(source, number), { source, dest, number, record, total, moved: 0 });
    return live;
  }

  /** What the receiver's gateway says of a record. */
  answered({ kind, source, number }: GatewayRecord): void {
    const key = this.keyOf(source, number);
    const array = this.offered.get(key);
    if (array === undefined) return;
    if (kind === RecordKind.open) {
      this.opening.push(array);
      return;
    }
    this.offered.delete(key);
    this.end(array, kind === RecordKind.failure ? TransferState.failed : TransferState.free);
  }

  /** Whether any array can be copied now. */
  get hasBytes(): boolean {
    if (this.opening.length > 0) this.open();
    return this.streaming.length > 0;
  }

  /** Whether arrays of a rank are still to be copied. */
  isBusyWith(source: number): boolean {
    const isOf = (array: Transfering): boolean => array.source === source;
    return this.opening.some(isOf) || this.streaming.some(arrays => isOf(arrays[0]));
  }

  /** The array whose turn it is, and how much of it comes next; what is then read goes to the other host. */
  next(most: number): { array: Transfering; count: number } {
    const [[array]] = this.streaming;
    return { array, count: Math.min(most, array.total - array.moved) };
  }

  /** Copies that much from the sender's memory. Returns false when there is nothing to send. */
  read(array: Transfering, target: Uint8Array, at: number, count: number): boolean {
    const { access } = this;
    this.endTurn();
    const address = access.doubles[(array.record + Transfer.source) / 2] + array.moved;
    const error = native().copyFrom(access.pidOf(array.source), address, target, at, count);
    if (error !== 0) {
      // The end of a rank that has died is the launcher's business.
      if (error === ESRCH) return false;
      this.offered.delete(this.keyOf(array.source, array.number));
      this.end(array, TransferState.failed);
      this.tell(RecordKind.failure, array.source, array.dest, array.number, 0);
      return false;
    }
    array.moved += count;
    if (array.moved < array.total) {
      this.stream(array);
    } else {
      complete(access, array);
      access.wake(array.source);
    }
    return true;
  }

  private open(): void {
    const { words } = this.access;
    const { seen, open } = TransferState;
    for (const array of this.opening.splice(0)) {
      Atomics.store(words, array.record + Transfer.taken, ALL_PIECES);
      if (Atomics.compareExchange(words, array.record + Transfer.state, seen, open) === seen) {
        this.stream(array);
      } else {
        this.opening.push(array);
      }
    }
  }

  private stream(array: Transfering): void {
    const arrays = this.streaming.find(([{ source }]) => source === array.source);
    if (arrays === undefined) this.streaming.push([array]);
    else arrays.push(array);
  }

  /** Takes the array out whose turn it was. Its rank is last now. */
  private endTurn(): void {
    const arrays = this.streaming.shift()!;
    arrays.shift();
    if (arrays.length > 0) this.streaming.push(arrays);
  }

  private end(array: Transfering, state: number): void {
    for (const list of [this.opening, ...this.streaming]) {
      const position = list.indexOf(array);
      if (position >= 0) list.splice(position, 1);
    }
    const none = this.streaming.findIndex(arrays => arrays.length === 0);
    if (none >= 0) this.streaming.splice(none, 1);
    Atomics.store(this.access.words, array.record + Transfer.state, state);
    this.access.wake(array.source);
  }

  private keyOf(source: number, number: number): number {
    return this.access.layout.slotOf(source) * TRANSFERS + number;
  }
}

interface Incoming extends Transfering {
  opened: boolean;
  /** It cannot be written. What is still on its way is dropped, until its number is that of another. */
  failed: boolean;
}

/** What ranks of another host offer to those of this one. */
export class IncomingArrays {
  private readonly access: SegmentAccess;
  private readonly tell: Tell;
  private readonly arrays = new Map<number, Incoming>();

  constructor(access: SegmentAccess, tell: Tell) {
    this.access = access;
    this.tell = tell;
  }

  /** An array of `amount` bytes is offered; of -1: it has been withdrawn again. */
  offer({ source, dest, number, amount }: GatewayRecord): void {
    const { access } = this;
    const { words } = access;
    const record = access.layout.transferWord(source, number);
    words[record + Transfer.taken] = ALL_PIECES;
    words[record + Transfer.done] = 0;
    const state = amount < 0 ? TransferState.withdrawn : TransferState.offered;
    Atomics.store(words, record + Transfer.state, state);
    const array = { source, dest, number, record, total: amount, moved: 0, opened: false, failed: false };
    this.arrays.set(this.keyOf(source, number), array);
  }

  /** @throws {RangeError} when nobody has asked for these bytes */
  write({ source, number, amount, payload }: GatewayRecord): void {
    const { access } = this;
    const array = this.arrays.get(this.keyOf(source, number));
    if (array?.failed === true) return;
    if (array?.opened !== true || amount !== array.moved || amount + payload.length > array.total) {
      throw new RangeError(
        `${payload.length} bytes of an array from rank ${source} that nobody has asked for`,
      );
    }
    const address = access.doubles[(array.record + Transfer.target) / 2] + amount;
    const error = native().copyTo(access.pidOf(array.dest), address, payload, 0, payload.length);
    if (error !== 0) {
      array.failed = true;
      // The end of a rank that has died is the launcher's business.
      if (error === ESRCH) return;
      Atomics.store(access.words, array.record + Transfer.state, TransferState.failed);
      access.wake(array.dest);
      this.tell(RecordKind.failure, source, array.dest, number, 0);
      return;
    }
    array.moved += payload.length;
    if (array.moved < array.total) return;
    complete(access, array);
    access.wake(array.dest);
  }

  /** The sender's gateway cannot copy it. */
  failed({ source, number }: GatewayRecord): void {
    const array = this.arrays.get(this.keyOf(source, number));
    if (array === undefined) return;
    this.arrays.delete(this.keyOf(source, number));
    Atomics.store(this.access.words, array.record + Transfer.state, TransferState.failed);
    this.access.wake(array.dest);
  }

  /** Looks which receivers want their arrays, and which are done with them. Returns whether any. */
  look(): boolean {
    const { words } = this.access;
    let news = false;
    for (const [key, array] of this.arrays) {
      const { source, dest, number, record, failed } = array;
      if (failed) continue;
      const state = Atomics.load(words, record + Transfer.state);
      if (state === TransferState.open && !array.opened) {
        array.opened = true;
        this.tell(RecordKind.open, source, dest, number, 0);
        news = true;
      } else if (state === TransferState.free) {
        this.arrays.delete(key);
        this.tell(RecordKind.release, source, dest, number, 0);
        news = true;
      }
    }
    return news;
  }

  private keyOf(source: number, number: number): number {
    return this.access.layout.slotOf(source) * TRANSFERS + number;
  }
}
