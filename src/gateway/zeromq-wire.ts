/**
 * Frames on ZeroMQ with CURVE: encrypted, and both sides authenticated by keys made for the job. A host listens with
 * one PULL socket and has a PUSH socket for each connection it opens.
 *
 * ZeroMQ would connect again by itself, without saying what it has lost; so it is told not to, and the link opens a new
 * connection. Its queues count messages, not bytes, so they are kept short. A message longer than 128 bytes is not
 * copied when it is sent, so frames must stay as they are until they have been acknowledged.
 */
import type { BoxKeyPair } from "tweetnacl";
import type { Context, Pull, Push } from "zeromq";
import {
  type Connection,
  type ConnectionEvents,
  endpointOf,
  MAX_FRAME,
  parseEndpoint,
  type Wire,
  type WireCard,
} from "./wire.ts";
import { encodeZ85 } from "./z85.ts";
import { Doorkeeper } from "./zap.ts";

// Loaded here and not above: an import of a package would stand at the top of the bundle, and whatever the tools are run for,
// a daemon or a doctor on a host where it does not load, would load it.
const { default: nacl } = await import("tweetnacl");
const zeromq = await import("zeromq");

/** Messages that ZeroMQ may hold for one connection. */
const QUEUE = 16;
/** ZeroMQ's own limit is 1023, and a connection with its events takes three: this is enough for 5000 hosts. */
const MOST_SOCKETS = 16 * 1024;
/** Milliseconds within which a stranger must have shown its key. */
const HANDSHAKE_MS = 10_000;

/** Within a host there may be addresses of ZeroMQ's own kind. */
const IPC = "ipc://";

function addressOf(endpoint: string): string {
  return endpoint.startsWith(IPC) ? endpoint : `tcp://${endpoint}`;
}

class ZeromqConnection implements Connection {
  private readonly socket: Push;
  private readonly events: ConnectionEvents;
  private readonly queue: Uint8Array[] = [];
  private sending = false;
  private closed = false;
  backlog = 0;
  /** Resolves when nothing of the socket is left. */
  readonly gone: Promise<void>;

  constructor(
    context: Context,
    endpoint: string,
    card: WireCard,
    keys: BoxKeyPair,
    events: ConnectionEvents,
  ) {
    this.events = events;
    this.socket = new zeromq.Push({
      context,
      linger: 0,
      immediate: true,
      sendHighWaterMark: QUEUE,
      reconnectInterval: -1,
      ipv6: endpoint.startsWith("["),
      curvePublicKey: encodeZ85(keys.publicKey),
      curveSecretKey: encodeZ85(keys.secretKey),
      curveServerKey: encodeZ85(Buffer.from(card.publicKey, "base64")),
    });
    // Events take sockets, too, and there may be none left.
    const watch = this.watch();
    this.gone = new Promise(resolve => watch.on("end", () => resolve()));
    watch.on("handshake", () => {
      if (!this.closed) events.opened();
    });
    for (const [event, why] of [
      ["disconnect", "the connection broke"],
      ["close", "the connection was refused, or broke"],
      ["handshake:error:auth", "it does not know this host"],
      ["handshake:error:protocol", "it is no host of this job"],
      ["handshake:error:other", "it is no host of this job"],
    ] as const) {
      watch.on(event, () => this.end(why));
    }
    this.socket.connect(addressOf(endpoint));
  }

  private watch(): Push["events"] {
    try {
      return this.socket.events;
    } catch (error) {
      this.socket.close();
      throw error;
    }
  }

  send(frame: Uint8Array): void {
    this.backlog += frame.length;
    this.queue.push(frame);
    if (!this.sending) void this.pump();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.queue.length = 0;
    this.socket.close();
  }

  /** A socket takes one message at a time. */
  private async pump(): Promise<void> {
    this.sending = true;
    try {
      for (let frame = this.queue.shift(); frame !== undefined; frame = this.queue.shift()) {
        await this.socket.send(frame);
        this.backlog -= frame.length;
        if (this.queue.length === 0) this.events.drained();
      }
    } catch (error) {
      // A closed socket refuses what waits with EAGAIN.
      this.end((error as Error).message);
    }
    this.sending = false;
  }

  private end(why: string): void {
    if (this.closed) return;
    this.close();
    this.events.closed(why);
  }
}

export class ZeromqWire implements Wire {
  private readonly keys = nacl.box.keyPair();
  private readonly context = new zeromq.Context({ blocky: false, ipv6: true, maxSockets: MOST_SOCKETS });
  private readonly doorkeeper = new Doorkeeper(this.context);
  private socket: Pull | undefined;
  private readonly connections = new Set<ZeromqConnection>();

  async listen(addresses: readonly string[], frame: (bytes: Uint8Array) => void): Promise<WireCard> {
    await this.doorkeeper.start();
    const socket = new zeromq.Pull({
      context: this.context,
      linger: 0,
      receiveHighWaterMark: QUEUE,
      maxMessageSize: MAX_FRAME,
      handshakeInterval: HANDSHAKE_MS,
      ipv6: addresses.some(address => address.includes(":")),
      curveServer: true,
      curveSecretKey: encodeZ85(this.keys.secretKey),
      zapDomain: "tsmpi",
    });
    this.socket = socket;
    const endpoints: string[] = [];
    for (const address of addresses) {
      if (address.startsWith(IPC)) {
        await socket.bind(address);
        endpoints.push(address);
        continue;
      }
      await socket.bind(`tcp://${endpointOf(address, 0)}`);
      endpoints.push(endpointOf(address, parseEndpoint(socket.lastEndpoint!).port));
    }
    void this.receive(socket, frame);
    return { endpoints, publicKey: Buffer.from(this.keys.publicKey).toString("base64") };
  }

  admit(cards: readonly WireCard[]): void {
    this.doorkeeper.admit(cards.map(({ publicKey }) => Buffer.from(publicKey, "base64")));
  }

  connect(endpoint: string, card: WireCard, events: ConnectionEvents): Connection {
    const connection = new ZeromqConnection(this.context, endpoint, card, this.keys, events);
    this.connections.add(connection);
    void connection.gone.then(() => this.connections.delete(connection));
    return connection;
  }

  poll(): boolean {
    return false;
  }

  /** ZeroMQ aborts the process when a thread ends that still waits for events of a connection. */
  async close(): Promise<void> {
    this.socket?.close();
    this.doorkeeper.close();
    for (const connection of this.connections) connection.close();
    await Promise.all([...this.connections].map(({ gone }) => gone));
  }

  private async receive(socket: Pull, frame: (bytes: Uint8Array) => void): Promise<void> {
    while (!socket.closed) {
      let parts: Buffer[];
      try {
        parts = await socket.receive();
      } catch (error) {
        if (socket.closed) return;
        throw error;
      }
      frame(parts[0]);
    }
  }
}
