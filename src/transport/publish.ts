/**
 * The store that tells another rank that something is there. Everything written before is visible to whoever sees it.
 *
 * `Atomics.store` is more than that, a full fence, which the publisher needs only because it looks next whether the
 * reader sleeps; it costs 0.1 us. Where the one who goes to sleep can fence for all others (native/fence.cc), a plain
 * store will do on x86, whose processors show stores in the order made, and whose engine makes them in the order
 * written.
 */
export type Publish = (words: Int32Array, index: number, value: number) => void;

const fencing: Publish = (words, index, value) => {
  Atomics.store(words, index, value);
};

const plain: Publish = (words, index, value) => {
  words[index] = value;
};

export let publish: Publish = fencing;

/** All ranks of a job do the same; set when this process joins it. */
export function trustSleepersToFence(): void {
  publish = plain;
}
