import { algorithms, type Family, families, isFamily, needsOf } from "./algorithm-names.ts";

/**
 * Which algorithm serves which calls. Of the rules for an operation the first that holds for a call, and whose
 * algorithm can serve it, is taken. Only what all ranks know may stand in a rule. Files of `tsmpi tune` hold rules,
 * choice.ts those that count where no file says anything.
 *
 * The steps of an algorithm that goes by levels are collectives on smaller communicators, for which the same rules are
 * asked again.
 */
export interface Rule {
  readonly algorithm: string;
  /** Ranks of the communicator. */
  readonly minRanks?: number;
  readonly maxRanks?: number;
  /** See `choose`. */
  readonly minBytes?: number;
  readonly maxBytes?: number;
  /** Whether the ranks of the job outnumber the cores. */
  readonly crowded?: boolean;
  /** Whether the number of ranks is a power of two. */
  readonly powerOfTwo?: boolean;
}

export type Rules = { readonly [F in Family]?: readonly Rule[] };

/** What is wrong with rules that somebody has written, as the end of a sentence. */
export class WrongRules extends Error {}

const numbers = ["minRanks", "maxRanks", "minBytes", "maxBytes"];
const truths = ["crowded", "powerOfTwo"];

/** Rules from a file, checked. */
export function checkRules(value: unknown): Rules {
  if (!isRecord(value))
    throw new WrongRules("the rules must be an object that has a list for each operation");
  for (const [family, list] of Object.entries(value)) {
    requireFamily(family);
    if (!Array.isArray(list)) throw new WrongRules(`the rules for ${family} must be a list`);
    list.forEach((rule, index) => {
      checkRule(family, rule, `rule ${index + 1} for ${family}`);
    });
  }
  return value as Rules;
}

function checkRule(family: Family, rule: unknown, name: string): void {
  if (!isRecord(rule)) throw new WrongRules(`${name} must be an object`);
  for (const [key, value] of Object.entries(rule)) {
    if (key === "algorithm") requireAlgorithm(family, String(value));
    else if (numbers.includes(key)) {
      if (!Number.isSafeInteger(value) || (value as number) < 0) {
        throw new WrongRules(
          `${key} in ${name} must be a whole number from 0, and is ${JSON.stringify(value)}`,
        );
      }
    } else if (truths.includes(key)) {
      if (typeof value !== "boolean") {
        throw new WrongRules(`${key} in ${name} must be true or false, and is ${JSON.stringify(value)}`);
      }
    } else {
      const known = ["algorithm", ...numbers, ...truths].join(", ");
      throw new WrongRules(`${name} has ${JSON.stringify(key)}, which is none of ${known}`);
    }
  }
  if (rule.algorithm === undefined) throw new WrongRules(`${name} has no algorithm`);
}

/** "allreduce=ring,broadcast=binomial": rules that hold for all calls. */
export function parseForced(text: string): Rules {
  const rules: { [F in Family]?: Rule[] } = {};
  for (const part of text.split(",")) {
    const [, family, algorithm] = /^\s*([^=\s]+)\s*=\s*([^=\s]+)\s*$/.exec(part) ?? [];
    if (family === undefined) {
      throw new WrongRules(
        `expected operation=algorithm, several separated by commas; got ${JSON.stringify(part)}`,
      );
    }
    requireFamily(family);
    requireAlgorithm(family, algorithm);
    (rules[family] ??= []).push({ algorithm });
  }
  return rules;
}

/** The rules of all, those of the first before those of the next. */
export function joinRules(...all: readonly Rules[]): Rules {
  const joined: { [F in Family]?: Rule[] } = {};
  for (const family of families) {
    const list = all.flatMap(rules => rules[family] ?? []);
    if (list.length > 0) joined[family] = list;
  }
  return joined;
}

function requireFamily(name: string): asserts name is Family {
  if (isFamily(name)) return;
  throw new WrongRules(
    `there is no operation ${name} to choose an algorithm for; there are ${families.join(", ")}`,
  );
}

function requireAlgorithm(family: Family, name: string): void {
  if (needsOf(family, name) !== undefined) return;
  const known = Object.keys(algorithms[family]).join(", ");
  throw new WrongRules(`${family} has no algorithm ${name}; it has ${known}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
