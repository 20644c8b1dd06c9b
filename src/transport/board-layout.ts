/**
 * A board is where the ranks of a communicator on one host put what they contribute to its collectives, to be read
 * there by the others. All offsets are in bytes.
 *
 *     a line          the number of the last turn of the communicator that had the slot before
 *     per rank        a line that says how many turns it has read, and its cells
 *     per rank        its bulk buffers
 *
 * The contribution to turn t lies in cell t modulo CELLS; what does not fit there, in bulk buffer t modulo BULKS. A
 * cell begins with a header of 32 bytes:
 *
 *     word 0      the turn, written last
 *     word 1      the collective's signature
 *     word 2      all signatures so far, mixed into one word
 *     word 3      number of the collective on the communicator
 *     word 4      kind of the elements, and where they are
 *     word 5      what a kind of collective needs besides
 *     word 6, 7   bytes contributed, as a double
 */
// Where ranks outnumber cores, one that only gives makes so many calls before the others must have had a core.
export const CELLS = 128;
// An odd number of lines, so that the headers of cells do not fall into two sets of a cache.
export const CELL_BYTES = 2048 + 64;
export const CELL_HEADER_BYTES = 32;
export const CELL_PAYLOAD_BYTES = CELL_BYTES - CELL_HEADER_BYTES;
export const BULKS = 4;

const LINE = 64;
// Odd numbers of lines, so that equal cells and buffers of several ranks do not fall into one set of a cache.
export const RANK_CELLS_BYTES = LINE + CELLS * CELL_BYTES;
const GAP = LINE;

/** Words of a cell's header. */
export const Cell = { turn: 0, signature: 1, history: 2, sequence: 3, kind: 4, extra: 5 } as const;
/** Doubles of a cell: of its header, then of its payload. */
export const CellDouble = { bytes: 3, payload: 4 } as const;

/** Where a contribution lies, in the kind word above the code of the elements. */
export const Place = {
  mask: 0x300,
  cell: 0x000,
  bulk: 0x100,
  /** In the memory of the rank itself; the payload says where. */
  away: 0x200,
  /** It comes by a message. */
  message: 0x300,
} as const;

/**
 * Bytes of a bulk buffer. Where every rank has a core, longer arrays go through it in pieces that stay in a core's own
 * cache. Where ranks outnumber cores, what it does not hold waits until all its readers have had a core.
 * @param ranks those of a host, which may use `cores` together
 */
export function bulkBytesFor(ranks: number, cores: number): number {
  return (ranks > cores ? 256 : 64) * 1024;
}

/** Where a rank's bulk buffers begin in a board. */
export function bulkOffset(ranks: number, bulkBytes: number, rank: number): number {
  return LINE + ranks * RANK_CELLS_BYTES + rank * (BULKS * bulkBytes + GAP);
}

export function boardBytes(ranks: number, bulkBytes: number): number {
  return bulkOffset(ranks, bulkBytes, ranks);
}
