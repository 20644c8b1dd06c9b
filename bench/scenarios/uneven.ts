/** Scenario 4, the tasks of examples/uneven.ts on ranks that are warm: `npx tsmpirun -n 2 bench/scenarios/uneven.ts`. */
import { sum, world } from "tsmpi";
import { map } from "tsmpi/parallel";
import { logGamma } from "./log-gamma.ts";
import { report } from "./report.ts";

const sizes = Array.from({ length: 16 }, (_, task) => (task < 4 ? 10_000_000 : 100_000));
const buffer = new Float64Array(4096);
let busy = 0;

const mean = (
  size: number,
  _task: number,
  { random }: { random: { standardNormalInto(a: Float64Array): unknown } },
) => {
  const began = performance.now();
  let total = 0;
  for (let left = size; left > 0; left -= buffer.length) {
    const values = left < buffer.length ? buffer.subarray(0, left) : buffer;
    random.standardNormalInto(values);
    for (const value of values) total += logGamma(Math.exp(value));
  }
  busy += performance.now() - began;
  return total / size;
};

await map(world, 4, size => mean(100_000, size, { random: { standardNormalInto: a => a.fill(0.5) } }));
for (const schedule of ["dynamic", "static"] as const) {
  busy = 0;
  await world.barrier();
  const began = performance.now();
  await map(world, sizes, mean, { seed: 1, cost: size => size, chunk: 1, schedule });
  const took = performance.now() - began;
  report(`tsmpi ${schedule}, longest first`, took);
  report(`tsmpi ${schedule}: all its tasks / ranks`, (await world.allreduce(busy, sum)) / world.size);
}
