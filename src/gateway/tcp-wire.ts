/**
 * Frames on plain TCP: each after its length in 4 bytes. Nothing is encrypted. Who connects must show that
 * it has the secret key of a host of the job, and is shown the same:
 *
 *     client                                              server
 *     mark, its public key, a challenge    ──────────>
 *                                          <──────────    a challenge, proof
 *     proof                                ──────────>
 *     frames                               ──────────>
 *
 * A proof is an HMAC over both challenges with the key that only the two of them can make of their key pairs
 * (Curve25519). That keeps strangers out who cannot read or change what the network carries; those who can need
 * a wire that encrypts.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { BoxKeyPair } from "tweetnacl";
import { native, type TcpSocket } from "../native.ts";
import { describeError, READABLE, TcpStream } from "./tcp-stream.ts";
import {
  type Connection,
  type ConnectionEvents,
  endpointOf,
  MAX_FRAME,
  parseEndpoint,
  type Wire,
  type WireCard,
} from "./wire.ts";

// As in zeromq-wire.ts.
const { default: nacl } = await import("tweetnacl");

const MARK = Buffer.from("tsmpi 1\n");
const KEY = 32;
const CHALLENGE = 16;
const PROOF = 32;
const HELLO = MARK.length + KEY + CHALLENGE;
const LENGTH = 4;
/** A stranger may hold a connection for so long, and besides the hosts so many: the oldest makes way for the next. */
const STRANGER_MS = 10_000;
const STRANGERS = 64;
/** With more connections than these it is cheaper to let the event loop say which of them have something. */
const MOST_POLLED = 8;

function proof(key: Uint8Array, who: "client" | "server", challenges: readonly Uint8Array[]): Buffer {
  const hmac = createHmac("sha256", key).update(who);
  for (const challenge of challenges) hmac.update(challenge);
  return hmac.digest();
}

class TcpConnection implements Connection {
  private readonly stream: TcpStream | undefined = undefined;
  private readonly wire: TcpWire;
  private closed = false;

  constructor(wire: TcpWire, endpoint: string, card: WireCard, keys: BoxKeyPair, events: ConnectionEvents) {
    this.wire = wire;
    const { host, port } = parseEndpoint(endpoint);
    const descriptor = native().tcpConnect(host, port);
    if (descriptor < 0) {
      setImmediate(() => {
        if (!this.closed) events.closed(describeError(descriptor));
      });
      return;
    }
    const shared = nacl.box.before(Buffer.from(card.publicKey, "base64"), keys.secretKey);
    const mine = randomBytes(CHALLENGE);
    const stream = new TcpStream(native(), descriptor, CHALLENGE + PROOF, {
      take: bytes => {
        const challenges = [mine, bytes.subarray(0, CHALLENGE)];
        if (!timingSafeEqual(bytes.subarray(CHALLENGE), proof(shared, "server", challenges))) {
          this.close();
          events.closed("it is no host of this job");
          return -1;
        }
        stream.write([proof(shared, "client", challenges)]);
        events.opened();
        return -1;
      },
      drained: () => events.drained(),
      ended: why => {
        wire.connections.delete(this);
        events.closed(why);
      },
    });
    stream.write([MARK, keys.publicKey, mine]);
    this.stream = stream;
  }

  poll(): void {
    this.stream?.writeWaiting();
  }

  get backlog(): number {
    return this.stream?.backlog ?? 0;
  }

  send(frame: Uint8Array): void {
    const length = Buffer.allocUnsafe(LENGTH);
    length.writeUInt32LE(frame.length);
    this.stream?.write([length, frame]);
  }

  close(): void {
    this.closed = true;
    this.wire.connections.delete(this);
    this.stream?.close();
  }
}

/** Somebody who has connected: first a stranger, then, if it can show what it must, a host that sends frames. */
class Guest {
  private readonly wire: TcpWire;
  private readonly stream: TcpStream;
  private readonly timer: NodeJS.Timeout;
  /** What to do with the piece that comes next. */
  private take: (bytes: Buffer) => number = bytes => this.takeHello(bytes);
  private shared: Uint8Array | undefined = undefined;
  private challenges: Uint8Array[] = [];
  isStranger = true;

  constructor(wire: TcpWire, descriptor: number) {
    this.wire = wire;
    this.timer = setTimeout(() => this.leave(), STRANGER_MS);
    this.stream = new TcpStream(native(), descriptor, HELLO, {
      take: bytes => this.take(bytes),
      drained: () => {},
      ended: () => this.leave(),
    });
  }

  poll(): void {
    this.stream.read();
  }

  leave(): number {
    clearTimeout(this.timer);
    this.stream.close();
    this.wire.guests.delete(this);
    return -1;
  }

  private takeHello(hello: Buffer): number {
    if (!hello.subarray(0, MARK.length).equals(MARK)) return this.leave();
    const key = Buffer.from(hello.subarray(MARK.length, MARK.length + KEY));
    this.challenges = [Buffer.from(hello.subarray(MARK.length + KEY)), randomBytes(CHALLENGE)];
    this.wire.whenAdmitted(() => this.answer(key));
    this.take = bytes => this.takeProof(bytes);
    return PROOF;
  }

  private answer(key: Buffer): void {
    this.shared = this.wire.sharedWith(key);
    if (this.shared === undefined) this.leave();
    else this.stream.write([this.challenges[1], proof(this.shared, "server", this.challenges)]);
  }

  private takeProof(came: Buffer): number {
    const { shared, challenges } = this;
    if (shared === undefined || !timingSafeEqual(came, proof(shared, "client", challenges)))
      return this.leave();
    clearTimeout(this.timer);
    this.isStranger = false;
    this.take = bytes => this.takeLength(bytes);
    return LENGTH;
  }

  private takeLength(bytes: Buffer): number {
    const length = bytes.readUInt32LE();
    if (length > MAX_FRAME) return this.leave();
    this.take = frame => this.takeFrame(frame);
    return length;
  }

  private takeFrame(frame: Buffer): number {
    this.take = bytes => this.takeLength(bytes);
    this.wire.frame(frame);
    return LENGTH;
  }
}

export class TcpWire implements Wire {
  private readonly keys = nacl.box.keyPair();
  private readonly listeners: TcpSocket[] = [];
  readonly guests = new Set<Guest>();
  readonly connections = new Set<TcpConnection>();
  frame: (bytes: Uint8Array) => void = () => {};
  private admitted: ReadonlySet<string> | undefined;
  private waiting: (() => void)[] = [];

  async listen(addresses: readonly string[], frame: (bytes: Uint8Array) => void): Promise<WireCard> {
    this.frame = frame;
    const endpoints = addresses.map(address => {
      const { descriptor, port } = native().tcpListen(address);
      const listener: TcpSocket = new (native().TcpSocket)(descriptor, () => this.welcome(listener));
      listener.watch(READABLE);
      this.listeners.push(listener);
      return endpointOf(address, port);
    });
    return { endpoints, publicKey: Buffer.from(this.keys.publicKey).toString("base64") };
  }

  admit(cards: readonly WireCard[]): void {
    this.admitted = new Set(cards.map(({ publicKey }) => publicKey));
    for (const go of this.waiting.splice(0)) go();
  }

  connect(endpoint: string, card: WireCard, events: ConnectionEvents): Connection {
    const connection = new TcpConnection(this, endpoint, card, this.keys, events);
    this.connections.add(connection);
    return connection;
  }

  poll(): boolean {
    if (this.guests.size + this.connections.size > MOST_POLLED) return false;
    for (const connection of this.connections) connection.poll();
    for (const guest of this.guests) guest.poll();
    return true;
  }

  close(): Promise<void> {
    for (const listener of this.listeners) listener.close();
    for (const guest of this.guests) guest.leave();
    return Promise.resolve();
  }

  /** Calls back when it is known who may come in. */
  whenAdmitted(go: () => void): void {
    if (this.admitted === undefined) this.waiting.push(go);
    else go();
  }

  /** The key that this host and that of a public key have in common; undefined for what is no host of the job. */
  sharedWith(key: Buffer): Uint8Array | undefined {
    return this.admitted!.has(key.toString("base64")) ? nacl.box.before(key, this.keys.secretKey) : undefined;
  }

  private welcome(listener: TcpSocket): void {
    for (let descriptor = listener.accept(); descriptor >= 0; descriptor = listener.accept()) {
      const strangers = [...this.guests].filter(({ isStranger }) => isStranger);
      // All hosts may come at once.
      if (strangers.length >= STRANGERS + (this.admitted?.size ?? 0)) strangers[0].leave();
      this.guests.add(new Guest(this, descriptor));
    }
  }
}
