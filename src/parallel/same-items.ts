/** Whether all ranks have come to a map with the same items: what they hold, not only how many. */
import { ArgumentError } from "../errors.ts";
import { type Communicator, max } from "../index.ts";
import { Hash } from "./hash.ts";
import type { List } from "./items.ts";

/**
 * Collective; every rank must have as many.
 * @throws {ArgumentError} on every rank, naming the first item that is another elsewhere
 */
export async function requireSameItems(
  comm: Communicator,
  operation: string,
  items: List<unknown>,
): Promise<void> {
  const { length } = items;
  // The greatest and, by its negative, the least of each item's.
  const hashes = new Float64Array(2 * length);
  for (let i = 0; i < length; i++) {
    hashes[i] = Hash.of(items.at(i));
    hashes[length + i] = -hashes[i];
  }
  await comm.allreduceInto(hashes, hashes, max);
  for (let i = 0; i < length; i++) {
    if (hashes[i] === -hashes[length + i]) continue;
    throw new ArgumentError(
      `${operation}: all ranks must have the same items, but item ${i} is not the same on all of them. Make items from the ` +
        "same seed, file or arguments on every rank, or broadcast them; scatterMap takes those of one rank.",
    );
  }
}
