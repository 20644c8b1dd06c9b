/** Scenario 4, the tasks of examples/uneven.ts on ranks that are warm: `npx tsmpirun -n 2 bench/scenarios/uneven.ts`. */
import { sum, world } from "tsmpi";
import { setThreads, sync } from "tsmpi/linalg";
import { map, type TaskContext } from "tsmpi/parallel";
import { report } from "./report.ts";

const sizes = Array.from({ length: 16 }, (_, task) => (task < 4 ? 10_000_000 : 100_000));
const buffer = new Float64Array(16_384);
setThreads(1);
const total = sync.compile("sum(lgamma(exp(x)))");
let busy = 0;

const mean = (size: number, _task: number, { random }: TaskContext): number => {
  const began = performance.now();
  let sum = 0;
  for (let left = size; left > 0; left -= buffer.length) {
    const values = left < buffer.length ? buffer.subarray(0, left) : buffer;
    sum += total(random.standardNormalInto(values)) as number;
  }
  busy += performance.now() - began;
  return sum / size;
};

await map(world, [100_000, 100_000], mean, { seed: 2 });
for (const schedule of ["dynamic", "static"] as const) {
  busy = 0;
  await world.barrier();
  const began = performance.now();
  await map(world, sizes, mean, { seed: 1, cost: size => size, chunk: 1, schedule });
  const took = performance.now() - began;
  report(`tsmpi ${schedule}, longest first`, took);
  report(`tsmpi ${schedule}: all its tasks / ranks`, (await world.allreduce(busy, sum)) / world.size);
}
