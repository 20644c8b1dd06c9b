/**
 * Frames, as they lie in a ring and as they will travel between hosts. A message is one frame, followed by
 * continuation frames when it is longer than a frame may be. A frame is a header of 32 bytes and its payload,
 * rounded up to whole cache lines; the header never wraps around the end of the ring, the payload may.
 *
 *     word 0   marker: kind and flags; 0 means that nothing has been published here yet
 *     word 1   tag; for a collective, its sequence number on the communicator
 *     word 2   context: which communicator, and whether a collective
 *     word 3   world rank of the sender
 *     word 4   payload bytes of the whole message, low half
 *     word 5   the same, high half
 *     word 6   collective: its signature; synchronous send: the number to acknowledge
 *     word 7   payload bytes in this frame
 *
 * The frame of an offered array has a payload of one word, the number of the transfer on the sender's side.
 */
export const HEADER_WORDS = 8;
export const HEADER_BYTES = 32;

/** Kinds below this are dtype codes: the payload is the elements of a typed array. */
export const Kind = {
  number: 32,
  encoded: 33,
  continuation: 34,
  acknowledge: 35,
  mask: 0xff,
  /** Flag: the sender waits for an acknowledgement that the message was matched. */
  synchronous: 0x100,
  /** Flag: the elements are not here, they will be copied from the sender's memory. */
  offered: 0x200,
} as const;

/** What a frame's header says of its message; filled anew for every frame that is read. */
export interface FrameHeader {
  kind: number;
  tag: number;
  context: number;
  source: number;
  total: number;
  extra: number;
  chunk: number;
}
