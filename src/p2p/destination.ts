import { dtypeOf, type TypedArray } from "../codec/dtype.ts";
import { HEADER_BYTES, HEADER_WORDS, Kind } from "../transport/frame.ts";
import { Pace } from "../transport/pace.ts";
import type { OutRing } from "../transport/ring.ts";
import { type Payload, payloadOf } from "./payload.ts";
import { SendRequest } from "./request.ts";
import { requireRoom } from "./room.ts";
import type { Scope } from "./scope.ts";

/** Bytes of encoded objects that may wait for one destination before senders have to. */
const OWNED_LIMIT = 8 * 1024 * 1024;
/** What a waiting message costs beyond its bytes, roughly. */
const MESSAGE_COST = 400;

/**
 * Bytes a millisecond below which the kernel copies faster than the ring, both ranks at once 13 to 20 million. Near cores move 8
 * (Zen 4) to 16 million (Zen 3) through a ring, the fastest of several a little more, far ones 2 to 7.
 */
const LEAST_PACE = 16e6;

/** Payload of the frame of an offered array. */
const OFFER_BYTES = 4;

export interface DestinationOwner {
  /**
   * Number of the transfer by which an array will be copied; -1 when it must go through the ring.
   * @param isSlow whether the ring is known to be slow
   */
  offer(request: SendRequest, isSlow: boolean): number;
  settled(request: SendRequest, value?: unknown, error?: unknown): void;
  /** Whether a rank is on this host. */
  isHere(rank: number): boolean;
}

export interface Envelope {
  readonly scope: Scope;
  readonly context: number;
  readonly tag: number;
  readonly extra: number;
  /** 0, or Kind.synchronous. */
  readonly flags: number;
}

/** Everything that goes to one other rank: its ring, and the sends that wait for room there. */
export class Destination {
  /** World rank. */
  readonly rank: number;
  private readonly ring: OutRing;
  private readonly self: number;
  private readonly owner: DestinationOwner;
  /** Sends not written yet, in order. */
  readonly queue: SendRequest[] = [];
  private ownedWaiting = 0;
  /** Of arrays longer than the ring: a send of any other may end before its receiver has come, and must not cease to. */
  private readonly pace = new Pace(LEAST_PACE);
  private startedAt = 0;

  /** @param self world rank of this process */
  constructor(rank: number, ring: OutRing, self: number, owner: DestinationOwner) {
    this.rank = rank;
    this.ring = ring;
    this.self = self;
    this.owner = owner;
  }

  /**
   * Writes a message into the ring. Returns undefined when that has been done, else a request in `queue`; such a
   * request is done already when the library keeps the bytes.
   */
  send(value: unknown, envelope: Envelope): SendRequest | undefined {
    const { ring } = this;
    const { context, tag, extra, flags } = envelope;
    if (this.queue.length === 0) {
      if (typeof value === "number") {
        const at = ring.reserve(8);
        if (at >= 0) {
          ring.doubles[(at + HEADER_WORDS) >> 1] = value;
          this.header(at, tag, context, 8, extra, 8);
          ring.publish(at, 8, Kind.number | flags);
          return undefined;
        }
      } else {
        const dtype = dtypeOf(value);
        if (dtype !== undefined) {
          const array = value as TypedArray;
          const size = array.length * dtype.bytes;
          // One of no bytes may have lost its memory.
          const at = size > 0 && size <= ring.maxChunk ? ring.reserve(size) : -1;
          if (at >= 0) {
            ring.put(at, array, dtype, size);
            this.header(at, tag, context, size, extra, size);
            ring.publish(at, size, dtype.code | flags);
            return undefined;
          }
        }
      }
    }
    return this.sendPayload(payloadOf(value), envelope);
  }

  private sendPayload(
    payload: Payload,
    { scope, context, tag, extra, flags }: Envelope,
  ): SendRequest | undefined {
    const { ring } = this;
    const { kind, chunks, total } = payload;
    requireRoom(total, this.self, this.rank, this.owner.isHere(this.rank));
    if (this.queue.length === 0 && total <= ring.maxChunk) {
      const at = ring.reserve(total);
      if (at >= 0) {
        let to = (at << 2) + HEADER_BYTES;
        for (const chunk of chunks) {
          ring.write(to, chunk, 0, chunk.length);
          to += chunk.length;
        }
        this.header(at, tag, context, total, extra, total);
        ring.publish(at, total, kind | flags);
        return undefined;
      }
    }
    const owned = !payload.borrowed;
    const kept = owned ? chunks.map(chunk => chunk.slice()) : chunks;
    const request = new SendRequest(scope, this.rank, context, tag, kind | flags, extra, kept, total, owned);
    this.queue.push(request);
    if (owned) this.ownedWaiting += total + MESSAGE_COST;
    this.push();
    // The library keeps the bytes of an object, so its sender goes on, until too much has gathered here.
    if (!request.done && owned && this.ownedWaiting <= OWNED_LIMIT) request.settle(undefined);
    return request;
  }

  /** Writes as much of the queue as there is room for. Returns the number of frames written. */
  push(): number {
    const { ring, queue } = this;
    let frames = 0;
    let finished = 0;
    while (finished < queue.length) {
      const request = queue[finished];
      if (!request.started && !request.owned) {
        const at = ring.reserve(OFFER_BYTES);
        if (at < 0) break;
        const isTimed = request.total > ring.ringBytes;
        const transfer = this.owner.offer(request, isTimed && this.pace.isSlow());
        if (transfer >= 0) {
          ring.words[at + HEADER_WORDS] = transfer;
          this.header(at, request.tag, request.context, request.total, request.extra, OFFER_BYTES);
          ring.publish(at, OFFER_BYTES, request.kind | Kind.offered);
          frames++;
          finished++;
          continue;
        }
        if (isTimed) this.startedAt = performance.now();
      }
      const chunk = Math.min(request.total - request.written, ring.maxChunk);
      const at = ring.reserve(chunk);
      if (at < 0) break;
      let to = (at << 2) + HEADER_BYTES;
      request.take(chunk, (source, from, count) => {
        ring.write(to, source, from, count);
        to += count;
      });
      this.header(at, request.tag, request.context, request.total, request.extra, chunk);
      ring.publish(at, chunk, request.started ? Kind.continuation : request.kind);
      request.started = true;
      frames++;
      if (request.written < request.total) continue;
      finished++;
      if (!request.owned && request.total > ring.ringBytes) {
        // The receiver has yet to read what the ring still holds, half of it on the average.
        this.pace.note(request.total - ring.ringBytes / 2, performance.now() - this.startedAt);
      }
      if (request.owned) this.ownedWaiting -= request.total + MESSAGE_COST;
      if (!request.done) this.owner.settled(request);
    }
    if (finished > 0) queue.splice(0, finished);
    return frames;
  }

  /** Tells a sender that its synchronous message has been matched. */
  acknowledge(scope: Scope, id: number): void {
    this.sendPayload(
      { kind: Kind.acknowledge, chunks: [], total: 0, borrowed: false },
      { scope, context: 0, tag: 0, extra: id, flags: 0 },
    );
  }

  /**
   * Stops a waiting send from needing its caller's memory: forgets it if nothing has been written yet, else keeps
   * a copy of the rest. Returns whether it was waiting.
   */
  withdraw(request: SendRequest): boolean {
    const position = this.queue.indexOf(request);
    if (position < 0) return false;
    if (request.started) request.keepRest();
    else this.queue.splice(position, 1);
    return true;
  }

  private header(
    at: number,
    tag: number,
    context: number,
    total: number,
    extra: number,
    chunk: number,
  ): void {
    const { words } = this.ring;
    words[at + 1] = tag;
    words[at + 2] = context;
    words[at + 3] = this.self;
    words[at + 4] = total;
    words[at + 5] = total > 0xffffffff ? Math.floor(total / 2 ** 32) : 0;
    words[at + 6] = extra;
    words[at + 7] = chunk;
  }
}
