/** Messages in flight; peer.c and peer.py use the same numbers. */

/** Of bandwidth and bibandwidth, as in the OSU benchmarks. */
export const WINDOW = 64;
/** Of rate. */
export const BURST = 1024;
/**
 * A blocking loop of bibandwidth sends so much before it receives: two rings hold that of both ranks, where blocking
 * sends of more would wait for each other.
 */
export const BOTH_WAYS_BYTES = 64 * 1024;
