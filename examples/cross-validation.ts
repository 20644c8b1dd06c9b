/**
 * Cross-validation of a random forest: thirty settings of the forest (methods), each fitted ten times to nine tenths of the
 * data, which then predicts the rest. The two loops, over folds and methods, are one map of 300 tasks, so that ranks may
 * outnumber the folds. Predictions come by folds and are put in the order of the observations. Arguments: observations and
 * variables.
 */
import { RandomForestRegression } from "ml-random-forest";
import { world } from "tsmpi";
import { gridMap } from "tsmpi/parallel";
import { defaultRng } from "tsmpi/random";

const FOLDS = 10;
const n = Number(process.argv[2] ?? 1000);
const p = Number(process.argv[3] ?? 50);

// The same data on every rank, from one seed: y = x1 + sqrt(|x2 x3|) + x2 - x3 + noise.
const random = defaultRng(1);
const x = Array.from({ length: n }, () => Array.from(random.standardNormal(p)));
const noise = random.standardNormal(n);
const y = x.map(([x1, x2, x3], i) => x1 + Math.sqrt(Math.abs(x2 * x3)) + x2 - x3 + noise[i]);
const foldOf = random.permutation(n).map(i => i % FOLDS);

const methods = [1, 2, 4].flatMap(trees =>
  [0.4, 0.8].flatMap(maxFeatures => [1, 2, 3, 4, 5].map(depth => ({ trees, maxFeatures, depth }))),
);

/** What a forest grown without a fold predicts of it. */
function predict(fold: number, { trees, maxFeatures, depth }: (typeof methods)[number]): Float64Array {
  const indices = Array.from(foldOf.keys());
  const rest = indices.filter(i => foldOf[i] !== fold);
  const own = indices.filter(i => foldOf[i] === fold);
  const forest = new RandomForestRegression({
    nEstimators: trees,
    maxFeatures,
    replacement: false,
    seed: 1 + fold,
    noOOB: true,
    treeOptions: { maxDepth: depth },
  });
  forest.train(
    rest.map(i => x[i]),
    rest.map(i => y[i]),
  );
  return Float64Array.from(forest.predict(own.map(i => x[i])));
}

/** In the order of observations what there is of each fold, in that order within it. */
function byObservation(folds: readonly Float64Array[]): Float64Array {
  const next = folds.map(fold => fold.values());
  return Float64Array.from(foldOf, fold => next[fold].next().value as number);
}

const predictions = await gridMap(world, [FOLDS, methods], predict, {
  cost: ([, method]) => method.trees * method.maxFeatures * method.depth,
  root: 0,
});

if (predictions !== undefined) {
  const judged = methods.map((method, m) => {
    const predicted = byObservation(predictions.map(fold => fold[m]));
    return {
      ...method,
      predicted,
      mean: predicted.reduce((sum, value, i) => sum + (y[i] - value) ** 2, 0) / n,
    };
  });
  judged.sort((a, b) => a.mean - b.mean);
  console.log(`${FOLDS} folds x ${methods.length} methods over ${n} observations of ${p} variables`);
  for (const { trees, maxFeatures, depth, mean } of [...judged.slice(0, 3), ...judged.slice(-1)]) {
    console.log(
      `error ${mean.toFixed(6)}: ${trees} trees of depth ${depth} from ${100 * maxFeatures} % of the variables`,
    );
  }
  const [{ predicted }] = judged;
  for (const i of [0, 1, 2]) {
    console.log(`observation ${i} is ${y[i].toFixed(4)}, the best predicts ${predicted[i].toFixed(4)}`);
  }
}
