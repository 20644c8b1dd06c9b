import { world } from "tsmpi";

/** One line for run.mjs, from rank 0. */
export function report(name: string, milliseconds: number): void {
  if (world.rank === 0) console.log(JSON.stringify({ name, milliseconds }));
}
