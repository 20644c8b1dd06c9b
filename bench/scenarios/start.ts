/** A pool that begins, runs a task on each of its workers, and ends. start.mjs times it from outside. */
import { world } from "tsmpi";
import { currentWorker, task, withPool } from "tsmpi/parallel";

const where = task(() => currentWorker().rank);
const ranks = await withPool(world, pool =>
  Promise.all(Array.from({ length: pool.workers }, () => pool.submit(where))),
);
if (ranks !== undefined && new Set(ranks).size !== world.size - 1)
  throw new Error(`only ${ranks.join()} worked`);
