import { inspect } from "node:util";
import type { TypedArray } from "../codec/dtype.ts";
import type { AlltoallCounts } from "../collectives/alltoall.ts";
import * as algorithms from "../collectives/index.ts";
import { operations } from "../collectives/operations.ts";
import type { OperatorFor, Reduced } from "../collectives/operator.ts";
import { requireOptions, rootOf } from "../collectives/options.ts";
import { type ReductionOptions, withOptions } from "../collectives/reproducible.ts";
import type { Scattered } from "../collectives/scatter.ts";
import type { Status } from "../p2p/request.ts";
import { ANY } from "../p2p/scope.ts";
import * as begin from "./begin.ts";
import { BlockingCommunicator } from "./blocking.ts";
import { BoardCall } from "./board-call.ts";
import type { Begun } from "./collectives.ts";
import type {
  Core,
  CountsOptions,
  Exchange,
  RecvOptions,
  RootOptions,
  ScatterOptions,
  SendOptions,
  SendrecvOptions,
} from "./core.ts";
import { Message } from "./message.ts";
import { type ArrayType, shared } from "./shared.ts";
import { type Color, dup, type NameOptions, type SplitOptions, split } from "./split.ts";

/**
 * A group of ranks that talk to each other, apart from all other groups (MPI_Comm). Every operation returns a
 * promise; one that is not awaited yet is what MPI calls nonblocking. `sync` has the same operations, blocking.
 */
export class Communicator {
  /** The blocking twin, for tight loops: the same operations under the same names, which return outcomes. */
  readonly sync: BlockingCommunicator;
  private readonly core: Core;

  /** Programs get communicators from `world`, `split` and `dup`. */
  constructor(core: Core) {
    this.core = core;
    this.sync = new BlockingCommunicator(core);
  }

  /** Number of this process in the group, 0 .. size - 1. */
  get rank(): number {
    return this.core.scope.rank;
  }

  /** Number of processes in the group. */
  get size(): number {
    return this.core.scope.size;
  }

  /** Name for messages: "world", "host", or of whom it was made. */
  get name(): string {
    return this.core.scope.name;
  }

  /** "Communicator(world.split(1), rank 0 of 2)" */
  toString(): string {
    return `${this.constructor.name}(${this.name}, rank ${this.rank} of ${this.size})`;
  }

  /** As console.log shows it. */
  [inspect.custom](): string {
    return this.toString();
  }

  // Point to point.

  /**
   * Sends a value. The promise resolves when the caller may change it again: for an object at once (it has been
   * copied), for a typed array when all of it has been read, which for a long one takes the receiver. With
   * `synchronous` it resolves when the receiver has matched the message.
   *
   * Messages from one rank to another on one communicator match in the order sent. What is sent to `NONE` vanishes.
   * @throws {ArgumentError} dest or tag out of range
   * @throws {NotSendableError} the value holds what no other process can have, such as a function
   * @throws {PeerFinishedError} dest has finished and there is no room left for the message
   */
  send(value: unknown, dest: number, options?: SendOptions): Promise<void> {
    try {
      const request = this.core.send(value, dest, options, false);
      const { waiting } = this.core;
      return request === undefined ? waiting.completed(undefined) : waiting.promise(request, options?.signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Receives a value, by default from any rank and with any tag. From `NONE` comes undefined, at once.
   * @throws {PeerFinishedError} source has finished, and no matching message of its is left
   */
  recv<T = unknown>(source: number = ANY, options?: RecvOptions): Promise<T> {
    try {
      return this.core.waiting.promise(this.core.recv<T>(source, options, false), options?.signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Receives a typed array into `target`, which must have its element type and at least its length; elements beyond
   * the message stay as they are. Neither read nor change `target` before the promise resolves.
   * @throws {TruncationError} the message is longer than `target`; it is lost
   * @throws {TypeMismatchError} the message holds other elements, or no array; it is lost
   */
  recvInto(target: TypedArray, source: number = ANY, options?: RecvOptions): Promise<Status> {
    try {
      return this.core.waiting.promise(this.core.recvInto(target, source, options, false), options?.signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Sends a value and receives one, both at once, so that ranks which exchange values cannot block each other. */
  async sendrecv<T = unknown>(
    value: unknown,
    dest: number,
    source: number = ANY,
    options: SendrecvOptions = {},
  ): Promise<T> {
    return this.exchange(this.core.sendrecv<T>(value, dest, source, options, false), options.signal);
  }

  /** `sendrecv` of typed arrays; `target` must not share memory with `array`. */
  async sendrecvInto(
    target: TypedArray,
    array: TypedArray,
    dest: number,
    source: number = ANY,
    options: SendrecvOptions = {},
  ): Promise<Status> {
    return this.exchange(this.core.sendrecvInto(target, array, dest, source, options, false), options.signal);
  }

  private async exchange<T>(
    { incoming, outgoing }: Exchange<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { waiting } = this.core;
    const received = waiting.promise(incoming, signal);
    if (outgoing === undefined) return received;
    const [value] = await Promise.all([received, waiting.promise(outgoing, signal)]);
    return value;
  }

  /** Waits for a message and takes it out of matching; only the Message can then receive it. */
  async probe(source: number = ANY, options?: RecvOptions): Promise<Message> {
    const found = await this.core.waiting.promise(this.core.probe(source, options, false), options?.signal);
    return new Message(this.core, found);
  }

  /** The same without waiting: undefined when no such message has arrived. */
  poll(source: number = ANY, options?: RecvOptions): Message | undefined {
    const found = this.core.poll(source, options);
    return found && new Message(this.core, found);
  }

  /** Messages as they come, for ever: leave the loop with `break`, or end the wait with a signal. */
  async *messages(options: RecvOptions & { source?: number } = {}): AsyncGenerator<Message, never, void> {
    requireOptions("messages", options, "{ source: 1, tag: 7 }");
    const { source = ANY } = options;
    for (;;) yield await this.probe(source, options);
  }

  // Collectives. All ranks of the communicator must call the same ones in the same order.

  /** Resolves when all ranks have called it. */
  barrier(): Promise<void> {
    const { core } = this;
    let arrival: ReturnType<Core["arrive"]>;
    try {
      const begun = begin.barrier(core);
      if (begun !== undefined) return this.run(() => begun);
      arrival = core.arrive();
    } catch (error) {
      return Promise.reject(error);
    }
    if (arrival === undefined) return this.run(() => core.barrier());
    return arrival.pending === undefined
      ? core.waiting.completed(undefined)
      : core.waiting.promise(arrival.pending);
  }

  /** Returns root's value on every rank; the others' `value` is not looked at. */
  broadcast<T>(value: T | undefined, options?: RootOptions): Promise<T> {
    return this.run(() => begin.broadcast(this.core, value, rootOf("broadcast", options)));
  }

  /** Fills every rank's `target`, of one type and length everywhere, with root's. */
  broadcastInto(target: TypedArray, options?: RootOptions): Promise<void> {
    return this.run(() => begin.broadcastInto(this.core, target, rootOf("broadcastInto", options)));
  }

  /**
   * Gives each rank its part of what root has: of a typed array a block (as even as can be, or `counts` elements),
   * of a list of `size` items the item of its number.
   */
  scatter<P extends TypedArray | readonly unknown[]>(
    parts?: P,
    options?: ScatterOptions,
  ): Promise<Scattered<P>> {
    return this.run(() => {
      const root = rootOf("scatter", options);
      return algorithms.scatter(this.core.begin(operations.scatter, root), parts, root, options?.counts);
    });
  }

  /** Fills every rank's `target`, in rank order, from root's `array`, which is as long as all targets together. */
  scatterInto(target: TypedArray, array?: TypedArray, options?: RootOptions): Promise<void> {
    return this.run(() => begin.scatterInto(this.core, target, array, rootOf("scatterInto", options)));
  }

  /** The values of all ranks in rank order on root, undefined elsewhere. */
  gather<T>(value: T, options?: RootOptions): Promise<T[] | undefined> {
    return this.run(() => {
      const root = rootOf("gather", options);
      return algorithms.gather(this.core.begin(operations.gather, root), value, root);
    });
  }

  /** Fills root's `target` with the arrays of all ranks in rank order; their lengths may differ. */
  gatherInto(target: TypedArray | undefined, array: TypedArray, options?: RootOptions): Promise<void> {
    return this.run(() => begin.gatherInto(this.core, target, array, rootOf("gatherInto", options)));
  }

  /** The values of all ranks in rank order, on every rank. */
  allgather<T>(value: T): Promise<T[]> {
    return this.run(() => begin.allgather(this.core, value));
  }

  /** Fills every rank's `target` with the arrays of all ranks in rank order; their lengths may differ. */
  allgatherInto(target: TypedArray, array: TypedArray): Promise<void> {
    return this.run(() => begin.allgatherInto(this.core, target, array));
  }

  /** Gives item r of `parts` to rank r; returns what each rank had for this one. Items may be of any kind and length. */
  alltoall<T>(parts: readonly T[]): Promise<T[]> {
    return this.run(() => algorithms.alltoall(this.core.begin(operations.alltoall), parts));
  }

  /** Block r of `array` goes to rank r, block r of `target` comes from it. Blocks are equal unless counts are given. */
  alltoallInto(target: TypedArray, array: TypedArray, counts: AlltoallCounts = {}): Promise<void> {
    return this.run(() => begin.alltoallInto(this.core, target, array, counts));
  }

  /** The values of all ranks combined on root, undefined elsewhere. Typed arrays combine element by element. */
  reduce<T>(
    value: T,
    op: OperatorFor<T>,
    options?: RootOptions & ReductionOptions,
  ): Promise<Reduced<T> | undefined> {
    return this.run(() => {
      const root = rootOf("reduce", options);
      const by = withOptions("reduce", op, options);
      return begin.reduce(this.core, value, by, root);
    });
  }

  /** Fills root's `target`, which may be `array`, with the arrays of all ranks combined element by element. */
  reduceInto<A extends TypedArray>(
    target: A | undefined,
    array: A,
    op: OperatorFor<A>,
    options?: RootOptions & ReductionOptions,
  ): Promise<void> {
    return this.run(() => {
      const root = rootOf("reduceInto", options);
      const by = withOptions("reduceInto", op, options);
      return begin.reduceInto(this.core, target, array, by, root);
    });
  }

  /** The values of all ranks combined, the same bits on every rank. Typed arrays combine element by element. */
  allreduce<T>(value: T, op: OperatorFor<T>, options?: ReductionOptions): Promise<Reduced<T>> {
    return this.run(() => {
      const by = withOptions("allreduce", op, options);
      return begin.allreduce(this.core, value, by);
    });
  }

  /** Fills every rank's `target`, which may be `array`, with the arrays of all ranks combined element by element. */
  allreduceInto<A extends TypedArray>(
    target: A,
    array: A,
    op: OperatorFor<A>,
    options?: ReductionOptions,
  ): Promise<void> {
    return this.run(() => {
      const by = withOptions("allreduceInto", op, options);
      return begin.allreduceInto(this.core, target, array, by);
    });
  }

  /**
   * Each rank's block of the arrays of all ranks combined (as even as can be, or `counts` elements); of lists of
   * `size` items the item of its number.
   */
  reduceScatter<P extends TypedArray | readonly unknown[]>(
    parts: P,
    op: OperatorFor<Scattered<P>>,
    options: CountsOptions & ReductionOptions = {},
  ): Promise<Scattered<P>> {
    return this.run(() => {
      const by = withOptions("reduceScatter", op, options);
      const { counts } = options;
      return begin.reduceScatter(this.core, parts, by, counts);
    });
  }

  /** Fills every rank's `target` with its block of the arrays of all ranks combined. */
  reduceScatterInto<A extends TypedArray>(
    target: A,
    array: A,
    op: OperatorFor<A>,
    options: CountsOptions & ReductionOptions = {},
  ): Promise<void> {
    return this.run(() => {
      const by = withOptions("reduceScatterInto", op, options);
      const { counts } = options;
      return begin.reduceScatterInto(this.core, target, array, by, counts);
    });
  }

  /** The values of ranks 0 to this one combined. */
  scan<T>(value: T, op: OperatorFor<T>, options?: ReductionOptions): Promise<Reduced<T>> {
    return this.run(() => {
      const by = withOptions("scan", op, options);
      return begin.scan(this.core, value, by);
    });
  }

  /** Fills `target`, which may be `array`, with the arrays of ranks 0 to this one combined. */
  scanInto<A extends TypedArray>(
    target: A,
    array: A,
    op: OperatorFor<A>,
    options?: ReductionOptions,
  ): Promise<void> {
    return this.run(() => {
      const by = withOptions("scanInto", op, options);
      return begin.scanInto(this.core, target, array, by);
    });
  }

  /** The values of the ranks before this one combined; undefined on rank 0. */
  exscan<T>(value: T, op: OperatorFor<T>, options?: ReductionOptions): Promise<Reduced<T> | undefined> {
    return this.run(() => {
      const by = withOptions("exscan", op, options);
      return begin.exscan(this.core, value, by);
    });
  }

  /** Fills `target` with the arrays of the ranks before this one combined; rank 0's stays as it is. */
  exscanInto<A extends TypedArray>(
    target: A,
    array: A,
    op: OperatorFor<A>,
    options?: ReductionOptions,
  ): Promise<void> {
    return this.run(() => {
      const by = withOptions("exscanInto", op, options);
      return begin.exscanInto(this.core, target, array, by);
    });
  }

  /** Mistakes reject the promise, like everything else that goes wrong. */
  private run<T>(make: () => Begun<T>): Promise<T> {
    try {
      const begun = make();
      const { waiting, latest } = this.core;
      return begun instanceof BoardCall ? waiting.promiseOf<T>(begun) : waiting.run(begun, latest);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * An array of `length` zeros in memory that all ranks of this communicator share: what one writes the others read,
   * without a message. Collective; every rank gives the same type and length. Ranks must agree on who writes what
   * when: a barrier stands between a write and a read elsewhere, or both go by `Atomics`, which work on its integer
   * types. The memory has no name, and goes when no rank has the array any more.
   * @param type Float64Array or any other constructor of typed arrays
   * @throws {ArgumentError} bad type or length, other ones on another rank, or more than the memory of the machine
   * @throws {NotOneHostError} ranks on several hosts: take `world.host`, or a part of it
   */
  shared<C extends ArrayType>(type: C, length: number): Promise<InstanceType<C>> {
    return this.run(() => shared(this.core, type, length));
  }

  // Making communicators. Collective, too.

  /**
   * Divides the ranks: those that give the same color form a new communicator, ordered by `key` and then by rank
   * here. A rank that gives no color gets no communicator.
   */
  split(color: Color, options?: SplitOptions): Promise<Communicator>;
  split(color: Color | undefined, options?: SplitOptions): Promise<Communicator | undefined>;
  async split(color: Color | undefined, options: SplitOptions = {}): Promise<Communicator | undefined> {
    const core = await this.core.waiting.run(split(this.core, color, options));
    return core && new Communicator(core);
  }

  /** A communicator of the same ranks, whose messages never mix with those of this one: for use inside a library. */
  async dup(options: NameOptions = {}): Promise<Communicator> {
    return new Communicator(await this.core.waiting.run(dup(this.core, options)));
  }

  /** Gives back what a communicator made by `split` or `dup` holds. All ranks must call it; none can use it after. */
  free(): Promise<void> {
    return this.run(() => this.core.free());
  }

  /** The same at the end of a block with `await using`, but it does not wait for the other ranks. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.core.dispose();
  }
}
