/**
 * A permutation test: are chinstrap penguins heavier than Adelie penguins by chance? Each replicate deals the masses to the
 * two species anew and looks whether the means come out at least as far apart. Replicates are counted as they come, and
 * not stored.
 */
import { readFileSync } from "node:fs";
import { world } from "tsmpi";
import { foldMap, reducers } from "tsmpi/parallel";

const REPLICATES = 20_000;

interface Penguin {
  Species: string;
  "Body Mass (g)": number | null;
}

const path = new URL("../data/penguins.json", import.meta.resolve("vega-datasets"));
const penguins: Penguin[] = JSON.parse(readFileSync(path, "utf8"));
const massesOf = (species: string): number[] =>
  penguins
    .filter(penguin => penguin.Species === species)
    .map(penguin => penguin["Body Mass (g)"])
    .filter(mass => mass !== null);

const adelie = massesOf("Adelie");
const chinstrap = massesOf("Chinstrap");
const all = Float64Array.from([...adelie, ...chinstrap]);

/** Mean of the last ones, as many as there are chinstraps, less the mean of the others. */
function difference(masses: Float64Array): number {
  let first = 0;
  let second = 0;
  for (let i = 0; i < adelie.length; i++) first += masses[i];
  for (let i = adelie.length; i < masses.length; i++) second += masses[i];
  return second / chinstrap.length - first / adelie.length;
}

const observed = difference(all);
const counts = await foldMap(
  world,
  REPLICATES,
  (_replicate, _index, { random }) => difference(random.permutation(all)),
  reducers.fused({
    asFar: reducers.field((each: number) => (Math.abs(each) >= observed ? 1 : 0), reducers.sum()),
    spread: reducers.deviation(),
  }),
  { seed: 1 },
);

if (world.rank === 0) {
  console.log(
    `${adelie.length} Adelie and ${chinstrap.length} chinstrap penguins: means differ by ${observed.toFixed(3)} g`,
  );
  console.log(`${REPLICATES} permutations: standard deviation ${counts.spread.toFixed(3)} g`);
  // The data count as one permutation, too [Phipson and Smyth 2010].
  console.log(
    `as far apart in ${counts.asFar} of them: p = ${((counts.asFar + 1) / (REPLICATES + 1)).toFixed(5)}`,
  );
}
