/**
 * A simulation study: which of three estimators of a centre does best when one value in ten is an outlier? 1000 replicates, each
 * with 100 random numbers of its own from its own stream: every number of ranks gives the same result, to the last bit.
 */
import { world } from "tsmpi";
import { map } from "tsmpi/parallel";

const REPLICATES = 1000;
const SIZE = 100;

const mean = (values: Float64Array): number =>
  values.reduce((total, value) => total + value, 0) / values.length;

const estimators = {
  mean,
  median: (sorted: Float64Array) => (sorted[SIZE / 2 - 1] + sorted[SIZE / 2]) / 2,
  "trimmed mean": (sorted: Float64Array) => mean(sorted.subarray(SIZE / 10, SIZE - SIZE / 10)),
};

/** Normal around 0, a tenth of them ten times as far. */
const replicates = await map(
  world,
  REPLICATES,
  (_replicate, _index, { random }) => {
    const sample = random.standardNormal(SIZE);
    const outliers = random.random(SIZE);
    for (let i = 0; i < SIZE; i++) if (outliers[i] < 0.1) sample[i] *= 10;
    sample.sort();
    return Float64Array.from(Object.values(estimators), estimate => estimate(sample));
  },
  { seed: 2001, root: 0 },
);

if (replicates !== undefined) {
  console.log(`${REPLICATES} replicates of ${SIZE} values, the true centre is 0`);
  for (const [k, name] of Object.keys(estimators).entries()) {
    const estimates = Float64Array.from(replicates, each => each[k]);
    const bias = mean(estimates);
    const squared = mean(estimates.map(estimate => estimate ** 2));
    console.log(
      `${name.padEnd(12)} bias ${bias.toFixed(9).padStart(12)}, mean squared error ${squared.toFixed(9)}`,
    );
  }
}
