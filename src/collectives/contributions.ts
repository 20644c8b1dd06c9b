import { withArticle } from "../article.ts";
import { dtypeOf, isTypedArray, type TypedArray } from "../codec/dtype.ts";
import { describe } from "../describe.ts";
import { TypeMismatchError } from "../errors.ts";
import { requireTotal } from "./arguments.ts";
import { limits } from "./choice.ts";

/**
 * Arrays of any length that are gathered into one target. A short one is its own announcement; a long one sends
 * its length ahead, so that the receiver can let it arrive in its place. The sender decides, the receiver sees.
 */

/** What a rank sends first. */
export function announcementOf(array: TypedArray): TypedArray | number {
  return isAnnounced(array) ? array.length : array;
}

export function isAnnounced(array: TypedArray): boolean {
  return array.byteLength >= limits.announced;
}

/** Checks the announcements of all ranks against `target` and returns their lengths. Nothing is written yet. */
export function lengthsOf(
  operation: string,
  target: TypedArray,
  announcements: readonly unknown[],
): number[] {
  const dtype = dtypeOf(target);
  const lengths = announcements.map((announcement, rank) => {
    if (typeof announcement === "number") return announcement;
    if (isTypedArray(announcement) && dtypeOf(announcement) === dtype) return announcement.length;
    throw new TypeMismatchError(
      `${operation}: rank ${rank} sent ${describe(announcement)}, this rank gathers into ${withArticle(dtype!.name)}`,
      { peer: rank },
    );
  });
  requireTotal(operation, target, lengths);
  return lengths;
}
