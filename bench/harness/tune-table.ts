/** From measured times to rules for the choice of algorithms. */
import type { Family } from "../../src/collectives/algorithm-names.ts";
import type { Rule, Rules } from "../../src/collectives/rules.ts";

/** The candidates for one operation, rank count and size. */
export interface Figure {
  family: Family;
  ranks: number;
  /** Whether the ranks outnumber the cores. */
  crowded: boolean;
  /** 0 for an operation without a size. */
  bytes: number;
  /** By algorithm, by the clock of the slowest rank. */
  microseconds: Record<string, number>;
}

/** An algorithm that was best for the size before stays unless another is faster by more than this. */
const MARGIN = 1.05;

/**
 * The fastest algorithm for each size; between two sizes with different ones the border is their geometric mean.
 * Rank counts that were not measured go with the next lower one that was.
 */
export function rulesFrom(figures: readonly Figure[]): Rules {
  const rules: { [F in Family]?: Rule[] } = {};
  for (const [family, ofFamily] of groups(figures, ({ family }) => family)) {
    rules[family] = [];
    for (const [crowded, alike] of groups(ofFamily, one => one.crowded)) {
      const byRanks = [...groups(alike, ({ ranks }) => ranks)].toSorted(([a], [b]) => a - b);
      byRanks.forEach(([ranks, sizes], index) => {
        const minRanks = index === 0 ? 2 : ranks;
        const next = byRanks[index + 1]?.[0];
        const maxRanks = next === undefined ? {} : { maxRanks: next - 1 };
        for (const { algorithm, ...bytes } of winners(sizes)) {
          rules[family]!.push({ algorithm, crowded, minRanks, ...maxRanks, ...bytes });
        }
      });
    }
  }
  if (rules.scan !== undefined) rules.exscan ??= rules.scan;
  return rules;
}

function winners(figures: readonly Figure[]): Rule[] {
  const found: { algorithm: string; minBytes?: number; maxBytes?: number }[] = [];
  let before = 0;
  for (const { bytes, microseconds } of figures.toSorted((a, b) => a.bytes - b.bytes)) {
    const ranking = Object.entries(microseconds).toSorted(([, a], [, b]) => a - b);
    if (ranking.length === 0) continue;
    const [[best, time]] = ranking;
    const last = found.at(-1);
    if (last === undefined) {
      found.push({ algorithm: best });
    } else if (best !== last.algorithm && !(microseconds[last.algorithm] <= time * MARGIN)) {
      const border = Math.round(Math.sqrt(before * bytes));
      last.maxBytes = border - 1;
      found.push({ algorithm: best, minBytes: border });
    }
    before = bytes;
  }
  return found;
}

function groups<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const found = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = found.get(key);
    if (group === undefined) found.set(key, [item]);
    else group.push(item);
  }
  return found;
}

/** JSON with one rule, and one figure, a line. */
export function tableText(
  facts: Readonly<Record<string, unknown>>,
  rules: Rules,
  figures: readonly Figure[],
): string {
  const line = (value: unknown): string => JSON.stringify(value, undefined, 1).replaceAll(/\n */g, " ");
  const list = (items: readonly unknown[], indent: string): string =>
    `[${items.map(item => `\n${indent}  ${line(item)}`).join(",")}\n${indent}]`;
  const families = Object.entries(rules).map(([family, its]) => `    "${family}": ${list(its, "    ")}`);
  const entries = [
    ...Object.entries(facts).map(([name, fact]) => `  "${name}": ${line(fact)}`),
    `  "rules": {\n${families.join(",\n")}\n  }`,
    `  "figures": ${list(figures, "  ")}`,
  ];
  return `{\n${entries.join(",\n")}\n}\n`;
}
