/**
 * Sixteen uneven tasks: the mean of log-gamma over exp of normals, of many for four tasks and few for twelve. In blocks the four
 * long ones would meet on one rank; claimed one by one, the longest first, they spread. Arguments: values of a long task and
 * of a short one.
 */
import { world } from "tsmpi";
import { setThreads, sync } from "tsmpi/linalg";
import { map } from "tsmpi/parallel";

const long = Number(process.argv[2] ?? 10_000_000);
const short = Number(process.argv[3] ?? 100_000);
const sizes = Array.from({ length: 16 }, (_, task) => (task < 4 ? long : short));

/** So many values at a time, which stay in the cache. */
const BLOCK = 16_384;
setThreads(1);
const total = sync.compile("sum(lgamma(exp(x)))");

const began = performance.now();
const means = await map(
  world,
  sizes,
  (size, _task, { random }) => {
    const buffer = new Float64Array(Math.min(size, BLOCK));
    let sum = 0;
    for (let left = size; left > 0; left -= buffer.length) {
      const values = left < buffer.length ? buffer.subarray(0, left) : buffer;
      sum += total(random.standardNormalInto(values)) as number;
    }
    return sum / size;
  },
  { seed: 1, cost: size => size, chunk: 1, as: Float64Array, root: 0 },
);

if (means !== undefined) {
  const mean = (from: number, to: number): string =>
    (means.slice(from, to).reduce((a, b) => a + b) / (to - from)).toFixed(6);
  console.log(`mean over 4 tasks of ${long}: ${mean(0, 4)}`);
  console.log(`mean over 12 tasks of ${short}: ${mean(4, 16)}`);
  console.error(`${((performance.now() - began) / 1000).toFixed(3)} s on ${world.size} ranks`);
}
