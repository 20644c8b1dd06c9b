import type { TypedArray } from "../../codec/dtype.ts";
import { TsmpiError } from "../../errors.ts";
import { evenCounts } from "../blocks.ts";
import { hasBlocks, limits } from "../choice.ts";
import type { Algorithm, CollectiveContext, Pending } from "../context.ts";
import type { OperationName } from "../operations.ts";
import type { OperatorFor, Reduced } from "../operator.ts";
import type { Placement } from "./placement.ts";

/**
 * Collectives of the ranks that share a host, who are numbered in the order that they have in the communicator. However
 * they are done, one call ends before the next begins.
 */
export interface HostPart {
  readonly rank: number;
  readonly size: number;
  barrier(): Algorithm<void>;
  broadcast<T>(value: T | undefined, root: number): Algorithm<T>;
  broadcastInto(target: TypedArray, root: number): Algorithm<void>;
  scatterInto(target: TypedArray, array: TypedArray | undefined, root: number): Algorithm<void>;
  gather<T>(value: T, root: number): Algorithm<T[] | undefined>;
  gatherInto(target: TypedArray | undefined, array: TypedArray, root: number): Algorithm<void>;
  allgatherInto(target: TypedArray, array: TypedArray): Algorithm<void>;
  reduce<T>(value: T, op: OperatorFor<T>, root: number): Algorithm<Reduced<T> | undefined>;
  reduceInto<A extends TypedArray>(
    target: A | undefined,
    array: A,
    op: OperatorFor<A>,
    root: number,
  ): Algorithm<void>;
  reduceScatterInto<A extends TypedArray>(
    target: A,
    array: A,
    op: OperatorFor<A>,
    counts: readonly number[],
  ): Algorithm<void>;
  scan<T>(value: T, op: OperatorFor<T>): Algorithm<Reduced<T>>;
  scanInto<A extends TypedArray>(target: A, array: A, op: OperatorFor<A>): Algorithm<void>;
  exscan<T>(value: T, op: OperatorFor<T>): Algorithm<Reduced<T> | undefined>;
  exscanInto<A extends TypedArray>(target: A, array: A, op: OperatorFor<A>): Algorithm<void>;
}

/**
 * What a collective call in two levels goes by: first among the ranks of each host, then between hosts, by one rank of
 * each [Kielmann et al., "MagPIe", 1999; Karonis et al., "Exploiting hierarchy in parallel computer networks", 2000] or,
 * with long arrays, by several that have a part each [Bayatpour et al., "Scalable reduction collectives with data
 * partitioning-based multi-leader design", 2017], then within hosts again. So every byte crosses to a host once.
 */
export class Levels {
  /** The call, for messages. */
  readonly operation: OperationName;
  readonly context: CollectiveContext;
  readonly placement: Placement;
  readonly part: HostPart;
  /** Number of this rank's host, and its ranks. */
  readonly host: number;
  readonly ranks: readonly number[];

  constructor(operation: OperationName, context: CollectiveContext, placement: Placement, part: HostPart) {
    this.operation = operation;
    this.context = context;
    this.placement = placement;
    this.part = part;
    this.host = placement.hostOf[context.rank];
    this.ranks = placement.hosts[this.host];
  }

  /** The ranks numbered `lane` on their hosts, in the order of hosts. For these ranks. */
  lane(lane: number): Among {
    return this.among(ranks => ranks[lane]);
  }

  /** The last ranks of all hosts. For these ranks. */
  get tails(): Among {
    return this.among(ranks => ranks[ranks.length - 1]);
  }

  /** The heads of all hosts. For these ranks. */
  heads(root: number): Among {
    return this.among((_, host) => this.headOf(host, root));
  }

  private among(choose: (ranks: readonly number[], host: number) => number): Among {
    return new Among(this.context, this.placement.hosts.map(choose));
  }

  /** The rank that speaks for a host: root for its own, the first of any other. */
  headOf(host: number, root: number): number {
    return this.placement.hostOf[root] === host ? root : this.placement.hosts[host][0];
  }

  /**
   * How many elements of an array each rank of this host has to do with between hosts: a short one is the first
   * rank's, a long one is cut evenly for as many ranks as every host has. Alike on all hosts but for zeros at the end.
   */
  sharesOf(array: TypedArray, grain: number): number[] {
    const { fewest } = this.placement;
    const cut = array.byteLength >= limits.shared && hasBlocks(array.length, fewest);
    const counts = evenCounts(array.length / grain, cut ? fewest : 1);
    return this.ranks.map((_, index) => (counts[index] ?? 0) * grain);
  }

  /** A step among the ranks of this host. */
  within<T>(step: Algorithm<T>): Algorithm<T> {
    return this.step(this.ranks, step);
  }

  /** A step between hosts. */
  between<T>({ members }: Among, step: Algorithm<T>): Algorithm<T> {
    return this.step(members, step);
  }

  /** What goes wrong in a step says whom it means by its numbers. */
  private *step<T>(ranks: readonly number[], step: Algorithm<T>): Algorithm<T> {
    try {
      return yield* step;
    } catch (error) {
      // An error that names a communicator counts as that does.
      if (error instanceof TsmpiError && error.communicator === undefined && error.peer !== undefined) {
        const { peer } = error;
        error.message +=
          ` (in a step of ${this.operation} among ranks ${ranks.join(", ")}, of which number ${peer} is ` +
          `rank ${ranks[peer]})`;
      }
      throw error;
    }
  }

  /**
   * Gives the value of a rank of this host to the others there.
   * @param isNumber whether all of them know that it is a number
   */
  *share<T>(value: T | undefined, root: number, isNumber: boolean): Algorithm<T> {
    if (!isNumber) return yield* this.within(this.part.broadcast(value, root));
    // As an array it needs no encoding, and may go by shared memory.
    const held = Float64Array.of(this.part.rank === root ? (value as number) : 0);
    yield* this.within(this.part.broadcastInto(held, root));
    return held[0] as T;
  }
}

/** Some of the ranks of a context, numbered anew. */
export class Among implements CollectiveContext {
  readonly members: readonly number[];
  readonly rank: number;
  readonly size: number;
  readonly crowded: boolean;
  private readonly context: CollectiveContext;

  constructor(context: CollectiveContext, members: readonly number[]) {
    this.context = context;
    this.members = members;
    this.rank = members.indexOf(context.rank);
    this.size = members.length;
    this.crowded = context.crowded;
  }

  send(value: unknown, dest: number): Pending<void> {
    return this.context.send(value, this.members[dest]);
  }

  recv(source: number): Pending<unknown> {
    return this.context.recv(this.members[source]);
  }

  recvInto(target: TypedArray, source: number): Pending<void> {
    return this.context.recvInto(target, this.members[source]);
  }
}
