import { decodeValue } from "../codec/decode.ts";
import { bytesOf, type Dtype, dtypes, type TypedArray, WINDOW_BYTES, windowOf } from "../codec/dtype.ts";
import { MalformedFrameError } from "../errors.ts";
import { HEADER_BYTES, HEADER_WORDS, Kind } from "../transport/frame.ts";
import { TRANSFERS } from "../transport/layout.ts";
import type { InRing } from "../transport/ring.ts";
import { Holder } from "./payload.ts";
import { type MatchRequest, ProbeRequest, RecvRequest, type Status } from "./request.ts";
import { ANY, type Scope } from "./scope.ts";
import { Unexpected, UnexpectedQueue } from "./unexpected.ts";

/** What a source asks of the engine around it. */
export interface SourceOwner {
  /** Receives and probes that name no source, in the order posted. */
  readonly anyPosted: MatchRequest<unknown>[];
  nextStamp(): number;
  settled(request: MatchRequest<unknown>, value: unknown, error?: unknown): void;
  acknowledge(rank: number, id: number): void;
  acknowledged(id: number): void;
  /** Notes that an offered array has been read from the ring. Returns false when it has been withdrawn before. */
  see(rank: number, transfer: number): boolean;
  /** Has an offered array copied to `bytes`, and then calls `finish`. */
  accept(rank: number, transfer: number, bytes: Uint8Array, request: RecvRequest, finish: () => void): void;
  refuse(rank: number, transfer: number): void;
  /** The sender has been told of free space and may be asleep waiting for it. */
  wake(rank: number): void;
}

/** A message of which more frames are to come. */
interface Assembly {
  received: number;
  readonly total: number;
  /** Where the bytes go; undefined: nowhere, the message has been refused. */
  readonly memory: TypedArray | undefined;
  /** What is being filled of it, and where that begins. */
  window: Uint8Array | undefined;
  windowStart: number;
  finish: () => void;
}

/** Wide enough for any message that memory can hold, so that a broken header is told from a large message. */
const MAX_MESSAGE = 2 ** 43;

/** Everything that comes from one rank: its ring, and the matching of its messages. */
export class Source {
  readonly rank: number;
  /** Undefined for this rank itself. */
  readonly ring: InRing | undefined;
  readonly posted: MatchRequest<unknown>[] = [];
  readonly unexpected = new UnexpectedQueue();
  /** Requests that need this ring read on; while there are none it fills up and slows its sender down. */
  wanted = 0;
  private assembly: Assembly | undefined = undefined;
  private readonly owner: SourceOwner;
  private readonly maxChunk: number;
  private scratch = new Uint8Array(4096);

  constructor(rank: number, ring: InRing | undefined, owner: SourceOwner) {
    this.rank = rank;
    this.ring = ring;
    this.owner = owner;
    this.maxChunk = ring === undefined ? 0 : ring.ringBytes / 8 - HEADER_BYTES;
  }

  /**
   * Reads frames until the ring is empty, or `candidate` is served. Without a candidate it stops as soon as
   * nobody waits for more. Returns whether any frame was read.
   * @param candidate a request not posted yet, considered after the posted ones
   */
  poll(candidate?: MatchRequest<unknown>): boolean {
    const { ring, owner } = this;
    if (ring === undefined) return false;
    let any = false;
    for (;;) {
      if (candidate === undefined ? this.wanted === 0 && owner.anyPosted.length === 0 : isServed(candidate))
        return any;
      const marker = ring.marker();
      if (marker === 0) return any;
      this.readFrame(ring, marker, candidate);
      any = true;
    }
  }

  // The short way, of a receive that has no request: for the message that lies next in the ring, when nothing came or
  // was posted before it, it is one plain frame, and it is what the receive asks for. All else goes the long way.

  /** Whether a receive made now could be served by the next frame of the ring. */
  get isClear(): boolean {
    return (
      this.posted.length === 0 &&
      this.owner.anyPosted.length === 0 &&
      this.unexpected.isEmpty &&
      this.assembly === undefined &&
      this.ring !== undefined
    );
  }

  /**
   * The kind of the message that comes next, when it can be taken by the short way; else 0. Only when `isClear`, and
   * when its marker has been seen.
   * @param tag or ANY
   */
  next(context: number, tag: number): number {
    const ring = this.ring!;
    const { words, at } = ring;
    // Above this are frames that are no whole message, and flags.
    const kind = words[at];
    if (kind > Kind.encoded || words[at + 2] !== context || (tag !== ANY && words[at + 1] !== tag)) return 0;
    const total = words[at + 4];
    if (total !== words[at + 7] || words[at + 5] !== 0 || total < 0 || total > this.maxChunk) return 0;
    const dtype = dtypes[kind];
    if (dtype === undefined) return kind === Kind.encoded || (kind === Kind.number && total === 8) ? kind : 0;
    return total % dtype.bytes === 0 ? kind : 0;
  }

  /** Takes the next message, which has the target's kind, into it; undefined when it does not fit. */
  takeInto(target: TypedArray, dtype: Dtype, scope: Scope): Status | undefined {
    const ring = this.ring!;
    const { words, at } = ring;
    const total = words[at + 4];
    const count = total / dtype.bytes;
    if (count > target.length) return undefined;
    const tag = words[at + 1];
    ring.get(at, target, dtype, total);
    this.release(ring, total);
    return { source: scope.fromWorld(this.rank), tag, count, bytes: total };
  }

  /** Takes the next message, which is of this kind, as a value. */
  take(kind: number): unknown {
    const ring = this.ring!;
    const total = ring.words[ring.at + 4];
    try {
      return this.decode(ring, ring.at, kind, total);
    } finally {
      this.release(ring, total);
    }
  }

  // Matching.

  /** Offers a message of this process to itself. */
  offer(message: Unexpected): void {
    message.complete = true;
    const request = this.match(message.context, message.tag, undefined);
    if (request === undefined) this.keep(message);
    else this.give(message, request);
  }

  /** Serves a request from the messages that came before it. Returns whether there was one. */
  serve(request: MatchRequest<unknown>): boolean {
    const position = this.find(request);
    if (position < 0) return false;
    this.give(this.unexpected.take(position), request);
    return true;
  }

  /** Position of the first kept message that a request matches, or -1. */
  find(request: MatchRequest<unknown>): number {
    if (this.unexpected.isEmpty) return -1;
    return this.unexpected.find(message => request.matches(message.context, message.tag));
  }

  /** Gives a kept message to the receive (or probe) that asks for it. */
  give(message: Unexpected, request: MatchRequest<unknown>): void {
    if (request instanceof ProbeRequest) {
      this.owner.settled(request, message);
      return;
    }
    const receive = request as RecvRequest;
    if (message.synchronous) this.owner.acknowledge(this.rank, message.extra);
    if (message.holder === undefined) {
      this.fetch(message, receive);
    } else if (message.complete) {
      this.finishKept(message, receive);
    } else {
      message.claimant = receive;
      receive.arriving = true;
      this.wanted++;
    }
  }

  private finishKept(message: Unexpected, receive: RecvRequest): void {
    const { total, tag } = message;
    const holder = message.holder!;
    const objection = receive.objection(message.source, tag, message.extra, message.kind, total);
    if (objection !== undefined) {
      this.owner.settled(receive, undefined, objection);
      return;
    }
    try {
      if (receive.target === undefined) {
        this.owner.settled(receive, holder.value());
      } else {
        (receive.target as Float64Array).set(holder.memory as Float64Array);
        this.owner.settled(receive, receive.statusOf(message.source, tag, total));
      }
    } catch (error) {
      this.owner.settled(receive, undefined, error);
    }
  }

  /** Has an offered array copied to where it is wanted. */
  private fetch(message: Unexpected, receive: RecvRequest): void {
    const { owner, rank } = this;
    const { kind, total, tag, transfer } = message;
    const { target } = receive;
    try {
      const objection = receive.objection(rank, tag, message.extra, kind, total);
      if (objection !== undefined) throw objection;
      if (target === undefined) {
        const holder = new Holder(kind, total);
        owner.accept(rank, transfer, bytesOf(holder.memory), receive, () =>
          owner.settled(receive, holder.value()),
        );
      } else {
        const bytes = new Uint8Array(target.buffer, target.byteOffset, total);
        owner.accept(rank, transfer, bytes, receive, () =>
          owner.settled(receive, receive.statusOf(rank, tag, total)),
        );
      }
    } catch (error) {
      owner.refuse(rank, transfer);
      owner.settled(receive, undefined, error);
    }
  }

  /** The earliest request that a new message matches, taken out of its list. */
  private match(
    context: number,
    tag: number,
    candidate: MatchRequest<unknown> | undefined,
  ): MatchRequest<unknown> | undefined {
    const { posted } = this;
    const { anyPosted } = this.owner;
    let own = 0;
    while (own < posted.length && !posted[own].matches(context, tag)) own++;
    let any = 0;
    while (any < anyPosted.length && !anyPosted[any].matches(context, tag)) any++;
    if (any < anyPosted.length && (own === posted.length || anyPosted[any].stamp < posted[own].stamp)) {
      const request = anyPosted[any];
      anyPosted.splice(any, 1);
      return request;
    }
    if (own < posted.length) {
      const request = posted[own];
      if (posted.length === 1) posted.pop();
      else posted.splice(own, 1);
      this.wanted--;
      return request;
    }
    return candidate?.matches(context, tag) ? candidate : undefined;
  }

  private readFrame(ring: InRing, marker: number, candidate: MatchRequest<unknown> | undefined): void {
    const { words } = ring;
    const { at } = ring;
    const kind = marker & Kind.mask;
    const chunk = words[at + 7];
    if (chunk < 0 || chunk > this.maxChunk) this.malformed(`a frame of ${chunk} bytes`);
    if (this.assembly !== undefined) {
      if (kind !== Kind.continuation) this.malformed(`kind ${kind} in the middle of a message`);
      this.append(ring, at, chunk, this.assembly);
      return;
    }
    if (kind === Kind.acknowledge) {
      const id = words[at + 6];
      this.release(ring, chunk);
      this.owner.acknowledged(id);
      return;
    }
    const tag = words[at + 1];
    const context = words[at + 2];
    const total = (words[at + 4] >>> 0) + (words[at + 5] >>> 0) * 2 ** 32;
    const extra = words[at + 6];
    const dtype = dtypes[kind];
    if (total < chunk || total > MAX_MESSAGE) this.malformed(`a message of ${total} bytes`);
    if (
      dtype === undefined
        ? kind !== Kind.encoded && (kind !== Kind.number || total !== 8)
        : total % dtype.bytes !== 0
    ) {
      this.malformed(`kind ${kind} with ${total} bytes`);
    }
    const synchronous = (marker & Kind.synchronous) !== 0;
    if ((marker & Kind.offered) !== 0) {
      this.readOffer(ring, at, kind, context, tag, extra, total, synchronous, candidate);
      return;
    }
    const request = this.match(context, tag, candidate);
    if (request instanceof RecvRequest) {
      if (synchronous) this.owner.acknowledge(this.rank, extra);
      this.receive(ring, at, kind, tag, extra, total, chunk, request);
      return;
    }
    const holder = new Holder(kind, total);
    const message = new Unexpected(context, tag, this.rank, extra, kind, total, holder, -1, synchronous);
    this.gather(ring, at, chunk, total, holder.memory, () => {
      message.complete = true;
      const { claimant } = message;
      if (claimant === undefined) return;
      this.wanted--;
      this.finishKept(message, claimant);
    });
    if (request === undefined) this.keep(message);
    else this.give(message, request);
  }

  private readOffer(
    ring: InRing,
    at: number,
    kind: number,
    context: number,
    tag: number,
    extra: number,
    total: number,
    synchronous: boolean,
    candidate: MatchRequest<unknown> | undefined,
  ): void {
    const chunk = ring.words[at + 7];
    const transfer = ring.words[at + HEADER_WORDS];
    if (chunk !== 4 || dtypes[kind] === undefined || transfer < 0 || transfer >= TRANSFERS || total === 0) {
      this.malformed(`an offer of kind ${kind} with ${total} bytes`);
    }
    this.release(ring, chunk);
    if (!this.owner.see(this.rank, transfer)) return;
    const message = new Unexpected(
      context,
      tag,
      this.rank,
      extra,
      kind,
      total,
      undefined,
      transfer,
      synchronous,
    );
    const request = this.match(context, tag, candidate);
    if (request === undefined) this.keep(message);
    else this.give(message, request);
  }

  /** Moves a matched message, or its first part, straight to where it is wanted. */
  private receive(
    ring: InRing,
    at: number,
    kind: number,
    tag: number,
    extra: number,
    total: number,
    chunk: number,
    request: RecvRequest,
  ): void {
    const { target } = request;
    const objection = request.objection(this.rank, tag, extra, kind, total);
    if (objection !== undefined) {
      this.gather(ring, at, chunk, total, undefined, () => this.owner.settled(request, undefined, objection));
      if (!request.done) this.arriving(request);
      return;
    }
    if (chunk === total && target === undefined) {
      this.receiveValue(ring, at, kind, chunk, request);
      return;
    }
    if (target !== undefined) {
      if (chunk === total) {
        ring.get(at, target, request.targetDtype!, total);
        this.release(ring, chunk);
        this.owner.settled(request, request.statusOf(this.rank, tag, total));
        return;
      }
      this.gather(ring, at, chunk, total, target, () =>
        this.owner.settled(request, request.statusOf(this.rank, tag, total)),
      );
    } else {
      const holder = new Holder(kind, total);
      this.gather(ring, at, chunk, total, holder.memory, () =>
        this.settleWith(request, () => holder.value()),
      );
    }
    if (!request.done) this.arriving(request);
  }

  /** A value that lies in one frame. */
  private receiveValue(ring: InRing, at: number, kind: number, chunk: number, request: RecvRequest): void {
    let value: unknown;
    let error: unknown;
    try {
      value = this.decode(ring, at, kind, chunk);
    } catch (failure) {
      error = failure;
    }
    this.release(ring, chunk);
    this.owner.settled(request, value, error);
  }

  /** What the frame at word `at` holds; an object is decoded where it lies. */
  private decode(ring: InRing, at: number, kind: number, chunk: number): unknown {
    if (kind === Kind.number) return ring.doubles[(at + HEADER_WORDS) >> 1];
    const dtype = dtypes[kind];
    if (dtype !== undefined) {
      const array = new dtype.create(chunk / dtype.bytes);
      ring.get(at, array, dtype, chunk);
      return array;
    }
    const start = (at << 2) + HEADER_BYTES;
    if (start + chunk <= ring.ringBytes) return decodeValue(ring.bytes, start, start + chunk);
    if (this.scratch.length < chunk) this.scratch = new Uint8Array(this.maxChunk);
    ring.read(at, 0, this.scratch, 0, chunk);
    return decodeValue(this.scratch, 0, chunk);
  }

  private settleWith(request: RecvRequest, make: () => unknown): void {
    try {
      this.owner.settled(request, make());
    } catch (error) {
      this.owner.settled(request, undefined, error);
    }
  }

  /** The rest of a request's message has yet to come. */
  private arriving(request: RecvRequest): void {
    request.arriving = true;
    this.wanted++;
    const assembly = this.assembly!;
    const { finish } = assembly;
    assembly.finish = () => {
      this.wanted--;
      finish();
    };
  }

  /** Starts a message that is to lie at `bytes`, and finishes it when it is whole already. */
  private gather(
    ring: InRing,
    at: number,
    chunk: number,
    total: number,
    memory: TypedArray | undefined,
    finish: () => void,
  ): void {
    const window = memory && windowOf(memory, 0);
    const assembly: Assembly = { received: 0, total, memory, window, windowStart: 0, finish };
    this.assembly = assembly;
    this.append(ring, at, chunk, assembly);
  }

  private append(ring: InRing, at: number, chunk: number, assembly: Assembly): void {
    if (assembly.received + chunk > assembly.total) this.malformed("more bytes than its message announced");
    if (assembly.window !== undefined) {
      if (assembly.received + chunk > assembly.windowStart + WINDOW_BYTES) {
        assembly.windowStart = assembly.received;
        assembly.window = windowOf(assembly.memory!, assembly.received);
      }
      ring.read(at, 0, assembly.window, assembly.received - assembly.windowStart, chunk);
    }
    assembly.received += chunk;
    this.release(ring, chunk);
    if (assembly.received === assembly.total) {
      this.assembly = undefined;
      assembly.finish();
    }
  }

  private keep(message: Unexpected): void {
    message.stamp = this.owner.nextStamp();
    this.unexpected.push(message);
  }

  private release(ring: InRing, chunk: number): void {
    if (ring.release(chunk)) this.owner.wake(this.rank);
  }

  private malformed(what: string): never {
    throw new MalformedFrameError(
      `the ring from rank ${this.rank} holds ${what}; its memory has been overwritten`,
      {
        peer: this.rank,
      },
    );
  }
}

/** Whether a request has its message, or the beginning of it. */
function isServed(request: MatchRequest<unknown>): boolean {
  return request.done || (request instanceof RecvRequest && request.arriving);
}
