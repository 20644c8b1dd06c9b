/**
 * A random forest [Breiman 2001] that all ranks build together: of which species is a penguin with these measures? Each tree
 * is an item of a map, grown from a bootstrap sample with random numbers of its own, so the forest is the same for
 * every number of ranks. The penguins that were not drawn for a tree judge it. The argument is the number of trees.
 */
import { readFileSync } from "node:fs";
import { world } from "tsmpi";
import { map } from "tsmpi/parallel";
import type { Generator } from "tsmpi/random";

/** Measures that each split may choose from, drawn anew. */
const TRIED = 2;
const MEASURES = ["Beak Length (mm)", "Beak Depth (mm)", "Flipper Length (mm)", "Body Mass (g)"] as const;

type Penguin = { Species: string } & Record<(typeof MEASURES)[number], number | null>;

/** A leaf is the number of a species. */
type Tree = number | { measure: number; limit: number; below: Tree; above: Tree };

const trees = Number(process.argv[2] ?? 500);
if (!(Number.isInteger(trees) && trees >= 1)) {
  throw new RangeError(`forest: expected a number of trees, 1 or more; got ${process.argv[2]}`);
}

const path = new URL("../data/penguins.json", import.meta.resolve("vega-datasets"));
const penguins = (JSON.parse(readFileSync(path, "utf8")) as Penguin[]).filter(penguin =>
  MEASURES.every(measure => penguin[measure] !== null),
);
const x = penguins.map(penguin => MEASURES.map(measure => penguin[measure] as number));
const names = [...new Set(penguins.map(penguin => penguin.Species))].sort();
const species = penguins.map(penguin => names.indexOf(penguin.Species));

/** How many there are of each species among these penguins. */
function countsOf(rows: number[]): number[] {
  const counts = names.map(() => 0);
  for (const row of rows) counts[species[row]]++;
  return counts;
}

/** The first one of the largest. */
const largest = (counts: number[]): number => counts.indexOf(Math.max(...counts));

/** Of n penguins: n less n times Gini's impurity. */
const purity = (counts: number[], n: number): number =>
  counts.reduce((total, count) => total + count * count, 0) / n;

/** A tree for these penguins, split as long as that makes it purer. */
function grow(rows: number[], random: Generator): Tree {
  const counts = countsOf(rows);
  const leaf = largest(counts);
  if (counts[leaf] === rows.length) return leaf;

  let best = purity(counts, rows.length);
  let split: { measure: number; limit: number } | undefined;
  for (const measure of random.choice(MEASURES.length, TRIED, { replace: false })) {
    const sorted = rows.toSorted((a, b) => x[a][measure] - x[b][measure]);
    const low = names.map(() => 0);
    const high = counts.slice();
    for (let n = 1; n < sorted.length; n++) {
      const [last, next] = [sorted[n - 1], sorted[n]];
      low[species[last]]++;
      high[species[last]]--;
      if (x[last][measure] === x[next][measure]) continue;
      const purer = purity(low, n) + purity(high, sorted.length - n);
      if (purer > best) {
        best = purer;
        split = { measure, limit: (x[last][measure] + x[next][measure]) / 2 };
      }
    }
  }
  if (split === undefined) return leaf;
  const { measure, limit } = split;
  const isBelow = (row: number): boolean => x[row][measure] < limit;
  return {
    ...split,
    below: grow(rows.filter(isBelow), random),
    above: grow(
      rows.filter(row => !isBelow(row)),
      random,
    ),
  };
}

function predict(tree: Tree, values: number[]): number {
  let node = tree;
  while (typeof node === "object") node = values[node.measure] < node.limit ? node.below : node.above;
  return node;
}

const forest = await map(
  world,
  trees,
  (_tree, _index, { random }) => {
    const drawn = Array.from(random.integers(0, x.length, x.length));
    const seen = new Set(drawn);
    return { tree: grow(drawn, random), unseen: [...x.keys()].filter(row => !seen.has(row)) };
  },
  { seed: 1 },
);

// From here on every rank has the whole forest; what it says of one penguin takes no other rank.
if (world.rank === 0) {
  const votes = x.map(() => names.map(() => 0));
  for (const { tree, unseen } of forest) for (const row of unseen) votes[row][predict(tree, x[row])]++;
  const table = names.map(() => names.map(() => 0));
  const judged = [...x.keys()].filter(row => votes[row].some(count => count > 0));
  for (const row of judged) table[species[row]][largest(votes[row])]++;

  const right = names.reduce((total, _name, k) => total + table[k][k], 0);
  const leaves = (node: Tree): number =>
    typeof node === "number" ? 1 : leaves(node.below) + leaves(node.above);
  const mean = forest.reduce((total, { tree }) => total + leaves(tree), 0) / forest.length;
  const line = (cells: (string | number)[]): string => cells.map(cell => String(cell).padStart(10)).join("");
  console.log(`${forest.length} trees of ${x.length} penguins, with ${mean.toFixed(2)} leaves on average`);
  console.log(`out-of-bag accuracy ${(right / judged.length).toFixed(4)}: ${right} of ${judged.length}`);
  console.log(line(["", ...names]));
  for (const [k, name] of names.entries()) console.log(line([name, ...table[k]]));
}
