/**
 * What makes a way to another host out of connections that may break: frames are numbered, kept until the other host
 * has said that they came, and sent again on a new connection. A frame begins with a header of 48 bytes:
 *
 *     word 0      mark
 *     word 1      number of the host that sends
 *     double 1    number of the frame; 0: it says only what stands in its header
 *     double 2    number of the last frame that has come from the other host
 *     double 3    when it was sent, milliseconds of the sender's clock
 *     double 4    the latest of these that has come from the other host
 *
 * The last two show whether connections still carry anything: one that does not is replaced, and a host that stays
 * silent is lost.
 */
import type { Connection, Wire, WireCard } from "./wire.ts";

export const LINK_HEADER = 48;
const MARK = 0x314b4c54;
/** Frames handed to a connection and not gone yet: enough to keep it busy, so little that a short one is soon sent. */
const BACKLOG_BYTES = 1024 * 1024;
/** So small a part of the window is acknowledged at once: frames that are soon free again are still in the caches. */
const ACKNOWLEDGED_PART = 16;
/** A silent link says so often that it is alive. */
const PING_MS = 1000;
/**
 * A connection that has carried nothing for so long is replaced. Twice as long from then on when it has carried no
 * frame at all: it may have been slow, and what replaces it would never get a long frame across in the same time.
 */
const STALE_MS = 3000;
const MOST_STALE_MS = 16 * STALE_MS;
/** So long an attempt to connect may take. */
const ATTEMPT_MS = 3000;
const RETRY_MS = 100;

export interface LinkOwner {
  /** Number of this host. */
  readonly host: number;
  /** The records of a frame, from byte `start` on; each comes once and in order. */
  received(host: number, frame: Uint8Array, start: number): void;
  /** There may be room again. */
  roomy(): void;
  /** @param sentence what has been tried in vain */
  lost(host: number, sentence: string): void;
  /** A frame is needed no more, and nobody else has it. */
  recycle(frame: Uint8Array): void;
}

interface SentFrame {
  readonly number: number;
  readonly frame: Uint8Array;
  /** The only connection that has been given it. */
  connection: Connection | undefined;
}

/** Host and place of records of a frame, when its header is one. */
export function hostOf(frame: Uint8Array): number {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  return frame.length >= LINK_HEADER && view.getInt32(0, true) === MARK ? view.getInt32(4, true) : -1;
}

export class Link {
  readonly host: number;
  private readonly wire: Wire;
  private readonly card: WireCard;
  private readonly owner: LinkOwner;
  /** Bytes that may be under way. */
  private readonly window: number;
  private readonly timeout: number;
  private connection: Connection | undefined;
  private open = false;
  /** Whether the connection has carried what was to be carried. */
  private carried = false;
  private patience = STALE_MS;
  /** Which of the other host's endpoints is tried, or in use. */
  private endpoint = 0;
  private attemptAt = 0;
  private readonly failures = new Map<string, string>();
  private closed = false;

  private numbered = 0;
  private readonly unacknowledged: SentFrame[] = [];
  private unacknowledgedBytes = 0;
  private received = 0;
  private receivedBytes = 0;
  private acknowledged = 0;

  /** When anything came from the other host, and when it was last known to hear this one. */
  private heardAt: number;
  private progressAt: number;
  private theirStamp = 0;
  private echoed = 0;
  private stampedAt = 0;

  /**
   * @param window bytes that may be under way before the other host has acknowledged them
   * @param timeout milliseconds of silence after which the other host is lost
   */
  constructor(host: number, wire: Wire, card: WireCard, owner: LinkOwner, window: number, timeout: number) {
    this.host = host;
    this.wire = wire;
    this.card = card;
    this.owner = owner;
    this.window = window;
    this.timeout = timeout;
    this.heardAt = performance.now();
    this.progressAt = this.heardAt;
    this.connect();
  }

  /** Bytes that may be sent now. */
  get room(): number {
    if (!this.open) return 0;
    return Math.min(this.window - this.unacknowledgedBytes, BACKLOG_BYTES - this.connection!.backlog);
  }

  /** Whether anything is under way that needs a look soon. */
  get busy(): boolean {
    if (this.closed) return false;
    return this.unacknowledged.length > 0 || this.acknowledged !== this.received || !this.open;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Whether all that has been sent has come. */
  get isAcknowledged(): boolean {
    return this.unacknowledged.length === 0;
  }

  /** Sends a frame whose header is still to be written. It belongs to the link from now on. */
  send(frame: Uint8Array): void {
    this.writeHeader(frame, ++this.numbered);
    const { connection } = this;
    this.unacknowledged.push({ number: this.numbered, frame, connection });
    this.unacknowledgedBytes += frame.length;
    connection!.send(frame);
  }

  /** A frame of the other host. */
  take(frame: Uint8Array): void {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    this.heardAt = performance.now();
    this.theirStamp = Math.max(this.theirStamp, view.getFloat64(24, true));
    const echo = view.getFloat64(32, true);
    if (echo > this.echoed) {
      this.echoed = echo;
      this.progressAt = this.heardAt;
      if (this.unacknowledged.length === 0) this.carried = true;
    }
    this.forget(view.getFloat64(16, true));
    const number = view.getFloat64(8, true);
    // What is no news has been sent again, because its acknowledgement did not come back.
    if (number !== this.received + 1) return;
    this.received = number;
    this.receivedBytes += frame.length;
    this.owner.received(this.host, frame, LINK_HEADER);
    if (this.receivedBytes > this.window / ACKNOWLEDGED_PART && this.open) this.sendHeader();
  }

  /** Looks after time; called a few times a second, and more often when `busy`. */
  tick(now: number): void {
    if (this.closed) return;
    if (now - this.heardAt > this.timeout) {
      this.owner.lost(this.host, this.explanation());
      this.close();
      return;
    }
    if (!this.open) {
      if (this.connection === undefined) {
        if (now - this.attemptAt > RETRY_MS) this.connect();
      } else if (now - this.attemptAt > ATTEMPT_MS) {
        this.disconnect("it did not answer");
      }
      return;
    }
    if (this.acknowledged !== this.received || now - this.stampedAt > PING_MS) this.sendHeader();
    const waiting = this.unacknowledged.length > 0 || this.echoed < this.stampedAt;
    if (!waiting) this.progressAt = now;
    else if (now - this.progressAt > this.patience) {
      if (!this.carried) this.patience = Math.min(2 * this.patience, MOST_STALE_MS);
      this.disconnect("it carried nothing any more");
    }
  }

  /** This process itself was stopped for a while: the other host must have its chance to be heard first. */
  resume(now: number): void {
    this.heardAt = now;
    this.progressAt = now;
  }

  close(): void {
    this.closed = true;
    this.open = false;
    this.connection?.close();
    this.connection = undefined;
  }

  private connect(): void {
    const endpoint = this.card.endpoints[this.endpoint];
    this.attemptAt = performance.now();
    try {
      const connection: Connection = this.wire.connect(endpoint, this.card, {
        opened: () => {
          if (this.connection === connection) this.begin(connection);
        },
        drained: () => this.owner.roomy(),
        closed: why => {
          if (this.connection === connection) this.disconnect(why);
        },
      });
      this.connection = connection;
    } catch (error) {
      // No descriptor is left, or this host has no way to such an address.
      this.disconnect((error as Error).message);
    }
  }

  private begin(connection: Connection): void {
    this.open = true;
    this.carried = false;
    this.progressAt = performance.now();
    this.sendHeader();
    for (const sent of this.unacknowledged) {
      sent.connection = undefined;
      connection.send(sent.frame);
    }
    this.owner.roomy();
  }

  /** Gives a connection up; the next is opened at the next tick. An endpoint that has worked is tried first again. */
  private disconnect(why: string): void {
    const { endpoints } = this.card;
    this.failures.set(endpoints[this.endpoint], why);
    this.connection?.close();
    this.connection = undefined;
    if (!this.open) this.endpoint = (this.endpoint + 1) % endpoints.length;
    this.open = false;
  }

  private explanation(): string {
    const tried = [...this.failures].map(([endpoint, why]) => `${endpoint}: ${why}`);
    return tried.length === 0 ? "" : ` (${tried.join("; ")})`;
  }

  private writeHeader(frame: Uint8Array, number: number): void {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    this.stampedAt = performance.now();
    view.setInt32(0, MARK, true);
    view.setInt32(4, this.owner.host, true);
    view.setFloat64(8, number, true);
    view.setFloat64(16, this.received, true);
    view.setFloat64(24, this.stampedAt, true);
    view.setFloat64(32, this.theirStamp, true);
    view.setFloat64(40, 0, true);
    this.acknowledged = this.received;
    this.receivedBytes = 0;
  }

  private sendHeader(): void {
    const frame = new Uint8Array(LINK_HEADER);
    this.writeHeader(frame, 0);
    this.connection!.send(frame);
  }

  /** Forgets the frames that have come. */
  private forget(number: number): void {
    const { unacknowledged } = this;
    let count = 0;
    while (count < unacknowledged.length && unacknowledged[count].number <= number) {
      const { frame, connection } = unacknowledged[count++];
      this.unacknowledgedBytes -= frame.length;
      // One that has been given to a connection now closed may still be read by it.
      if (connection === this.connection && connection !== undefined) this.owner.recycle(frame);
    }
    if (count === 0) return;
    unacknowledged.splice(0, count);
    this.carried = true;
    this.progressAt = performance.now();
    this.owner.roomy();
  }
}
