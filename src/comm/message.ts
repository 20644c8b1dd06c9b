import { inspect } from "node:util";
import type { TypedArray } from "../codec/dtype.ts";
import { ArgumentError } from "../errors.ts";
import type { RecvRequest, Status } from "../p2p/request.ts";
import type { Unexpected } from "../p2p/unexpected.ts";
import type { Core } from "./core.ts";

/**
 * A message that a probe has found and taken out of matching: whatever other receives are posted, only this object
 * can receive it (MPI_Mprobe).
 */
abstract class ProbedMessage {
  /** Rank of the sender, in the communicator. */
  readonly source: number;
  readonly tag: number;
  /** Bytes of the message, as encoded. */
  readonly bytes: number;
  protected readonly core: Core;
  private message: Unexpected | undefined;

  constructor(core: Core, message: Unexpected) {
    this.core = core;
    this.message = message;
    this.source = core.scope.fromWorld(message.source);
    this.tag = message.tag;
    this.bytes = message.total;
  }

  /** "Message(from rank 1, tag 3, 24 bytes)" */
  toString(): string {
    return `${this.constructor.name}(from rank ${this.source}, tag ${this.tag}, ${this.bytes} bytes)`;
  }

  /** As console.log shows it. */
  [inspect.custom](): string {
    return this.toString();
  }

  protected take<T>(target?: TypedArray): RecvRequest<T> {
    const { message } = this;
    if (message === undefined) {
      throw new ArgumentError(
        `this message from rank ${this.source}, tag ${this.tag}, has been received already.`,
      );
    }
    const request = this.core.take<T>(message, target);
    this.message = undefined;
    return request;
  }
}

export class Message extends ProbedMessage {
  /** The value sent. */
  async recv<T = unknown>(): Promise<T> {
    return this.core.waiting.promise(this.take<T>());
  }

  /** Puts the elements sent into `target`, which must have their type and room for all of them. */
  async recvInto(target: TypedArray): Promise<Status> {
    return this.core.waiting.promise(this.take<Status>(target));
  }
}

/** The same for `comm.sync`. */
export class BlockingMessage extends ProbedMessage {
  recv<T = unknown>(): T {
    return this.core.waiting.block(this.take<T>());
  }

  recvInto(target: TypedArray): Status {
    return this.core.waiting.block(this.take<Status>(target));
  }
}
