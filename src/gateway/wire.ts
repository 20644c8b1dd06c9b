/**
 * How frames get from one gateway to another. A connection carries them one way, from the host that opened it; the
 * other way has a connection of its own. What a connection has carried arrived whole and in order; what it was still
 * carrying when it broke may or may not have arrived. Everything above that is the link's business (link.ts).
 */

/** Longer frames are refused. */
export const MAX_FRAME = 4 * 1024 * 1024;

export interface ConnectionEvents {
  /** The other side has let this host in. */
  opened(): void;
  /** There is room again. */
  drained(): void;
  /** Once, at the end, also if it never opened; not after `close`. */
  closed(why: string): void;
}

export interface Connection {
  /** Bytes handed over that have not left yet. */
  readonly backlog: number;
  /** Only when open. The bytes must not change until they have arrived. */
  send(frame: Uint8Array): void;
  close(): void;
}

/** What a host must know of another to reach it; nothing here is secret. */
export interface WireCard {
  /** As `host:port`, the best first. */
  readonly endpoints: readonly string[];
  /** Base64. */
  readonly publicKey: string;
}

export interface Wire {
  /**
   * Begins to listen on these addresses, each at a port that is free.
   * @param frame is called with every frame that comes from an admitted host
   */
  listen(addresses: readonly string[], frame: (bytes: Uint8Array) => void): Promise<WireCard>;
  /** From now on hosts with these keys are admitted, and nobody else. Whoever came before that has been waiting. */
  admit(cards: readonly WireCard[]): void;
  connect(endpoint: string, card: WireCard, events: ConnectionEvents): Connection;
  /**
   * Brings what has come, without waiting for the event loop's next turn, which takes longer.
   * @returns false when the event loop alone can bring it
   */
  poll(): boolean;
  /** Resolves when the thread that calls this may end. */
  close(): Promise<void>;
}

/** "10.0.0.1:80" or "[fe80::1]:80" */
export function endpointOf(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

export function parseEndpoint(endpoint: string): { host: string; port: number } {
  const at = endpoint.lastIndexOf(":");
  return { host: endpoint.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(endpoint.slice(at + 1)) };
}
