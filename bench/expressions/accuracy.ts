/**
 * The errors of the functions of expressions on random arguments: `npx tsx bench/expressions/accuracy.ts [count]`,
 * which looks at `count` arguments (1000) in every range. Needs Python with mpmath (Debian: python3-mpmath).
 */
import { accuracies } from "../../test/linalg/expressions/accuracy.ts";
import { measure } from "../../test/linalg/expressions/errors.ts";

const measured = measure(Number(process.argv[2] ?? 1000), Date.now() % 2 ** 31);
console.log("| function | float64 | float32 | stated |\n|---|---|---|---|");
for (const [name, { float64, float32 }] of Object.entries(accuracies)) {
  const worst = (type: string) =>
    measured.find(row => row.name === name && row.type === type)!.worst.toFixed(2);
  const stated = float64 === float32 ? `${float64}` : `${float64}, ${float32}`;
  console.log(`| ${name} | ${worst("float64")} | ${worst("float32")} | ${stated} |`);
}
