/**
 * Three generators: the means of many normals, gammas and uniforms. Each is cut into parts, so that no rank waits for the
 * slowest of the three; a part has a stream of its own, so the means are the same on any number of ranks. Argument:
 * numbers of each kind.
 */
import { world } from "tsmpi";
import { map } from "tsmpi/parallel";
import type { Generator } from "tsmpi/random";

const draws = Number(process.argv[2] ?? 100_000_000);
const PARTS = 16;
/** So many numbers at a time, which stay in the cache. */
const BLOCK = 8192;

const kinds: Record<string, (random: Generator, target: Float64Array) => Float64Array> = {
  "standard normal": (random, target) => random.standardNormalInto(target),
  "gamma(1, 1)": (random, target) => random.gammaInto(target, 1, 1),
  uniform: (random, target) => random.randomInto(target),
};
const tasks = Object.values(kinds).flatMap(fill => Array.from({ length: PARTS }, () => fill));

const began = performance.now();
const sums = await map(
  world,
  tasks,
  (fill, index, { random }) => {
    const part = index % PARTS;
    const buffer = new Float64Array(BLOCK);
    let left = Math.floor(((part + 1) * draws) / PARTS) - Math.floor((part * draws) / PARTS);
    let sum = 0;
    for (; left > 0; left -= BLOCK) {
      const values = fill(random, left < BLOCK ? buffer.subarray(0, left) : buffer);
      for (let i = 0; i < values.length; i++) sum += values[i];
    }
    return sum;
  },
  { seed: 1, chunk: 1, as: Float64Array, root: 0 },
);

if (sums !== undefined) {
  for (const [k, name] of Object.keys(kinds).entries()) {
    const sum = sums.subarray(k * PARTS, (k + 1) * PARTS).reduce((a, b) => a + b);
    console.log(`mean of ${draws} numbers, ${name}: ${(sum / draws).toFixed(8)}`);
  }
  console.error(`${((performance.now() - began) / 1000).toFixed(3)} s on ${world.size} ranks`);
}
