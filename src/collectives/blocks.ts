/**
 * How an array is cut into one block per rank: `offsets[r]` to `offsets[r + 1]` is the block of rank r.
 */
export type Offsets = readonly number[];

/** Blocks of `length / size` elements in rank order; the first `length % size` ranks get one more. */
export function evenCounts(length: number, size: number): number[] {
  const base = Math.floor(length / size);
  const longer = length % size;
  return Array.from({ length: size }, (_, rank) => (rank < longer ? base + 1 : base));
}

export function offsetsOf(counts: readonly number[]): number[] {
  const offsets = new Array<number>(counts.length + 1);
  offsets[0] = 0;
  for (let rank = 0; rank < counts.length; rank++) offsets[rank + 1] = offsets[rank] + counts[rank];
  return offsets;
}

/** Even blocks whose borders fall on multiples of `grain`, which divides `length`. */
export function evenOffsets(length: number, size: number, grain = 1): Offsets {
  const { last } = even;
  if (last !== undefined && even.length === length && even.size === size && even.grain === grain) return last;
  const offsets = offsetsOf(evenCounts(length / grain, size).map(count => count * grain));
  Object.assign(even, { length, size, grain, last: offsets });
  return offsets;
}

/** The offsets made last: an iteration asks for the same ones again and again. */
const even = { length: 0, size: 0, grain: 0, last: undefined as Offsets | undefined };
