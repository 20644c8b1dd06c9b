/**
 * Who may connect. CURVE alone lets in everybody who has the server's key, which is not secret; ZeroMQ asks this
 * handler about each client (ZAP, rfc.zeromq.org/spec/27), and it knows the keys of the job's hosts.
 */
import type { Context, Reply } from "zeromq";

// As in zeromq-wire.ts.
const zeromq = await import("zeromq");

const ADDRESS = "inproc://zeromq.zap.01";
const VERSION = "1.0";

export class Doorkeeper {
  private readonly socket: Reply;
  private keys: readonly Uint8Array[] = [];
  /** Whoever comes before the keys are known waits here. */
  private readonly known: Promise<void>;
  private tell: () => void = () => {};

  constructor(context: Context) {
    this.socket = new zeromq.Reply({ context, linger: 0 });
    this.known = new Promise(resolve => {
      this.tell = resolve;
    });
  }

  async start(): Promise<void> {
    await this.socket.bind(ADDRESS);
    void this.answer();
  }

  admit(keys: readonly Uint8Array[]): void {
    this.keys = keys;
    this.tell();
  }

  close(): void {
    this.socket.close();
  }

  private async answer(): Promise<void> {
    try {
      while (!this.socket.closed) {
        const [, request, , , , mechanism, key] = await this.socket.receive();
        await this.known;
        const admitted = mechanism?.toString() === "CURVE" && this.keys.some(known => key?.equals(known));
        const status = admitted ? ["200", "OK"] : ["400", "no host of this job"];
        await this.socket.send([VERSION, request, ...status, "", ""]);
      }
    } catch (error) {
      // Closing refuses what waits.
      if (!this.socket.closed) throw error;
    }
  }
}
