/**
 * Frames on plain TCP (node:net): each after its length in 4 bytes. Nothing is encrypted. Who connects must show that
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
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import nacl from "tweetnacl";
import {
  type Connection,
  type ConnectionEvents,
  endpointOf,
  MAX_FRAME,
  parseEndpoint,
  type Wire,
  type WireCard,
} from "./wire.ts";

const MARK = Buffer.from("tsmpi 1\n");
const KEY = 32;
const CHALLENGE = 16;
const PROOF = 32;
const HELLO = MARK.length + KEY + CHALLENGE;
const LENGTH = 4;
/** A stranger may hold a connection for so long, and strangers so many. */
const STRANGER_MS = 10_000;
const STRANGERS = 64;

function proof(key: Uint8Array, who: "client" | "server", challenges: readonly Uint8Array[]): Buffer {
  const hmac = createHmac("sha256", key).update(who);
  for (const challenge of challenges) hmac.update(challenge);
  return hmac.digest();
}

/** Hands out what comes in pieces of the length asked for. */
class Pieces {
  private parts: Buffer[] = [];
  private length = 0;
  private wanted: number;
  private take: (bytes: Buffer) => number;

  /** @param take gets so many bytes, and says how many it wants next; -1: none any more */
  constructor(wanted: number, take: (bytes: Buffer) => number) {
    this.wanted = wanted;
    this.take = take;
  }

  add(bytes: Buffer): void {
    this.parts.push(bytes);
    this.length += bytes.length;
    if (this.length < this.wanted || this.wanted < 0) return;
    const all = this.parts.length === 1 ? bytes : Buffer.concat(this.parts, this.length);
    let at = 0;
    while (this.wanted >= 0 && all.length - at >= this.wanted) {
      const piece = all.subarray(at, at + this.wanted);
      at += this.wanted;
      this.wanted = this.take(piece);
    }
    this.parts = at === all.length ? [] : [all.subarray(at)];
    this.length = all.length - at;
  }
}

class TcpConnection implements Connection {
  private readonly socket: Socket;
  private closed = false;

  constructor(endpoint: string, card: WireCard, keys: nacl.BoxKeyPair, events: ConnectionEvents) {
    const end = (why: string): void => {
      if (this.closed) return;
      this.close();
      events.closed(why);
    };
    this.socket = connect({ ...parseEndpoint(endpoint), noDelay: true });
    const shared = nacl.box.before(Buffer.from(card.publicKey, "base64"), keys.secretKey);
    const mine = randomBytes(CHALLENGE);
    this.socket.on("connect", () => this.socket.write(Buffer.concat([MARK, keys.publicKey, mine])));
    const answer = new Pieces(CHALLENGE + PROOF, bytes => {
      const challenges = [mine, bytes.subarray(0, CHALLENGE)];
      if (!timingSafeEqual(bytes.subarray(CHALLENGE), proof(shared, "server", challenges))) {
        end("it is no host of this job");
        return -1;
      }
      this.socket.write(proof(shared, "client", challenges));
      events.opened();
      return -1;
    });
    this.socket.on("data", bytes => answer.add(bytes as Buffer));
    this.socket.on("drain", () => events.drained());
    this.socket.on("error", error => end(error.message));
    this.socket.on("close", () => end("it closed the connection"));
  }

  get backlog(): number {
    return this.socket.writableLength;
  }

  send(frame: Uint8Array): void {
    const length = Buffer.allocUnsafe(LENGTH);
    length.writeUInt32LE(frame.length);
    this.socket.cork();
    this.socket.write(length);
    this.socket.write(frame);
    this.socket.uncork();
  }

  close(): void {
    this.closed = true;
    this.socket.destroy();
  }
}

export class TcpWire implements Wire {
  private readonly keys = nacl.box.keyPair();
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();
  private strangers = 0;
  private admitted: ReadonlySet<string> | undefined;
  private whenAdmitted: (() => void)[] = [];

  async listen(addresses: readonly string[], frame: (bytes: Uint8Array) => void): Promise<WireCard> {
    const endpoints: string[] = [];
    for (const address of addresses) {
      const server = createServer({ noDelay: true }, socket => this.welcome(socket, frame));
      server.listen({ host: address, port: 0 });
      await once(server, "listening");
      this.servers.push(server);
      endpoints.push(endpointOf(address, (server.address() as { port: number }).port));
    }
    return { endpoints, publicKey: Buffer.from(this.keys.publicKey).toString("base64") };
  }

  admit(cards: readonly WireCard[]): void {
    this.admitted = new Set(cards.map(({ publicKey }) => publicKey));
    for (const go of this.whenAdmitted.splice(0)) go();
  }

  connect(endpoint: string, card: WireCard, events: ConnectionEvents): Connection {
    return new TcpConnection(endpoint, card, this.keys, events);
  }

  close(): void {
    for (const server of this.servers) server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private welcome(socket: Socket, frame: (bytes: Uint8Array) => void): void {
    socket.on("error", () => {});
    if (this.strangers >= STRANGERS) {
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    this.strangers++;
    let stranger = true;
    const known = (): void => {
      if (stranger) this.strangers--;
      stranger = false;
      clearTimeout(timer);
    };
    const timer = setTimeout(() => socket.destroy(), STRANGER_MS);
    socket.on("close", () => {
      known();
      this.sockets.delete(socket);
    });
    const refuse = (): number => {
      socket.destroy();
      return -1;
    };
    let shared: Uint8Array = new Uint8Array();
    let challenges: Uint8Array[] = [];
    let length = -1;
    const frames = (bytes: Buffer): number => {
      if (length >= 0) {
        length = -1;
        frame(bytes);
        return LENGTH;
      }
      length = bytes.readUInt32LE();
      return length <= MAX_FRAME ? length : refuse();
    };
    let take = (hello: Buffer): number => {
      if (!hello.subarray(0, MARK.length).equals(MARK)) return refuse();
      const key = hello.subarray(MARK.length, MARK.length + KEY);
      const mine = randomBytes(CHALLENGE);
      challenges = [Buffer.from(hello.subarray(MARK.length + KEY)), mine];
      const answer = (): void => {
        if (!this.admitted!.has(key.toString("base64"))) {
          refuse();
          return;
        }
        shared = nacl.box.before(key, this.keys.secretKey);
        socket.write(Buffer.concat([mine, proof(shared, "server", challenges)]));
      };
      if (this.admitted === undefined) this.whenAdmitted.push(answer);
      else answer();
      take = came => {
        if (shared.length === 0 || !timingSafeEqual(came, proof(shared, "client", challenges)))
          return refuse();
        known();
        take = frames;
        return LENGTH;
      };
      return PROOF;
    };
    const pieces = new Pieces(HELLO, bytes => take(bytes));
    socket.on("data", bytes => pieces.add(bytes as Buffer));
  }
}
