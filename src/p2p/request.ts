import { withArticle } from "../article.ts";
import { type Dtype, dtypes, type TypedArray } from "../codec/dtype.ts";
import type { Pending } from "../collectives/context.ts";
import { PeerFinishedError, TruncationError, type TsmpiError, TypeMismatchError } from "../errors.ts";
import { Kind } from "../transport/frame.ts";
import type { WaitRecord } from "../transport/wait-record.ts";
import { ANY, type Scope } from "./scope.ts";

/** Called when a request is done; kept in a list by the engine and run when no frame is half read. */
type Callback = () => void;

/** An operation under way. */
export abstract class Request<T> implements Pending<T> {
  done = false;
  /** Run soon after the request is done, never before it is. */
  onDone: Callback | undefined = undefined;
  /** Counts up over all requests of the process: the lower, the earlier. */
  stamp = 0;
  protected value: T | undefined = undefined;
  protected error: unknown = undefined;

  result(): T {
    if (this.error !== undefined) throw this.error;
    return this.value as T;
  }

  /** Used by the engine, which then runs `onDone`. */
  settle(value: T | undefined, error?: unknown): void {
    this.done = true;
    this.value = value;
    this.error = error;
  }

  /** Whether this is part of a collective, which other ranks must have called alike. */
  get collective(): boolean {
    return false;
  }

  abstract wait(): WaitRecord;
}

/** What an operation gives that may be over when it begins: its value, or a request for it. */
export type Outcome<T> = T | Request<T>;

/** How a receive or probe names what it waits for. */
function describe(verb: string, scope: Scope, source: number, tag: number): string {
  const from = source === ANY ? "any rank" : `rank ${scope.fromWorld(source)}`;
  return `${verb} ${from}, ${tag === ANY ? "any tag" : `tag ${tag}`}, on ${scope.name}`;
}

/** Waits for a message that matches (context, source, tag). */
export abstract class MatchRequest<T> extends Request<T> {
  readonly scope: Scope;
  readonly context: number;
  /** World rank, or ANY. */
  readonly source: number;
  readonly tag: number;

  constructor(scope: Scope, context: number, source: number, tag: number) {
    super();
    this.scope = scope;
    this.context = context;
    this.source = source;
    this.tag = tag;
  }

  override get collective(): boolean {
    return (this.context & 1) === 1;
  }

  matches(context: number, tag: number): boolean {
    return context === this.context && (this.tag === ANY || tag === this.tag);
  }

  /** Why this request can never be served once its source has finished. */
  peerFinished(rank: number): TsmpiError {
    const who =
      this.source === ANY
        ? "every other rank has finished"
        : `rank ${this.scope.fromWorld(this.source)} has finished without sending it`;
    return new PeerFinishedError(`rank ${rank} waits in ${this.wait().text}, but ${who}`, {
      rank,
      peer: this.source === ANY ? undefined : this.scope.fromWorld(this.source),
      tag: this.tag === ANY ? undefined : this.tag,
      communicator: this.scope.name,
    });
  }

  wait(): WaitRecord {
    return { text: this.describe(), context: -1, sequence: -1, signature: -1 };
  }

  protected describe(): string {
    return describe("recv from", this.scope, this.source, this.tag);
  }
}

/** What a completed `recvInto` tells of its message. */
export interface Status {
  /** Rank, in the communicator, of the sender. */
  readonly source: number;
  readonly tag: number;
  /** Elements received. */
  readonly count: number;
  readonly bytes: number;
}

/** A receive. With a target the elements go there, else a value is made. */
export class RecvRequest<T = unknown> extends MatchRequest<T> {
  readonly target: TypedArray | undefined;
  readonly targetDtype: Dtype | undefined;
  /** Set while a matched message is still arriving; it can no longer be withdrawn. */
  arriving = false;

  /** @param targetDtype of `target`, for its caller has just looked it up */
  constructor(
    scope: Scope,
    context: number,
    source: number,
    tag: number,
    target: TypedArray | undefined,
    targetDtype: Dtype | undefined,
  ) {
    super(scope, context, source, tag);
    this.target = target;
    this.targetDtype = targetDtype;
  }

  /**
   * Why the matched message cannot be taken, or undefined when it can.
   * @param source world rank of its sender
   * @param extra the frame's extra word, where collectives carry their signature
   */
  objection(
    source: number,
    tag: number,
    _extra: number,
    kind: number,
    total: number,
  ): TsmpiError | undefined {
    const { target, targetDtype } = this;
    if (target === undefined || (kind === targetDtype!.code && total <= target.length * targetDtype!.bytes)) {
      return undefined;
    }
    const peer = this.scope.fromWorld(source);
    const { scope } = this;
    const details = { rank: scope.toWorld(scope.rank), peer, tag, communicator: scope.name };
    if (kind !== targetDtype!.code) {
      return new TypeMismatchError(
        `the message from rank ${peer} holds ${describeKind(kind)}, ` +
          `but the array given to receive it is ${withArticle(targetDtype!.name)}`,
        details,
      );
    }
    return new TruncationError(
      `the message from rank ${peer} has ${total / targetDtype!.bytes} elements, ` +
        `but the ${targetDtype!.name} given to receive it has room for ${target.length}`,
      details,
    );
  }

  /** The outcome of a receive into a target. */
  statusOf(source: number, tag: number, total: number): Status {
    return {
      source: this.scope.fromWorld(source),
      tag,
      count: total / this.targetDtype!.bytes,
      bytes: total,
    };
  }
}

/** What kind of data a message holds, for sentences. */
export function describeKind(kind: number): string {
  const dtype = dtypes[kind];
  if (dtype !== undefined) return withArticle(dtype.name);
  return kind === Kind.number ? "a number" : "an object";
}

/** A matched probe: takes the message out of matching, so that nobody else can receive it. */
export class ProbeRequest<T = unknown> extends MatchRequest<T> {
  protected override describe(): string {
    return describe("probe for a message from", this.scope, this.source, this.tag);
  }
}

/** A send that could not be written at once, or that waits to be matched. */
export class SendRequest extends Request<void> {
  readonly scope: Scope;
  /** World rank. */
  readonly dest: number;
  readonly context: number;
  readonly tag: number;
  readonly kind: number;
  readonly extra: number;
  readonly total: number;
  private chunks: readonly Uint8Array[];
  /** Whether the library owns the bytes; then the caller need not wait for them to be written. */
  readonly owned: boolean;
  private chunk = 0;
  private offset = 0;
  written = 0;
  started = false;
  /** Of a synchronous send: the writing of its message, where that could not be done at once. */
  writing: SendRequest | undefined = undefined;

  constructor(
    scope: Scope,
    dest: number,
    context: number,
    tag: number,
    kind: number,
    extra: number,
    chunks: readonly Uint8Array[],
    total: number,
    owned: boolean,
  ) {
    super();
    this.scope = scope;
    this.dest = dest;
    this.context = context;
    this.tag = tag;
    this.kind = kind;
    this.extra = extra;
    this.chunks = chunks;
    this.total = total;
    this.owned = owned;
  }

  /** The array of a send that is not owned. */
  get memory(): Uint8Array {
    return this.chunks[0];
  }

  /** Hands out the next `count` bytes, piece by piece. */
  take(count: number, write: (source: Uint8Array, from: number, count: number) => void): void {
    this.written += count;
    while (count > 0) {
      const piece = this.chunks[this.chunk];
      const length = Math.min(count, piece.length - this.offset);
      write(piece, this.offset, length);
      count -= length;
      this.offset += length;
      if (this.offset === piece.length) {
        this.chunk++;
        this.offset = 0;
      }
    }
  }

  /** Copies what has not been written, so that the caller's memory is free. */
  keepRest(): void {
    this.chunks = this.chunks.map(chunk => chunk.slice());
  }

  peerFinished(rank: number): TsmpiError {
    const peer = this.scope.fromWorld(this.dest);
    return new PeerFinishedError(
      `rank ${rank} waits in ${this.wait().text}, but rank ${peer} has finished without receiving it`,
      { rank, peer, tag: this.tag, communicator: this.scope.name },
    );
  }

  wait(): WaitRecord {
    const text = `send to rank ${this.scope.fromWorld(this.dest)}, tag ${this.tag}, on ${this.scope.name}`;
    return { text, context: -1, sequence: -1, signature: -1 };
  }
}
