import type { TypedArray } from "../codec/dtype.ts";
import type { Status } from "../p2p/request.ts";
import { ANY } from "../p2p/scope.ts";
import { BlockingCommunicator } from "./blocking.ts";
import { Core, type RecvOptions, type SendOptions, type SendrecvOptions } from "./core.ts";
import { Message } from "./message.ts";

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

  // Point to point.

  /**
   * Sends a value. The promise resolves when the caller may change it again: for an object at once (it has been
   * copied), for a typed array when all of it has been read, which for a long one takes the receiver. With
   * `synchronous` it resolves when the receiver has matched the message.
   *
   * Messages from one rank to another on one communicator match in the order sent.
   * @throws {ArgumentError} dest or tag out of range
   * @throws {NotSendableError} the value holds what no other process can have, such as a function
   * @throws {PeerFinishedError} dest has finished and there is no room left for the message
   */
  send(value: unknown, dest: number, options?: SendOptions): Promise<void> {
    try {
      const request = this.core.send(value, dest, options);
      const { waiting } = this.core;
      return request === undefined ? waiting.resolvedSend() : waiting.promise(request, options?.signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Receives a value, by default from any rank and with any tag.
   * @throws {PeerFinishedError} source has finished, and no matching message of its is left
   */
  recv<T = unknown>(source: number = ANY, options?: RecvOptions): Promise<T> {
    try {
      return this.core.waiting.promise(this.core.recv<T>(source, options), options?.signal);
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
      return this.core.waiting.promise(this.core.recvInto(target, source, options), options?.signal);
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
    const { tag, sendTag = tag, recvTag = tag, signal } = options;
    const incoming = this.recv<T>(source, { tag: recvTag, signal });
    const [received] = await Promise.all([incoming, this.send(value, dest, { tag: sendTag, signal })]);
    return received;
  }

  /** `sendrecv` of typed arrays; `target` must not share memory with `array`. */
  async sendrecvInto(
    target: TypedArray,
    array: TypedArray,
    dest: number,
    source: number = ANY,
    options: SendrecvOptions = {},
  ): Promise<Status> {
    const { tag, sendTag = tag, recvTag = tag, signal } = options;
    const incoming = this.recvInto(target, source, { tag: recvTag, signal });
    const [status] = await Promise.all([incoming, this.send(array, dest, { tag: sendTag, signal })]);
    return status;
  }

  /** Waits for a message and takes it out of matching; only the Message can then receive it. */
  async probe(source: number = ANY, options?: RecvOptions): Promise<Message> {
    const found = await this.core.waiting.promise(this.core.probe(source, options), options?.signal);
    return new Message(this.core, found);
  }

  /** The same without waiting: undefined when no such message has arrived. */
  poll(source: number = ANY, options?: RecvOptions): Message | undefined {
    const found = this.core.poll(source, options);
    return found && new Message(this.core, found);
  }

  /** Messages as they come, for ever: leave the loop with `break`, or end the wait with a signal. */
  async *messages(options: RecvOptions & { source?: number } = {}): AsyncGenerator<Message, never, void> {
    const { source = ANY } = options;
    for (;;) yield await this.probe(source, options);
  }

  // Collectives. All ranks of the communicator must call the same ones in the same order.

  /** Resolves when all ranks have called it. */
  barrier(): Promise<void> {
    return this.core.waiting.run(this.core.barrier());
  }
}
