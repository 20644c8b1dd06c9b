/**
 * The bootstrap [Efron 1979]: how uncertain is the median body mass of 342 penguins? Each replicate draws as many of
 * them, with repetition, and takes the median; the spread of those medians is the answer. Replicates are items of a map,
 * and each has random numbers of its own, so the figures are the same for every number of ranks.
 */
import { readFileSync } from "node:fs";
import { world } from "tsmpi";
import { map, reducers } from "tsmpi/parallel";

const REPLICATES = 2000;

interface Penguin {
  "Body Mass (g)": number | null;
}

const path = new URL("../data/penguins.json", import.meta.resolve("vega-datasets"));
const penguins: Penguin[] = JSON.parse(readFileSync(path, "utf8"));
const masses = Float64Array.from(
  penguins.map(penguin => penguin["Body Mass (g)"]).filter(mass => mass !== null),
);

/** Sorts its argument. */
function median(values: Float64Array): number {
  values.sort();
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

const medians = await map(
  world,
  REPLICATES,
  (_replicate, _index, { random }) =>
    median(random.integers(0, masses.length, masses.length).map(i => masses[i])),
  { seed: 1, root: 0, as: Float64Array },
);

if (medians !== undefined) {
  const error = reducers.deviation();
  const sorted = medians.toSorted();
  console.log(`median of ${masses.length} penguins: ${median(masses.slice())} g`);
  console.log(
    `standard error over ${REPLICATES} replicates: ${error.result(medians.reduce(error.add, error.empty())).toFixed(3)} g`,
  );
  console.log(
    `95 % interval: ${sorted[Math.floor(0.025 * REPLICATES)]} to ${sorted[Math.ceil(0.975 * REPLICATES) - 1]} g`,
  );
}
