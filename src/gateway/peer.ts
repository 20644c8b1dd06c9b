/** Another host as the gateway of this one sees it: the link to it, and everything that goes there or comes from there. */
import { Header, RankState } from "../transport/layout.ts";
import type { WaitRecord } from "../transport/wait-record.ts";
import { IncomingArrays, OutgoingArrays, type Tell } from "./arrays.ts";
import { Inlet, type Offered, Outlet } from "./distant-ring.ts";
import { LINK_HEADER, type Link } from "./link.ts";
import { OutletTurns } from "./outlet-turns.ts";
import {
  type GatewayRecord,
  RECORD_BYTES,
  RecordKind,
  RecordWriter,
  readRecords,
  recordBytes,
} from "./records.ts";
import type { SegmentAccess } from "./segment-access.ts";

/** Everything but long arrays goes in frames of up to so many bytes. */
export const FRAME_BYTES: number = 128 * 1024;
/** Less is copied out of the frame that is being written, which then serves for the next. */
const SMALL_BYTES = 4 * 1024;
/** Bytes of a long array that go in one frame. */
const CHUNK_BYTES = 256 * 1024;
const CHUNK_AT = LINK_HEADER + RECORD_BYTES;
export const CHUNK_FRAME_BYTES: number = CHUNK_AT + CHUNK_BYTES;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export class Peer {
  readonly host: number;
  /** Undefined until there is something to say, here or there. */
  link: Link | undefined = undefined;
  private readonly access: SegmentAccess;
  private readonly outlets = new Map<number, Outlet>();
  private readonly inlets = new Map<number, Inlet>();
  private readonly turns = new OutletTurns();
  private readonly inletList: Inlet[] = [];
  private readonly outgoing: OutgoingArrays;
  private readonly incoming: IncomingArrays;
  /** Records that wait to be sent. */
  private readonly notes: Omit<GatewayRecord, "payload">[] = [];
  /** Of ranks of this host, the states that the other has been told. */
  private readonly toldStates = new Map<number, number>();
  /** One of them has found no room in a frame full of other things. */
  private statesWait = false;
  private writer = new RecordWriter(new Uint8Array(FRAME_BYTES), LINK_HEADER);
  /** Long arrays and all the rest have frames in turns. */
  private arraysAreNext = false;
  private readonly frameOf: (bytes: number) => Uint8Array;

  /** @param frameOf makes a frame, or finds one that is free */
  constructor(host: number, access: SegmentAccess, frameOf: (bytes: number) => Uint8Array) {
    this.host = host;
    this.access = access;
    this.frameOf = frameOf;
    const tell: Tell = (kind, source, dest, number, amount) =>
      void this.notes.push({ kind, source, dest, number, amount });
    this.outgoing = new OutgoingArrays(access, tell);
    this.incoming = new IncomingArrays(access, tell);
  }

  /** A rank of this host has begun to write to one of that. */
  connect(source: number, dest: number): void {
    const key = this.access.layout.connectionOf(source, dest);
    if (this.outlets.has(key)) return;
    const { segment, layout } = this.access;
    const start = layout.ringStart(source, dest);
    const outlet = new Outlet(segment, start, layout.distantRingBytes, source, dest);
    this.outlets.set(key, outlet);
    this.turns.add(outlet);
  }

  /** Sends what there is, as far as there is room. Returns whether anything was. */
  send(): boolean {
    const { link } = this;
    let any = this.discard();
    if (link === undefined) return any;
    if (this.incoming.look()) any = true;
    for (let idle = 0; idle < 2 && link.room > 0; ) {
      const sent = this.arraysAreNext ? this.sendChunk(link) : this.sendRecords(link);
      this.arraysAreNext = !this.arraysAreNext;
      if (sent) any = true;
      idle = sent ? 0 : idle + 1;
    }
    return any;
  }

  /** Whether the other host has everything that is for it, or is gone. */
  get delivered(): boolean {
    const { link, access, toldStates } = this;
    if (link === undefined || link.isClosed) return true;
    const told = access.layout.ranks.every(rank => toldStates.get(rank) === RankState.finished);
    return told && link.isAcknowledged;
  }

  /** One frame of everything but long arrays. Returns whether there was anything. */
  private sendRecords(link: Link): boolean {
    const { writer } = this;
    writer.at = LINK_HEADER;
    this.writeNotes();
    for (const inlet of this.inletList) {
      if (writer.room < 0) break;
      const head = inlet.takeCredit();
      if (head !== undefined) this.add(RecordKind.credit, inlet.source, inlet.dest, head, 0);
    }
    if (this.statesWait) this.writeStates();
    this.turns.forward(writer, this.offered, this.forwarded);
    this.writeStates();
    if (writer.at === LINK_HEADER) return false;
    const frame = writer.bytes.subarray(0, writer.at);
    if (frame.length < SMALL_BYTES) {
      link.send(Buffer.from(frame));
    } else {
      this.writer = new RecordWriter(this.frameOf(FRAME_BYTES), LINK_HEADER);
      link.send(frame);
    }
    return true;
  }

  private add(kind: number, source: number, dest: number, number: number, amount: number): void {
    this.writer.add(kind, source, dest, number, amount, 0);
  }

  private writeNotes(): void {
    const { notes, writer } = this;
    let count = 0;
    while (count < notes.length && writer.room >= 0) {
      const { kind, source, dest, number, amount } = notes[count++];
      this.add(kind, source, dest, number, amount);
    }
    if (count > 0) notes.splice(0, count);
  }

  private readonly offered: Offered = (source, dest, transfer, total) => {
    const live = this.outgoing.offer(source, dest, transfer, total);
    this.add(RecordKind.offer, source, dest, transfer, live ? total : -1);
  };

  /** A rank may wait for room in its ring. */
  private readonly forwarded = (source: number): void => this.access.wake(source);

  private sendChunk(link: Link): boolean {
    const { outgoing } = this;
    if (!outgoing.hasBytes) return false;
    const { array, count } = outgoing.next(CHUNK_BYTES);
    const { source, dest, number, moved } = array;
    const frame = this.frameOf(LINK_HEADER + recordBytes(count));
    if (!outgoing.read(array, frame, CHUNK_AT, count)) return true;
    new RecordWriter(frame, LINK_HEADER).add(RecordKind.bytes, source, dest, number, moved, count);
    link.send(frame);
    return true;
  }

  /** What is for ranks that have gone is read by nobody. */
  private discard(): boolean {
    let any = false;
    if (Atomics.load(this.access.words, Header.endings) === 0) return false;
    for (const outlet of this.outlets.values()) {
      if (this.access.stateOf(outlet.dest) < RankState.leaving || !outlet.discard()) continue;
      this.access.wake(outlet.source);
      any = true;
    }
    return any;
  }

  /**
   * Says which ranks of this host have come to their end. One has finished only when all that it had for the other host
   * has been sent.
   */
  private writeStates(): void {
    const { access, toldStates, writer } = this;
    this.statesWait = false;
    for (const rank of access.endedRanks) {
      const told = toldStates.get(rank) ?? RankState.joined;
      const state = access.stateOf(rank);
      if (told >= state) continue;
      const next = state === RankState.finished && !this.isDelivered(rank) ? RankState.leaving : state;
      if (told >= next) continue;
      const last = encoder.encode(JSON.stringify(access.records.read(rank) ?? null));
      this.statesWait = last.length > writer.room;
      if (this.statesWait) return;
      toldStates.set(rank, next);
      writer.bytes.set(last, writer.add(RecordKind.state, rank, 0, next, 0, last.length));
    }
  }

  private isDelivered(rank: number): boolean {
    for (const outlet of this.outlets.values()) if (outlet.source === rank && outlet.hasFrames) return false;
    return !this.outgoing.isBusyWith(rank);
  }

  /**
   * The records of a frame.
   * @throws {RangeError} when they make no sense
   */
  received(frame: Uint8Array, start: number): void {
    const { access, incoming, outgoing } = this;
    for (const record of readRecords(frame, start)) {
      const { kind, source, dest, number } = record;
      this.check(record);
      switch (kind) {
        case RecordKind.lines:
          this.inlet(source, dest).accept(number, record.payload);
          access.wake(dest);
          break;
        case RecordKind.credit:
          this.outlets.get(access.layout.connectionOf(source, dest))?.credit(number);
          break;
        case RecordKind.offer:
          incoming.offer(record);
          break;
        case RecordKind.bytes:
          incoming.write(record);
          break;
        case RecordKind.open:
        case RecordKind.release:
          outgoing.answered(record);
          break;
        case RecordKind.failure:
          if (access.layout.isHere(source)) outgoing.answered(record);
          else incoming.failed(record);
          break;
        case RecordKind.state:
          this.enter(source, number, record.payload);
          break;
        default:
          throw new RangeError(`a record of kind ${kind}`);
      }
    }
  }

  /** Whether a record's ranks are where they should be. */
  private check({ kind, source, dest }: GatewayRecord): void {
    const { ofRank, host } = this.access.places;
    const ours = kind === RecordKind.credit || kind === RecordKind.open || kind === RecordKind.release;
    const failed = kind === RecordKind.failure && ofRank[source] === host;
    const [from, to] = ours || failed ? [host, this.host] : [this.host, host];
    if (ofRank[source] === from && (kind === RecordKind.state || ofRank[dest] === to)) return;
    throw new RangeError(`a record of kind ${kind} from rank ${source} to rank ${dest}`);
  }

  private inlet(source: number, dest: number): Inlet {
    const { access } = this;
    const key = access.layout.connectionOf(dest, source);
    let inlet = this.inlets.get(key);
    if (inlet === undefined) {
      const { segment, layout } = access;
      const start = layout.ringStart(source, dest);
      inlet = new Inlet(segment, start, layout.distantRingBytes, source, dest);
      this.inlets.set(key, inlet);
      this.inletList.push(inlet);
      access.noteSender(dest, source);
    }
    return inlet;
  }

  private enter(rank: number, state: number, payload: Uint8Array): void {
    const last = JSON.parse(decoder.decode(payload)) as WaitRecord | null;
    if (last !== null) this.access.records.write(rank, last);
    this.access.enter(rank, state);
  }
}
