/** A transport through the daemon of another host: tsmpirun's side of it. */
import { PassThrough, Readable, Writable } from "node:stream";
import type { Channel } from "./channel.ts";
import { FrameKind, type Order, type Report } from "./protocol.ts";
import type { Transport } from "./transport.ts";

export class Relay implements Transport {
  readonly input: Writable;
  readonly output: Readable = new Readable({ read: () => {} });
  readonly errors: PassThrough = new PassThrough();
  private readonly killAgent: () => void;
  private callback: ((how: string) => void) | undefined;
  private how: string | undefined;

  /** @param number tells the relays of one daemon apart */
  constructor(channel: Channel<Order, Report>, number: number, command: string[]) {
    channel.send({ kind: "relay", relay: number, command });
    this.input = new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        channel.sendBytes(FrameKind.relay, number, bytes);
        done();
      },
    });
    this.killAgent = () => channel.send({ kind: "relayEnd", relay: number });
  }

  /** The agent has printed something. */
  came(errors: boolean, bytes: Buffer): void {
    if (errors) this.errors.write(bytes);
    else this.output.push(bytes);
  }

  ended(how: string): void {
    if (this.how !== undefined) return;
    this.how = how;
    this.output.push(null);
    this.errors.end();
    this.callback?.(how);
  }

  onEnd(callback: (how: string) => void): void {
    this.callback = callback;
    if (this.how !== undefined) callback(this.how);
  }

  kill(): void {
    this.killAgent();
  }
}
