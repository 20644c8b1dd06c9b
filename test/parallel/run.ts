import { onRanks as onRanksOf, type RunOptions } from "../ranks/run.ts";

/** As in test/ranks/run.ts, for the programs of this folder. */
export function onRanks(
  ranks: readonly number[],
  program: string,
  title: string,
  options?: RunOptions,
): void {
  onRanksOf(ranks, `../../parallel/programs/${program}`, title, options);
}
