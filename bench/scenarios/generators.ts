/**
 * Scenario 2: the means of 100,000,000 normals, gammas and uniforms, or as many of each as the variable DRAWS says:
 * `npx tsmpirun -n 2 bench/scenarios/generators.ts`. Streams are those of peers/generators.py, so the means are, too.
 */
import { world } from "tsmpi";
import { setThreads, sync } from "tsmpi/linalg";
import { map } from "tsmpi/parallel";
import type { Generator } from "tsmpi/random";
import { report } from "./report.ts";

const draws = Number(process.env.DRAWS ?? 100_000_000);
/** Of each kind, for the second way. */
const PARTS = 16;
/** In the second way so many numbers at a time, which stay in the cache. */
const BLOCK = 16_384;

interface Kind {
  fill(random: Generator, target: Float64Array): Float64Array;
  readonly mean: number;
  readonly variance: number;
  /** Of a number, in any unit. */
  readonly cost: number;
}

const kinds: readonly Kind[] = [
  { fill: (random, target) => random.standardNormalInto(target), mean: 0, variance: 1, cost: 1 },
  { fill: (random, target) => random.gammaInto(target, 1, 1), mean: 1, variance: 1, cost: 1.3 },
  { fill: (random, target) => random.randomInto(target), mean: 0.5, variance: 1 / 12, cost: 0.6 },
];
const parts = kinds.flatMap(kind => Array.from({ length: PARTS }, () => kind));

setThreads(1);
const total = sync.compile("sum(x)");
const squares = sync.compile("sum(x * x)");
const buffer = new Float64Array(BLOCK);

/** As in the lecture: an array of all numbers, and its mean. */
const ofArrays = async (length: number): Promise<Float64Array | undefined> =>
  await map(
    world,
    kinds,
    ({ fill }, _kind, { random }) => (total(fill(random, new Float64Array(length))) as number) / length,
    { seed: 1, as: Float64Array, root: 0, chunk: 1, cost: ({ cost }) => cost },
  );

/** In parts, whose numbers are added up as they come. */
const ofParts = async (length: number): Promise<Float64Array | undefined> => {
  const sums = await map(
    world,
    parts,
    ({ fill }, index, { random }) => {
      const part = index % PARTS;
      let left = Math.floor(((part + 1) * length) / PARTS) - Math.floor((part * length) / PARTS);
      let sum = 0;
      for (; left > 0; left -= BLOCK)
        sum += total(fill(random, left < BLOCK ? buffer.subarray(0, left) : buffer)) as number;
      return sum;
    },
    { seed: 2, as: Float64Array, root: 0, chunk: 1, cost: ({ cost }) => cost },
  );
  return sums && Float64Array.from(kinds, (_, kind) => sumOf(sums, kind) / length);
};

function sumOf(sums: Float64Array, kind: number): number {
  return sums.subarray(kind * PARTS, (kind + 1) * PARTS).reduce((a, b) => a + b);
}

/** @param length how many numbers the means are of, which may be six standard errors off */
function check(means: Float64Array | undefined, length: number): void {
  for (const [kind, found] of means?.entries() ?? []) {
    const { mean, variance } = kinds[kind];
    if (!(Math.abs(found - mean) <= 6 * Math.sqrt(variance / length)))
      throw new Error(`the mean of kind ${kind} should be about ${mean}; it is ${found}`);
  }
}

/** Not timed: whether the numbers vary as they should. */
function checkVariances(random: Generator): void {
  for (const [kind, { fill, mean, variance }] of kinds.entries()) {
    const values = fill(random, new Float64Array(100_000));
    const found = (squares(values) as number) / values.length - mean ** 2;
    if (!(Math.abs(found - variance) <= 0.1 * variance))
      throw new Error(`the variance of kind ${kind} should be about ${variance}; it is ${found}`);
  }
}

await map(world, world.size, (_rank, _index, { random }) => checkVariances(random), { seed: 3 });
check(await ofArrays(100_000), 100_000);
check(await ofParts(100_000), 100_000);
for (const [name, run] of Object.entries({ "an array for each kind": ofArrays, "in parts": ofParts })) {
  await world.barrier();
  const began = performance.now();
  const means = await run(draws);
  const took = performance.now() - began;
  check(means, draws);
  report(`tsmpi ${name}`, took);
  if (world.rank === 0) console.error(`means, ${name}: ${means!.join(" ")}`);
}
