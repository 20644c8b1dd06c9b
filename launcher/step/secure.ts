/**
 * Streams between the tasks of a step: TLS with a key that only they have (RFC 4279), so that nobody else at the port
 * is heard, and what is said cannot be read or changed.
 */
import type { Socket } from "node:net";
import { type ConnectionOptions, connect, TLSSocket } from "node:tls";
import { parseEndpoint } from "../../src/gateway/wire.ts";
import { type Listening, listenAt } from "../hosts/listening.ts";

const HANDSHAKE_MILLISECONDS = 10_000;
const IDENTITY = "tsmpi";
// Versions and ciphers that work by a common key, with forward secrecy.
const OPTIONS = {
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.2",
  ciphers: "ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES256-CBC-SHA384",
} as const;

/** Strangers are let go without a word. */
export function listenSecurely(
  addresses: readonly string[],
  key: Buffer,
  came: (socket: TLSSocket) => void,
): Promise<Listening> {
  return listenAt(addresses, raw => {
    const socket = new TLSSocket(raw, { isServer: true, ...OPTIONS, pskCallback: () => key } as never);
    const impatient = setTimeout(() => raw.destroy(), HANDSHAKE_MILLISECONDS);
    const over = (): void => clearTimeout(impatient);
    socket.on("error", over);
    socket.on("close", over);
    socket.on("secure", () => {
      over();
      came(socket);
    });
    raw.on("error", over);
  });
}

/** Connects to the first of the endpoints where the other side has the key. @throws {Error} what was tried */
export async function connectSecurely(endpoints: readonly string[], key: Buffer): Promise<Socket> {
  const failures: string[] = [];
  for (const endpoint of endpoints) {
    try {
      return await connectOnce(parseEndpoint(endpoint), key);
    } catch (error) {
      failures.push(`${endpoint}: ${(error as Error).message}`);
    }
  }
  throw new Error(`rank 0 cannot be reached (${failures.join("; ")})`);
}

function connectOnce(where: ConnectionOptions, key: Buffer): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...where,
      ...OPTIONS,
      pskCallback: () => ({ psk: key, identity: IDENTITY }),
      // The key proves who the other is.
      checkServerIdentity: () => undefined,
    });
    socket.setTimeout(HANDSHAKE_MILLISECONDS, () => socket.destroy(new Error("no answer")));
    socket.on("error", reject);
    socket.on("secureConnect", () => {
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}
