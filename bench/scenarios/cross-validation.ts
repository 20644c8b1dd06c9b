/**
 * Scenario 3: how a 10-fold cross-validation of a random forest scales, equal work on any number of ranks:
 * `npx tsmpirun -n 1 bench/scenarios/cross-validation.ts`, then `-n 2`. The first call, for which code is still to be compiled,
 * is told apart; an argument repeats the folds so often. scaling.mjs makes a table of several such runs.
 */
import { RandomForestRegression } from "ml-random-forest";
import { world } from "tsmpi";
import { map } from "tsmpi/parallel";
import { defaultRng } from "tsmpi/random";
import { report } from "./report.ts";

const N = 300;
const P = 10;
const FOLDS = 10;
const [, , repeats = "1"] = process.argv;
const TASKS = FOLDS * Number(repeats);

const random = defaultRng(1);
const x = Array.from({ length: N }, () => Array.from(random.standardNormal(P)));
const y = x.map(([x1, x2, x3]) => x1 + Math.sqrt(Math.abs(x2 * x3)) + x2 - x3 + random.standardNormal());
const foldOf = random.permutation(N).map(i => i % FOLDS);
const indices = Array.from(foldOf.keys());

function predict(fold: number): number[] {
  const rest = indices.filter(i => foldOf[i] !== fold);
  const options = { nEstimators: 4, maxFeatures: 0.5, replacement: false, seed: 1, noOOB: true };
  const forest = new RandomForestRegression({ ...options, treeOptions: { maxDepth: 6 } });
  forest.train(
    rest.map(i => x[i]),
    rest.map(i => y[i]),
  );
  return forest.predict(indices.filter(i => foldOf[i] === fold).map(i => x[i]));
}

async function validate(): Promise<number> {
  await world.barrier();
  const began = performance.now();
  await map(world, TASKS, task => predict(task % FOLDS), { root: 0 });
  return performance.now() - began;
}

report(`tsmpi, ${world.size} ranks, first call`, await validate());
let best = Infinity;
for (let round = 0; round < 3; round++) best = Math.min(best, await validate());
report(`tsmpi, ${world.size} ranks`, best);
