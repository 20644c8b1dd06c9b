import { inspect } from "node:util";
import type { TypedArray } from "../codec/dtype.ts";
import type { AlltoallCounts } from "../collectives/alltoall.ts";
import * as algorithms from "../collectives/index.ts";
import { operations } from "../collectives/operations.ts";
import type { OperatorFor, Reduced } from "../collectives/operator.ts";
import { rootOf } from "../collectives/options.ts";
import { type ReductionOptions, withOptions } from "../collectives/reproducible.ts";
import type { Scattered } from "../collectives/scatter.ts";
import type { Status } from "../p2p/request.ts";
import { ANY } from "../p2p/scope.ts";
import * as begin from "./begin.ts";
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
import { BlockingMessage } from "./message.ts";
import { type ArrayType, shared } from "./shared.ts";
import { type Color, dup, type NameOptions, type SplitOptions, split } from "./split.ts";

type Unbounded<T> = Omit<T, "signal">;

/**
 * The blocking twin of a Communicator. Each operation is the one of the same name there, and blocks the thread
 * until it is done: no timers, no events and no promises run meanwhile.
 */
export class BlockingCommunicator {
  private readonly core: Core;

  constructor(core: Core) {
    this.core = core;
  }

  get rank(): number {
    return this.core.scope.rank;
  }

  get size(): number {
    return this.core.scope.size;
  }

  get name(): string {
    return this.core.scope.name;
  }

  /** "BlockingCommunicator(world, rank 0 of 2)" */
  toString(): string {
    return `BlockingCommunicator(${this.name}, rank ${this.rank} of ${this.size})`;
  }

  /** As console.log shows it. */
  [inspect.custom](): string {
    return this.toString();
  }

  send(value: unknown, dest: number, options?: Unbounded<SendOptions>): void {
    const request = this.core.send(value, dest, options, true);
    if (request !== undefined) this.core.waiting.block(request);
  }

  recv<T = unknown>(source: number = ANY, options?: Unbounded<RecvOptions>): T {
    return this.core.waiting.block(this.core.recv<T>(source, options, true));
  }

  recvInto(target: TypedArray, source: number = ANY, options?: Unbounded<RecvOptions>): Status {
    return this.core.waiting.block(this.core.recvInto(target, source, options, true));
  }

  sendrecv<T = unknown>(
    value: unknown,
    dest: number,
    source: number = ANY,
    options: Unbounded<SendrecvOptions> = {},
  ): T {
    return this.exchange(this.core.sendrecv<T>(value, dest, source, options, true));
  }

  sendrecvInto(
    target: TypedArray,
    array: TypedArray,
    dest: number,
    source: number = ANY,
    options: Unbounded<SendrecvOptions> = {},
  ): Status {
    return this.exchange(this.core.sendrecvInto(target, array, dest, source, options, true));
  }

  private exchange<T>({ incoming, outgoing }: Exchange<T>): T {
    const { waiting } = this.core;
    if (outgoing !== undefined) waiting.block(outgoing);
    return waiting.block(incoming);
  }

  probe(source: number = ANY, options?: Unbounded<RecvOptions>): BlockingMessage {
    return new BlockingMessage(this.core, this.core.waiting.block(this.core.probe(source, options, true)));
  }

  poll(source: number = ANY, options?: Unbounded<RecvOptions>): BlockingMessage | undefined {
    const found = this.core.poll(source, options);
    return found && new BlockingMessage(this.core, found);
  }

  barrier(): void {
    const { core } = this;
    const begun = begin.barrier(core);
    if (begun !== undefined) {
      this.run(begun);
      return;
    }
    const arrival = core.arrive();
    if (arrival === undefined) core.waiting.runBlocking(core.barrier());
    else if (arrival.pending !== undefined) core.waiting.block(arrival.pending);
  }

  broadcast<T>(value: T | undefined, options?: RootOptions): T {
    return this.run(begin.broadcast(this.core, value, rootOf("broadcast", options)));
  }

  broadcastInto(target: TypedArray, options?: RootOptions): void {
    this.run(begin.broadcastInto(this.core, target, rootOf("broadcastInto", options)));
  }

  scatter<P extends TypedArray | readonly unknown[]>(parts?: P, options?: ScatterOptions): Scattered<P> {
    const root = rootOf("scatter", options);
    return this.run(
      algorithms.scatter(this.core.begin(operations.scatter, root), parts, root, options?.counts),
    );
  }

  scatterInto(target: TypedArray, array?: TypedArray, options?: RootOptions): void {
    this.run(begin.scatterInto(this.core, target, array, rootOf("scatterInto", options)));
  }

  gather<T>(value: T, options?: RootOptions): T[] | undefined {
    const root = rootOf("gather", options);
    return this.run(algorithms.gather(this.core.begin(operations.gather, root), value, root));
  }

  gatherInto(target: TypedArray | undefined, array: TypedArray, options?: RootOptions): void {
    this.run(begin.gatherInto(this.core, target, array, rootOf("gatherInto", options)));
  }

  allgather<T>(value: T): T[] {
    return this.run(begin.allgather(this.core, value));
  }

  allgatherInto(target: TypedArray, array: TypedArray): void {
    this.run(begin.allgatherInto(this.core, target, array));
  }

  alltoall<T>(parts: readonly T[]): T[] {
    return this.run(algorithms.alltoall(this.core.begin(operations.alltoall), parts));
  }

  alltoallInto(target: TypedArray, array: TypedArray, counts: AlltoallCounts = {}): void {
    this.run(begin.alltoallInto(this.core, target, array, counts));
  }

  reduce<T>(value: T, op: OperatorFor<T>, options?: RootOptions & ReductionOptions): Reduced<T> | undefined {
    const root = rootOf("reduce", options);
    const by = withOptions("reduce", op, options);
    return this.run(begin.reduce(this.core, value, by, root));
  }

  reduceInto<A extends TypedArray>(
    target: A | undefined,
    array: A,
    op: OperatorFor<A>,
    options?: RootOptions & ReductionOptions,
  ): void {
    const root = rootOf("reduceInto", options);
    const by = withOptions("reduceInto", op, options);
    this.run(begin.reduceInto(this.core, target, array, by, root));
  }

  allreduce<T>(value: T, op: OperatorFor<T>, options?: ReductionOptions): Reduced<T> {
    const by = withOptions("allreduce", op, options);
    return this.run(begin.allreduce(this.core, value, by));
  }

  allreduceInto<A extends TypedArray>(
    target: A,
    array: A,
    op: OperatorFor<A>,
    options?: ReductionOptions,
  ): void {
    const by = withOptions("allreduceInto", op, options);
    this.run(begin.allreduceInto(this.core, target, array, by));
  }

  reduceScatter<P extends TypedArray | readonly unknown[]>(
    parts: P,
    op: OperatorFor<Scattered<P>>,
    options: CountsOptions & ReductionOptions = {},
  ): Scattered<P> {
    const by = withOptions("reduceScatter", op, options);
    const { counts } = options;
    return this.run(begin.reduceScatter(this.core, parts, by, counts));
  }

  reduceScatterInto<A extends TypedArray>(
    target: A,
    array: A,
    op: OperatorFor<A>,
    options: CountsOptions & ReductionOptions = {},
  ): void {
    const by = withOptions("reduceScatterInto", op, options);
    const { counts } = options;
    this.run(begin.reduceScatterInto(this.core, target, array, by, counts));
  }

  scan<T>(value: T, op: OperatorFor<T>, options?: ReductionOptions): Reduced<T> {
    const by = withOptions("scan", op, options);
    return this.run(begin.scan(this.core, value, by));
  }

  scanInto<A extends TypedArray>(target: A, array: A, op: OperatorFor<A>, options?: ReductionOptions): void {
    const by = withOptions("scanInto", op, options);
    this.run(begin.scanInto(this.core, target, array, by));
  }

  exscan<T>(value: T, op: OperatorFor<T>, options?: ReductionOptions): Reduced<T> | undefined {
    const by = withOptions("exscan", op, options);
    return this.run(begin.exscan(this.core, value, by));
  }

  exscanInto<A extends TypedArray>(
    target: A,
    array: A,
    op: OperatorFor<A>,
    options?: ReductionOptions,
  ): void {
    const by = withOptions("exscanInto", op, options);
    this.run(begin.exscanInto(this.core, target, array, by));
  }

  shared<C extends ArrayType>(type: C, length: number): InstanceType<C> {
    return this.run(shared(this.core, type, length));
  }

  private run<T>(begun: Begun<T>): T {
    const { waiting, latest } = this.core;
    if (!(begun instanceof BoardCall)) return waiting.runBlocking(begun, latest);
    waiting.blockOn(begun);
    return begun.result() as T;
  }

  split(color: Color, options?: SplitOptions): BlockingCommunicator;
  split(color: Color | undefined, options?: SplitOptions): BlockingCommunicator | undefined;
  split(color: Color | undefined, options: SplitOptions = {}): BlockingCommunicator | undefined {
    const core = this.run(split(this.core, color, options));
    return core && new BlockingCommunicator(core);
  }

  dup(options: NameOptions = {}): BlockingCommunicator {
    return new BlockingCommunicator(this.run(dup(this.core, options)));
  }

  free(): void {
    this.run(this.core.free());
  }

  [Symbol.dispose](): void {
    this.core.dispose();
  }
}
