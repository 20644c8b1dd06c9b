/** What a task puts where all tasks of its step can read it. */

/** PMI-2 takes no longer values. */
export const MOST_CARD_BYTES = 1023;

export interface Card {
  /** Differs between hosts, and between containers of one host that do not see each other's processes. */
  host: string;
  hostname: string;
  cpus: number[];
  /** Of task 0: where it listens, the best endpoint first, and the key that only tasks know. */
  door: { endpoints: string[]; key: string } | undefined;
}

/** As a number in base 16, which is short however many there are. */
function maskOf(cpus: readonly number[]): string {
  return cpus.reduce((mask, cpu) => mask | (1n << BigInt(cpu)), 0n).toString(16);
}

function cpusOf(mask: string): number[] {
  const bits = BigInt(`0x${mask}`).toString(2).split("").reverse();
  return bits.flatMap((bit, cpu) => (bit === "1" ? [cpu] : []));
}

/**
 * Without ";" and "=". A card that would be too long leaves endpoints out, the worst first.
 * @throws {Error} when the name of the host alone is too long
 */
export function encodeCard(card: Card): string {
  const { door, cpus } = card;
  const text = JSON.stringify({ ...card, cpus: maskOf(cpus) });
  const encoded = Buffer.from(text).toString("base64url");
  if (encoded.length <= MOST_CARD_BYTES) return encoded;
  if (door === undefined || door.endpoints.length < 2) {
    throw new Error(`what this task must tell the others takes ${encoded.length} bytes: ${text}`);
  }
  return encodeCard({ ...card, door: { ...door, endpoints: door.endpoints.slice(0, -1) } });
}

export function decodeCard(text: string): Card {
  const card = JSON.parse(Buffer.from(text, "base64url").toString()) as Omit<Card, "cpus"> & { cpus: string };
  return { ...card, cpus: cpusOf(card.cpus) };
}
