/**
 * One large array, many tasks, no copies: all ranks of a host see the same 50,000,000 doubles. Rank 0 of the host fills
 * them, and each of eight tasks takes the mean of a stratum, all of one residue modulo 8. The argument is the length.
 */
import { world } from "tsmpi";
import { map } from "tsmpi/parallel";
import { defaultRng } from "tsmpi/random";

const TASKS = 8;
const length = Number(process.argv[2] ?? 50_000_000);
const { host } = world;

const x = await host.shared(Float64Array, length);
if (host.rank === 0) defaultRng(1).randomInto(x);
await host.barrier();

const began = performance.now();
const means = await map(
  world,
  TASKS,
  stratum => {
    let total = 0;
    let count = 0;
    for (let i = stratum; i < x.length; i += TASKS, count++) total += x[i];
    return total / count;
  },
  { as: Float64Array },
);
const seconds = (performance.now() - began) / 1000;

if (world.rank === 0) {
  console.log(
    `${length} doubles in ${TASKS} strata, means ${[...means].map(mean => mean.toFixed(6)).join(" ")}`,
  );
  console.error(`${seconds.toFixed(3)} s on ${world.size} ranks`);
}
