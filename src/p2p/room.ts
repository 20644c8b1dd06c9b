import { totalmem } from "node:os";
import { MessageTooLargeError } from "../errors.ts";

/** Up to so many bytes nobody asks. */
const UNQUESTIONED = 2 ** 30;

/** Memory of this host that a process may use, in bytes: a control group may allow less than there is. */
function usableMemory(): number {
  const total = totalmem();
  const constrained = process.constrainedMemory?.() ?? 0;
  return constrained > 0 ? Math.min(total, constrained) : total;
}

/**
 * A message exists twice, at its sender and at its receiver. Where a host cannot hold both, the kernel would end one of
 * the two without a word, long after the send; this says so before. What another host can hold is not known here.
 * @throws {MessageTooLargeError}
 */
export function requireRoom(bytes: number, source: number, dest: number, sharesHost: boolean): void {
  if (bytes <= UNQUESTIONED || !sharesHost) return;
  const memory = usableMemory();
  if (2 * bytes <= memory) return;
  const gibibytes = (n: number): string => `${(n / 2 ** 30).toFixed(1)} GiB`;
  throw new MessageTooLargeError(
    `rank ${source} cannot send ${gibibytes(bytes)} to rank ${dest}: a message is held by its sender and its receiver, ` +
      `and this host has ${gibibytes(memory)} of memory for both; send it in parts, or share it ` +
      "between the ranks of a host (world.host.shared)",
    { rank: source, peer: dest },
  );
}
