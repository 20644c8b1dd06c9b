/**
 * What the two faces of a communicator share: arguments checked, requests made, collectives numbered. Nothing here
 * waits; Communicator awaits what it gets from here, BlockingCommunicator blocks on it.
 */
import type { Dtype, TypedArray } from "../codec/dtype.ts";
import { type Family, Need } from "../collectives/algorithm-names.ts";
import { requireArray } from "../collectives/arguments.ts";
import { barrier } from "../collectives/barrier.ts";
import { choose, unconditional } from "../collectives/choice.ts";
import type { Algorithm } from "../collectives/context.ts";
import { operations } from "../collectives/operations.ts";
import { requireOptions } from "../collectives/options.ts";
import { Placement } from "../collectives/two-level/placement.ts";
import { describe } from "../describe.ts";
import { ArgumentError } from "../errors.ts";
import type { Envelope } from "../p2p/destination.ts";
import type { Engine } from "../p2p/engine.ts";
import { type Outcome, ProbeRequest, RecvRequest, type Request, type Status } from "../p2p/request.ts";
import { ANY, MAX_TAG, NONE, type Scope } from "../p2p/scope.ts";
import { requireSignal } from "../p2p/signal.ts";
import type { Unexpected } from "../p2p/unexpected.ts";
import type { Waiting } from "../p2p/waiting.ts";
import type { Statistics } from "../transport/statistics.ts";
import { SharedBarrier } from "./barrier.ts";
import { Board } from "./board.ts";
import { CollectiveCall, isCrowded } from "./collective-call.ts";
import { releaseIdentity } from "./identity.ts";
import { signatureOf } from "./signature.ts";

export interface SendOptions {
  /** 0 .. 2147483647; default 0. */
  tag?: number;
  /** Done only when the receiver has matched the message (MPI_Ssend); default false. */
  synchronous?: boolean;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal;
}

export interface RecvOptions {
  /** Default: any tag. */
  tag?: number;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal;
}

export interface SendrecvOptions {
  /** Tag of both messages, unless the next two say otherwise. Default: 0 is sent, any is received. */
  tag?: number;
  sendTag?: number;
  recvTag?: number;
  signal?: AbortSignal;
}

export interface RootOptions {
  /** Rank that gives or gets everything; default 0. All ranks must name the same. */
  root?: number;
}

export interface CountsOptions {
  /** Elements of each rank's block, in rank order; default: as even as can be. */
  counts?: readonly number[];
}

export interface ScatterOptions extends RootOptions, CountsOptions {}

/** A send and a receive under way together. */
export interface Exchange<T> {
  readonly incoming: Outcome<T>;
  /** Undefined: done already. */
  readonly outgoing: Request<void> | undefined;
}

/** What serves collectives in two levels, as far as the end of a communicator goes. */
interface Levels {
  readonly isBusy: boolean;
  release(): void;
}

/** Of options, for sentences. */
const EXAMPLE = "{ tag: 7 }";

const nothingReceived: Status = { source: NONE, tag: ANY, count: 0, bytes: 0 };

export class Core {
  readonly scope: Scope;
  readonly engine: Engine;
  readonly waiting: Waiting;
  readonly size: number;
  readonly crowded: boolean;
  private readonly sharedBarrier: SharedBarrier | undefined;
  /** Undefined where collectives go by messages. */
  readonly board: Board | undefined;
  /** The families of collectives that all go over the board. */
  readonly alwaysBoard: Record<Family, boolean> | undefined;
  /** Where the ranks are, if on several hosts, and not each on its own. */
  readonly placement: Placement | undefined;
  /** A TwoLevel, set by the first collective in two levels. */
  twoLevel: Levels | undefined = undefined;
  /** Of collectives that are steps of another: that one's. */
  signature: number | undefined = undefined;
  private readonly slot: number;
  /** Of most messages. */
  private readonly plain: Envelope;
  private sequence = 0;
  private readonly statistics: Statistics | undefined;
  /** The collective begun last, if it goes by messages. */
  latest: CollectiveCall | undefined = undefined;
  private freed = false;

  constructor(engine: Engine, waiting: Waiting, scope: Scope, slot: number) {
    this.engine = engine;
    this.waiting = waiting;
    this.scope = scope;
    this.slot = slot;
    this.plain = { scope, context: scope.context, tag: 0, extra: 0, flags: 0 };
    this.size = scope.size;
    this.statistics = engine.job?.statistics;
    this.crowded = isCrowded(engine);
    if (slot >= 0 && scope.size > 1 && engine.sharesHost(scope)) {
      if (!["dissemination", "two-level"].includes(choose("barrier", this, 0, Need.host))) {
        this.sharedBarrier = new SharedBarrier(engine, scope, slot);
      }
      if (scope.size <= engine.job!.layout.boardRanks) {
        this.board = new Board(engine, scope, slot);
        this.alwaysBoard = unconditional("board", this, Need.host);
      }
    }
    if (engine.job !== undefined && !engine.sharesHost(scope)) {
      const { ofRank } = engine.job.places;
      const placement = new Placement(scope.worldRanks().map(rank => ofRank[rank]));
      if (placement.hasLevels) this.placement = placement;
    }
  }

  /**
   * Undefined: done already.
   * @param blocking whether the caller will block until it is done
   */
  send(
    value: unknown,
    dest: number,
    options: SendOptions | undefined,
    blocking: boolean,
  ): Request<void> | undefined {
    if (options === undefined) return this.sendTagged(value, dest, undefined, undefined, undefined, blocking);
    requireOptions("send", options, EXAMPLE);
    return this.sendTagged(value, dest, options.tag, options.synchronous, options.signal, blocking);
  }

  private sendTagged(
    value: unknown,
    dest: number,
    tag = 0,
    synchronous: boolean | undefined,
    signal: AbortSignal | undefined,
    blocking: boolean,
  ): Request<void> | undefined {
    const { scope, engine } = this;
    this.requireLive();
    if (dest !== NONE) this.requireRank("send", "dest", dest);
    if (tag !== 0) this.requireTag("send", tag);
    if (signal !== undefined) requireSignal("send", signal, blocking);
    if (dest === NONE) return undefined;
    const envelope = tag === 0 ? this.plain : { scope, context: scope.context, tag, extra: 0, flags: 0 };
    if (synchronous) return engine.sendSynchronous(value, scope.toWorld(dest), envelope);
    return engine.send(value, scope.toWorld(dest), envelope);
  }

  /** @param blocking whether the caller will block until there is a message */
  recv<T>(source: number, options: RecvOptions | undefined, blocking: boolean): Outcome<T> {
    return this.receive<T>(source, this.tagOf("recv", source, options, blocking), blocking);
  }

  recvInto(
    target: TypedArray,
    source: number,
    options: RecvOptions | undefined,
    blocking: boolean,
  ): Outcome<Status> {
    const dtype = requireArray("recvInto", "target", target);
    const tag = this.tagOf("recvInto", source, options, blocking);
    return this.receiveInto(target, dtype, source, tag, blocking);
  }

  /** Begins both; nothing has happened when it throws. */
  sendrecv<T>(
    value: unknown,
    dest: number,
    source: number,
    options: SendrecvOptions,
    blocking: boolean,
  ): Exchange<T> {
    requireOptions("sendrecv", options, EXAMPLE);
    const { tag, sendTag = tag, recvTag = tag, signal } = options;
    const matched = this.requireMatch("recv", source, recvTag, signal, blocking);
    const outgoing = this.sendTagged(value, dest, sendTag, false, signal, blocking);
    return { incoming: this.receive<T>(source, matched, blocking), outgoing };
  }

  sendrecvInto(
    target: TypedArray,
    array: TypedArray,
    dest: number,
    source: number,
    options: SendrecvOptions,
    blocking: boolean,
  ): Exchange<Status> {
    requireOptions("sendrecvInto", options, EXAMPLE);
    const { tag, sendTag = tag, recvTag = tag, signal } = options;
    const dtype = requireArray("recvInto", "target", target);
    const matched = this.requireMatch("recvInto", source, recvTag, signal, blocking);
    const outgoing = this.sendTagged(array, dest, sendTag, false, signal, blocking);
    return { incoming: this.receiveInto(target, dtype, source, matched, blocking), outgoing };
  }

  /** @param tag or ANY */
  private receive<T>(source: number, tag: number, blocking: boolean): Outcome<T> {
    const { scope, engine } = this;
    const world = scope.toWorld(source);
    const kind = this.kindNext(world, tag, blocking);
    if (kind !== 0) return engine.from(world).take(kind) as T;
    return this.post(new RecvRequest<T>(scope, scope.context, world, tag, undefined, undefined), undefined);
  }

  private receiveInto(
    target: TypedArray,
    dtype: Dtype,
    source: number,
    tag: number,
    blocking: boolean,
  ): Outcome<Status> {
    const { scope, engine } = this;
    const world = scope.toWorld(source);
    if (this.kindNext(world, tag, blocking) === dtype.code) {
      const status = engine.from(world).takeInto(target, dtype, scope);
      if (status !== undefined) return status;
    }
    return this.post(
      new RecvRequest<Status>(scope, scope.context, world, tag, target, dtype),
      nothingReceived,
    );
  }

  /** The kind of the message that a receive can take straight from the ring, there or just coming; 0 when there is none. */
  private kindNext(world: number, tag: number, blocking: boolean): number {
    if (world < 0) return 0;
    const from = this.engine.from(world);
    return from.isClear && this.waiting.comes(from, blocking) ? from.next(this.scope.context, tag) : 0;
  }

  /** @param nothing what comes from NONE */
  private post<T>(request: RecvRequest<T>, nothing: T | undefined): RecvRequest<T> {
    if (request.source === NONE) request.settle(nothing);
    else this.engine.post(request as RecvRequest);
    return request;
  }

  probe(source: number, options: RecvOptions | undefined, blocking: boolean): ProbeRequest<Unexpected> {
    const request = this.probeRequest("probe", source, options, blocking);
    this.engine.post(request);
    return request;
  }

  poll(source: number, options: RecvOptions | undefined): Unexpected | undefined {
    return this.engine.poll(this.probeRequest("poll", source, options, false));
  }

  /** Receives a probed message. */
  take<T>(message: Unexpected, target?: TypedArray): RecvRequest<T> {
    const dtype = target && requireArray("recvInto", "target", target);
    const { scope } = this;
    const request = new RecvRequest<T>(scope, scope.context, message.source, message.tag, target, dtype);
    this.engine.receiveMessage(message, request);
    return request;
  }

  /**
   * The next collective on this communicator; all ranks must begin the same ones in the same order.
   * @param op operator of a reduction, which all ranks must name alike, too
   */
  begin(operation: number, root = 0, op?: unknown): CollectiveCall {
    this.requireLive();
    const signature = this.sign(operation, root, op);
    const call = new CollectiveCall(this.engine, this.scope, this.nextSequence(), signature);
    this.engine.lastCollective = call;
    this.latest = call;
    return call;
  }

  /** What stands in a call, for other ranks to compare. */
  sign(operation: number, root: number, op?: unknown): number {
    return this.signature ?? signatureOf(operation, root, op);
  }

  /** Waits for all ranks, then gives back what the communicator holds. */
  *free(): Algorithm<void> {
    this.requireFreeable();
    yield* this.barrier();
    this.release();
  }

  /**
   * The same at the end of a block, where nobody is waited for: a rank that has left the block by an error would wait in
   * vain for those that have not, and the error would not be heard of. Nothing happens where it has been freed.
   */
  dispose(): void {
    if (this.freed) return;
    this.requireFreeable();
    // What goes wrong later ends the job, as any error does that nobody catches.
    void this.waiting.run(this.free());
    this.freed = true;
  }

  private requireFreeable(): void {
    if (this.scope.id < 2) throw new ArgumentError(`free: ${this.scope.name} lasts as long as the job.`);
    if (this.board?.isIdle === false || this.twoLevel?.isBusy) {
      throw new ArgumentError(
        `free: collectives on ${this.scope.name} are still under way; await them first.`,
      );
    }
  }

  /** Gives back what the communicator holds; all ranks have come to the end of all calls. */
  release(): void {
    const { board } = this;
    this.freed = true;
    this.twoLevel?.release();
    board?.close();
    if (this.scope.rank !== 0) return;
    board?.release();
    releaseIdentity(this.engine, this.slot);
  }

  /** A barrier in shared memory, begun without the cost of an algorithm; undefined when that cannot be. */
  arrive(): { pending: Request<void> | undefined } | undefined {
    const { sharedBarrier } = this;
    if (sharedBarrier === undefined || sharedBarrier.busy) return undefined;
    this.requireLive();
    return { pending: sharedBarrier.arrive(this.nextSequence()) };
  }

  /** A barrier as an algorithm. */
  barrier(): Algorithm<void> {
    if (this.sharedBarrier === undefined) return barrier(this.begin(operations.barrier));
    this.requireLive();
    return this.sharedBarrier.run(this.nextSequence());
  }

  /** The number of the next collective. */
  nextSequence(): number {
    const { sequence } = this;
    this.sequence = (sequence + 1) & MAX_TAG;
    this.latest = undefined;
    if (this.statistics !== undefined && this.signature === undefined) this.statistics.collectives++;
    return sequence;
  }

  private probeRequest(
    operation: string,
    source: number,
    options: RecvOptions | undefined,
    blocking: boolean,
  ): ProbeRequest<Unexpected> {
    const tag = this.tagOf(operation, source, options, blocking);
    return new ProbeRequest(this.scope, this.scope.context, this.scope.toWorld(source), tag);
  }

  // Arguments.

  requireLive(): void {
    if (this.freed) throw new ArgumentError(`${this.scope.name} has been freed; it cannot be used any more.`);
  }

  /** Checks what a receive or probe is to match. Returns the tag. */
  private tagOf(
    operation: string,
    source: number,
    options: RecvOptions | undefined,
    blocking: boolean,
  ): number {
    if (options === undefined) return this.requireMatch(operation, source, undefined, undefined, blocking);
    requireOptions(operation, options, EXAMPLE);
    return this.requireMatch(operation, source, options.tag, options.signal, blocking);
  }

  private requireMatch(
    operation: string,
    source: number,
    tag = ANY,
    signal: AbortSignal | undefined,
    blocking: boolean,
  ): number {
    this.requireLive();
    const anonymous = source === ANY || (source === NONE && operation.startsWith("recv"));
    if (!anonymous) this.requireRank(operation, "source", source);
    if (tag !== ANY) this.requireTag(operation, tag);
    if (signal !== undefined) requireSignal(operation, signal, blocking);
    return tag;
  }

  private requireRank(operation: string, name: string, rank: number): void {
    const { size } = this.scope;
    if (Number.isInteger(rank) && rank >= 0 && rank < size) return;
    const range = size === 1 ? "0, the only rank" : `a rank from 0 to ${size - 1}`;
    throw new ArgumentError(
      `${operation}: ${name} must be ${range} of ${this.scope.name}; got ${describe(rank)}.`,
    );
  }

  private requireTag(operation: string, tag: number): void {
    if (Number.isInteger(tag) && tag >= 0 && tag <= MAX_TAG) return;
    throw new ArgumentError(
      `${operation}: tag must be a whole number from 0 to ${MAX_TAG}; got ${describe(tag)}.`,
    );
  }
}
