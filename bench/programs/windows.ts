/** Messages in flight; peer.c and peer.py use the same numbers. */

/** Of bandwidth and bibandwidth, as in the OSU benchmarks. */
export const WINDOW = 64;
/** Of rate. */
export const BURST = 1024;
