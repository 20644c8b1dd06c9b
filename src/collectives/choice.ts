/**
 * Which algorithm serves which call. Only what all ranks know may decide: the number of ranks, the operator and
 * the size of arrays that must agree, never the size of one rank's part.
 */

/** The figures are of the message-passing algorithms; all ranks must hold the same. */
export const limits = {
  /** Arrays to reduce of at least so many bytes are cut into a block for each rank. */
  longReduction: 32 * 1024,
  /** Arrays to broadcast of at least so many bytes are cut, from `cutBroadcastSize` ranks on. */
  longBroadcast: 256 * 1024,
  cutBroadcastSize: 4,
  /** Longer prefix reductions go from rank to rank in segments of so many bytes. */
  scanSegment: 64 * 1024,
  /** Where blocks are exchanged and combined by all at once, a rank's block has so many bytes at most. */
  exchangedBlock: 128 * 1024,
  /** From so many ranks on, items travel in lists (Bruck), fewer messages for more copies. */
  bruckSize: 16,
  /** Longer blocks of an alltoall are worth a message each, however many ranks there are. */
  bruckBlock: 256,
  /** Longer arrays announce their length, so that they arrive in place without a copy. */
  announced: 8 * 1024,
};

/** Whether to cut an array to reduce; an array with fewer elements than ranks has nothing to cut. */
export function isLongReduction(bytes: number, length: number, size: number): boolean {
  return size > 1 && bytes >= limits.longReduction && length >= 2 * size;
}

export type LongAllreduce = "rabenseifner" | "ring";

/**
 * Rabenseifner's takes 2 log2 p messages a rank. When p is no power of two it moves whole arrays first, which the
 * ring avoids; but the ring combines in no rank's order.
 */
export function chooseLongAllreduce(size: number, commutative: boolean): LongAllreduce {
  const powerOfTwo = (size & (size - 1)) === 0;
  return powerOfTwo || !commutative ? "rabenseifner" : "ring";
}
