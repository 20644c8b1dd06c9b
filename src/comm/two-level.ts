/**
 * Collectives of a communicator whose ranks are on several hosts, some of them together: the ranks of each host do their
 * part on a communicator of their own, with a board, and the algorithms of `collectives/two-level` say what goes between
 * hosts.
 */
import type { TypedArray } from "../codec/dtype.ts";
import type { Algorithm } from "../collectives/context.ts";
import * as algorithms from "../collectives/index.ts";
import { type OperationName, operations } from "../collectives/operations.ts";
import type { OperatorFor, Reduced } from "../collectives/operator.ts";
import { type HostPart, Levels } from "../collectives/two-level/levels.ts";
import type { Placement } from "../collectives/two-level/placement.ts";
import { Request } from "../p2p/request.ts";
import { Scope } from "../p2p/scope.ts";
import type { WaitRecord } from "../transport/wait-record.ts";
import { BoardCall } from "./board-call.ts";
import type { CollectiveCall } from "./collective-call.ts";
import * as flat from "./collectives.ts";
import { Core } from "./core.ts";
import { type Identity, takeIdentity } from "./identity.ts";

export class TwoLevel {
  private readonly core: Core;
  private readonly placement: Placement;
  /** Made by the first call. */
  private part: Part | undefined = undefined;
  /** The call begun last. */
  private last: Turn | undefined = undefined;

  private constructor(core: Core, placement: Placement) {
    this.core = core;
    this.placement = placement;
  }

  /** That of a communicator, made by the first call. */
  static of(core: Core, placement: Placement): TwoLevel {
    const made = (core.twoLevel as TwoLevel | undefined) ?? new TwoLevel(core, placement);
    core.twoLevel = made;
    return made;
  }

  /** Whether a call of this rank is under way. */
  get isBusy(): boolean {
    return this.last !== undefined && !this.last.done;
  }

  /**
   * Begins a call. Calls take turns, in the order in which they begin, so that the steps within a host come in one
   * order on all of its ranks.
   * @param make the algorithm
   */
  begin<T>(
    operation: OperationName,
    make: (levels: Levels) => Algorithm<T>,
    root = 0,
    op?: unknown,
  ): Algorithm<T> {
    const call = this.core.begin(operations[operation], root, op);
    const turn = new Turn(this.last, call);
    this.last = turn;
    return this.run(turn, call, operation, make);
  }

  private *run<T>(
    turn: Turn,
    call: CollectiveCall,
    operation: OperationName,
    make: (levels: Levels) => Algorithm<T>,
  ): Algorithm<T> {
    const { before } = turn;
    turn.before = undefined;
    try {
      if (before !== undefined && !before.done) yield before;
      this.part ??= yield* this.meet(call);
      this.part.core.signature = call.signature;
      return yield* make(new Levels(operation, call, this.placement, this.part));
    } finally {
      this.core.engine.settled(turn);
    }
  }

  /** The ranks of this host get a communicator: the first takes its numbers and tells the others. */
  private *meet(call: CollectiveCall): Algorithm<Part> {
    const { scope, engine, waiting } = this.core;
    const ranks = this.placement.hosts[this.placement.hostOf[scope.rank]];
    let identity: Identity;
    if (scope.rank === ranks[0]) {
      identity = takeIdentity(engine);
      for (const rank of ranks.slice(1)) {
        const sent = call.send(identity, rank);
        if (!sent.done) yield sent;
        sent.result();
      }
    } else {
      const arrival = call.recv(ranks[0]);
      if (!arrival.done) yield arrival;
      identity = arrival.result() as Identity;
    }
    const members = ranks.map(rank => scope.toWorld(rank));
    const name = `${scope.name}, among its ranks on one host`;
    const own = new Scope(name, identity.id, ranks.indexOf(scope.rank), ranks.length, members);
    return new Part(new Core(engine, waiting, own, identity.slot));
  }

  /** Gives back what the ranks of this host hold; all have come to the end of all calls. */
  release(): void {
    this.part?.core.release();
  }
}

/** A call's turn: done when the call is. */
class Turn extends Request<void> {
  /** The call before it. */
  before: Turn | undefined;
  private readonly call: CollectiveCall;

  constructor(before: Turn | undefined, call: CollectiveCall) {
    super();
    this.before = before;
    this.call = call;
  }

  override get collective(): boolean {
    return true;
  }

  wait(): WaitRecord {
    return this.call.endRecord();
  }
}

/** The collectives of the ranks of this host, on their board or by messages. */
class Part implements HostPart {
  readonly core: Core;
  readonly rank: number;
  readonly size: number;

  constructor(core: Core) {
    this.core = core;
    this.rank = core.scope.rank;
    this.size = core.size;
  }

  /** From its begin to its end. */
  private *run<T>(begin: () => flat.Begun<T>): Algorithm<T> {
    const begun = begin();
    if (begun instanceof BoardCall) {
      yield begun;
      return begun.result() as T;
    }
    const { latest } = this.core;
    try {
      return yield* begun;
    } catch (error) {
      latest?.abandon();
      throw error;
    }
  }

  barrier(): Algorithm<void> {
    return this.run(() => this.core.barrier());
  }

  broadcast<T>(value: T | undefined, root: number): Algorithm<T> {
    return this.run(() => algorithms.broadcast(this.core.begin(operations.broadcast, root), value, root));
  }

  broadcastInto(target: TypedArray, root: number): Algorithm<void> {
    return this.run(() => flat.broadcastInto(this.core, target, root));
  }

  scatterInto(target: TypedArray, array: TypedArray | undefined, root: number): Algorithm<void> {
    return this.run(() => flat.scatterInto(this.core, target, array, root));
  }

  gather<T>(value: T, root: number): Algorithm<T[] | undefined> {
    return this.run(() => algorithms.gather(this.core.begin(operations.gather, root), value, root));
  }

  gatherInto(target: TypedArray | undefined, array: TypedArray, root: number): Algorithm<void> {
    return this.run(() => flat.gatherInto(this.core, target, array, root));
  }

  allgatherInto(target: TypedArray, array: TypedArray): Algorithm<void> {
    return this.run(() => flat.allgatherInto(this.core, target, array));
  }

  reduce<T>(value: T, op: OperatorFor<T>, root: number): Algorithm<Reduced<T> | undefined> {
    return this.run(() => flat.reduce(this.core, value, op, root));
  }

  reduceInto<A extends TypedArray>(
    target: A | undefined,
    array: A,
    op: OperatorFor<A>,
    root: number,
  ): Algorithm<void> {
    return this.run(() => flat.reduceInto(this.core, target, array, op, root));
  }

  reduceScatterInto<A extends TypedArray>(
    target: A,
    array: A,
    op: OperatorFor<A>,
    counts: readonly number[],
  ): Algorithm<void> {
    return this.run(() => flat.reduceScatterInto(this.core, target, array, op, counts));
  }

  scan<T>(value: T, op: OperatorFor<T>): Algorithm<Reduced<T>> {
    return this.run(() => flat.scan(this.core, value, op));
  }

  scanInto<A extends TypedArray>(target: A, array: A, op: OperatorFor<A>): Algorithm<void> {
    return this.run(() => flat.scanInto(this.core, target, array, op));
  }

  exscan<T>(value: T, op: OperatorFor<T>): Algorithm<Reduced<T> | undefined> {
    return this.run(() => flat.exscan(this.core, value, op));
  }

  exscanInto<A extends TypedArray>(target: A, array: A, op: OperatorFor<A>): Algorithm<void> {
    return this.run(() => flat.exscanInto(this.core, target, array, op));
  }
}
