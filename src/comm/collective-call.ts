import { withArticle } from "../article.ts";
import { dtypeOf, type TypedArray } from "../codec/dtype.ts";
import type { CollectiveContext, Pending } from "../collectives/context.ts";
import { CollectiveMismatchError, PeerFinishedError, type TsmpiError, TypeMismatchError } from "../errors.ts";
import type { Envelope } from "../p2p/destination.ts";
import type { Engine } from "../p2p/engine.ts";
import { describeKind, RecvRequest } from "../p2p/request.ts";
import type { Scope } from "../p2p/scope.ts";
import type { WaitRecord } from "../transport/wait-record.ts";
import { describeSignature } from "./signature.ts";

const sent: Pending<void> = { done: true, result: () => undefined };

/** Whether ranks outnumber cores on any host of the job. */
export function isCrowded({ job }: Engine): boolean {
  return job?.crowded === true;
}

/** One call of a collective on one rank: the messages of its algorithm travel under the call's number. */
export class CollectiveCall implements CollectiveContext {
  readonly scope: Scope;
  readonly rank: number;
  readonly size: number;
  readonly crowded: boolean;
  /** How many collectives this communicator has seen before this one. */
  readonly sequence: number;
  readonly signature: number;
  private readonly engine: Engine;
  private readonly envelope: Envelope;

  constructor(engine: Engine, scope: Scope, sequence: number, signature: number) {
    this.engine = engine;
    this.scope = scope;
    this.rank = scope.rank;
    this.size = scope.size;
    this.crowded = isCrowded(engine);
    this.sequence = sequence;
    this.signature = signature;
    this.envelope = { scope, context: scope.collectiveContext, tag: sequence, extra: signature, flags: 0 };
  }

  send(value: unknown, dest: number): Pending<void> {
    const to = this.scope.toWorld(dest);
    // A rank at its end cannot have got this message, so it has not taken part in this call.
    if (this.engine.isLeaving(to)) throw this.finishedWithout("is in", dest);
    return this.engine.send(value, to, this.envelope) ?? sent;
  }

  recv(source: number): Pending<unknown> {
    return this.post(source, undefined);
  }

  recvInto(target: TypedArray, source: number): Pending<void> {
    return this.post(source, target) as Pending<unknown> as Pending<void>;
  }

  /** "broadcast with root 2, collective 5 on world" */
  describe(): string {
    return `${describeSignature(this.signature)}, collective ${this.sequence} on ${this.scope.name}`;
  }

  /** The algorithm has failed: what it still waited for is of no use to anybody. */
  abandon(): void {
    this.engine.withdrawAll(this.scope.collectiveContext, this.sequence);
  }

  /** What remains to be seen of this call when the rank has ended. */
  endRecord(): WaitRecord {
    const { scope, sequence, signature } = this;
    return { text: `${this.describe()}, its last`, context: scope.collectiveContext, sequence, signature };
  }

  finishedWithout(verb: string, peer: number): TsmpiError {
    const { rank, scope } = this;
    const last = this.engine.records?.read(scope.toWorld(peer));
    if (last?.context === scope.collectiveContext && last.sequence === this.sequence) {
      if (last.signature !== this.signature) return this.mismatch(peer, last.signature);
    }
    return new PeerFinishedError(
      `rank ${rank} ${verb} ${this.describe()}, but rank ${peer} has finished without taking part in it`,
      { rank: scope.toWorld(rank), peer, communicator: scope.name },
    );
  }

  /** Another rank has called this collective under another name. */
  mismatch(peer: number, signature: number): TsmpiError {
    const { rank, scope } = this;
    return new CollectiveMismatchError(
      `rank ${rank} is in ${this.describe()}, but rank ${peer} called it as ${describeSignature(signature)}; ` +
        "all ranks of a communicator must call the same collectives in the same order, with the same root",
      { rank: scope.toWorld(rank), peer, communicator: scope.name },
    );
  }

  private post(source: number, target: TypedArray | undefined): CollectiveRecv {
    const request = new CollectiveRecv(this, this.scope.toWorld(source), target);
    this.engine.post(request);
    return request;
  }
}

class CollectiveRecv extends RecvRequest {
  private readonly call: CollectiveCall;

  constructor(call: CollectiveCall, source: number, target: TypedArray | undefined) {
    super(call.scope, call.scope.collectiveContext, source, call.sequence, target, target && dtypeOf(target));
    this.call = call;
  }

  override objection(
    source: number,
    _tag: number,
    extra: number,
    kind: number,
    total: number,
  ): TsmpiError | undefined {
    const { call, target } = this;
    const peer = this.scope.fromWorld(source);
    if (extra !== call.signature) {
      return call.mismatch(peer, extra);
    }
    if (target === undefined) return undefined;
    const dtype = this.targetDtype!;
    if (kind === dtype.code && total === target.length * dtype.bytes) return undefined;
    const came = kind === dtype.code ? `${total / dtype.bytes} elements` : describeKind(kind);
    const expected =
      kind === dtype.code ? `${target.length}` : `${withArticle(dtype.name)} of ${target.length}`;
    return new TypeMismatchError(
      `${call.describe()}: ${came} came from rank ${peer} where ${expected} belong`,
      {
        rank: this.scope.toWorld(call.rank),
        peer,
        communicator: this.scope.name,
      },
    );
  }

  override peerFinished(): TsmpiError {
    return this.call.finishedWithout("waits in", this.scope.fromWorld(this.source));
  }

  override wait(): WaitRecord {
    return {
      text: `${this.call.describe()}, for rank ${this.scope.fromWorld(this.source)}`,
      context: this.context,
      sequence: this.tag,
      signature: this.call.signature,
    };
  }
}
