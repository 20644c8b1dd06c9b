/**
 * The binomial tree over ranks counted from its root: the parent of r is r without its lowest set bit, so that the
 * subtree of r's child r + 2^k is the ranks from there to r + 2^(k+1).
 */

export function binomialParent(relative: number): number {
  return relative & (relative - 1);
}

/** The distances 1, 2, 4, ... from a rank to its children, in a tree of `size` ranks. */
export function binomialDistances(relative: number, size: number): number[] {
  const distances: number[] = [];
  for (let distance = 1; relative + distance < size && (relative & distance) === 0; distance *= 2) {
    distances.push(distance);
  }
  return distances;
}
