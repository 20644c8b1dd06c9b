import type { TypedArray } from "../codec/dtype.ts";
import type { Status } from "../p2p/request.ts";
import { ANY } from "../p2p/scope.ts";
import type { Core, RecvOptions, SendOptions, SendrecvOptions } from "./core.ts";
import { BlockingMessage } from "./message.ts";

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

  send(value: unknown, dest: number, options?: Unbounded<SendOptions>): void {
    const request = this.core.send(value, dest, options);
    if (request !== undefined) this.core.waiting.block(request);
  }

  recv<T = unknown>(source: number = ANY, options?: Unbounded<RecvOptions>): T {
    return this.core.waiting.block(this.core.recv<T>(source, options));
  }

  recvInto(target: TypedArray, source: number = ANY, options?: Unbounded<RecvOptions>): Status {
    return this.core.waiting.block(this.core.recvInto(target, source, options));
  }

  sendrecv<T = unknown>(
    value: unknown,
    dest: number,
    source: number = ANY,
    options: Unbounded<SendrecvOptions> = {},
  ): T {
    const { tag, sendTag = tag, recvTag = tag } = options;
    const incoming = this.core.recv<T>(source, { tag: recvTag });
    this.send(value, dest, { tag: sendTag });
    return this.core.waiting.block(incoming);
  }

  sendrecvInto(
    target: TypedArray,
    array: TypedArray,
    dest: number,
    source: number = ANY,
    options: Unbounded<SendrecvOptions> = {},
  ): Status {
    const { tag, sendTag = tag, recvTag = tag } = options;
    const incoming = this.core.recvInto(target, source, { tag: recvTag });
    this.send(array, dest, { tag: sendTag });
    return this.core.waiting.block(incoming);
  }

  probe(source: number = ANY, options?: Unbounded<RecvOptions>): BlockingMessage {
    return new BlockingMessage(this.core, this.core.waiting.block(this.core.probe(source, options)));
  }

  poll(source: number = ANY, options?: Unbounded<RecvOptions>): BlockingMessage | undefined {
    const found = this.core.poll(source, options);
    return found && new BlockingMessage(this.core, found);
  }

  barrier(): void {
    this.core.waiting.runBlocking(this.core.barrier());
  }
}
