/**
 * One look at a word that other ranks write. What they wrote before it is visible to whoever sees it.
 *
 * `Atomics.load` says no more than that, but engines make a call of it, 9 ns long, where a plain load takes less than
 * one. On x86 plain loads are in order, too. An engine may take it that nobody else writes the words, so that a plain
 * look may be as old as the last store to them, or the last call of something that the engine knows nothing of: what is
 * not there yet must be looked for with `Atomics.load`, and in a loop always.
 */
export const look: (words: Int32Array, index: number) => number =
  process.arch === "x64" ? (words, index) => words[index] : Atomics.load;
