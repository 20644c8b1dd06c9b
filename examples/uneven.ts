/**
 * Sixteen uneven tasks: the mean of log-gamma over exp of normals, of many for four tasks and few for twelve. In blocks the four
 * long ones would meet on one rank; claimed one by one, the longest first, they spread. Arguments: values of a long task and
 * of a short one.
 */
import { world } from "tsmpi";
import { map } from "tsmpi/parallel";

const long = Number(process.argv[2] ?? 10_000_000);
const short = Number(process.argv[3] ?? 100_000);
const sizes = Array.from({ length: 16 }, (_, task) => (task < 4 ? long : short));

const HALF_LOG_2_PI = 0.9189385332046727;

/** log Γ(x) for x > 0: Stirling's series (Abramowitz and Stegun 6.1.41), from 8 on; below by Γ(x + 1) = x Γ(x). */
function logGamma(x: number): number {
  let product = 1;
  while (x < 8) product *= x++;
  const z = 1 / (x * x);
  const series =
    1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z * (1 / 1188 - z * (691 / 360360 - z / 156)))));
  const stirling = (x - 0.5) * Math.log(x) - x + HALF_LOG_2_PI + series / x;
  return product === 1 ? stirling : stirling - Math.log(product);
}

/** So many normals at a time, which stay in the cache. */
const CHUNK = 4096;

const began = performance.now();
const means = await map(
  world,
  sizes,
  (size, _task, { random }) => {
    const buffer = new Float64Array(Math.min(size, CHUNK));
    let total = 0;
    for (let left = size; left > 0; left -= buffer.length) {
      const values = left < buffer.length ? buffer.subarray(0, left) : buffer;
      random.standardNormalInto(values);
      for (const value of values) total += logGamma(Math.exp(value));
    }
    return total / size;
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
