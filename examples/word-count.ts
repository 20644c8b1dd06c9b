/**
 * How often is each word in a text? Without an argument the text is the Apache Licence 2.0, which the npm package
 * `typescript` brings. Lines are mapped to words, counts of a word meet on one rank.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { world } from "tsmpi";
import { mapReduce } from "tsmpi/parallel";

const licence = (): string =>
  join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "LICENSE");
const lines = readFileSync(process.argv[2] ?? licence(), "utf8")
  .trimEnd()
  .split("\n");

function* wordsOf(line: string): Generator<[word: string, count: number]> {
  for (const [word] of line.toLowerCase().matchAll(/\p{L}+/gu)) yield [word, 1];
}

const counts = await mapReduce(world, lines, wordsOf, {
  combine: (a, b) => a + b,
  reduce: (_word, [count]) => count,
  results: 0,
});

if (world.rank === 0) {
  const total = [...counts.values()].reduce((a, b) => a + b, 0);
  console.log(`${total} words in ${lines.length} lines, ${counts.size} different ones`);
  const most = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  for (const [word, count] of most.slice(0, 8)) console.log(`${String(count).padStart(5)} ${word}`);
}
