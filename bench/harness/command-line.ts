/** What the command lines of the tools that measure have in common; mistakes are a `UsageError`. */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "../../launcher/usage-error.ts";
import { nearest } from "../../src/nearest.ts";
import { parseBytes } from "./format.ts";

export interface Words {
  /** Options by their names, "" for switches. */
  values: ReadonlyMap<string, string>;
  /** What is no option. */
  words: string[];
}

/** @param tool its name in messages */
export function readWords(
  tool: string,
  args: readonly string[],
  withValue: readonly string[],
  switches: readonly string[],
): Words {
  const values = new Map<string, string>();
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (!arg.startsWith("-")) {
      words.push(arg);
      continue;
    }
    const equals = arg.startsWith("--") ? arg.indexOf("=") : -1;
    const typed = equals < 0 ? arg : arg.slice(0, equals);
    const name =
      typed === "-h" ? "--help" : oneOf(`an option of ${tool}`, typed, [...withValue, ...switches]);
    const attached = equals < 0 ? undefined : arg.slice(equals + 1);
    if (switches.includes(name)) {
      if (attached !== undefined) throw new UsageError(`${name} takes no value, and ${attached} came`);
      values.set(name, "");
      continue;
    }
    const value = attached ?? args[++i];
    if (value === undefined || value === "")
      throw new UsageError(`${name} expects a value, and nothing came`);
    values.set(name, value);
  }
  return { values, words };
}

export function list(name: string, value: string): string[] {
  const items = value
    .split(",")
    .map(item => item.trim())
    .filter(item => item !== "");
  if (items.length === 0) throw new UsageError(`${name} expects names separated by commas, and nothing came`);
  return items;
}

export function oneOf<T extends string>(what: string, word: string, known: readonly T[]): T {
  const found = known.find(name => name === word);
  if (found !== undefined) return found;
  const guess = nearest(word, known);
  throw new UsageError(
    `${word} is not ${what}; ${guess === undefined ? `there are ${known.join(", ")}` : `did you mean ${guess}?`}`,
  );
}

export function wholeNumber(name: string, value: string, least: number): number {
  if (/^\d{1,6}$/.test(value) && Number(value) >= least) return Number(value);
  throw new UsageError(`${name} expects a whole number, at least ${least}; ${value} came`);
}

export function sizesOf(value: string): number[] {
  const sizes = list("--sizes", value).map(text => {
    const bytes = parseBytes(text);
    if (bytes !== undefined && bytes >= 8 && bytes % 8 === 0) return bytes;
    throw new UsageError(
      `--sizes expects multiples of 8 bytes (the data are doubles), such as 8,64,1KiB; ${text} came`,
    );
  });
  return [...new Set(sizes)].toSorted((a, b) => a - b);
}

/** A run takes minutes: what cannot be written is said before it. */
export function outputFile(name: string, value: string): string {
  const path = resolve(value);
  if (existsSync(dirname(path))) return path;
  throw new UsageError(`${name} expects a file in a folder that exists; ${dirname(path)} does not`);
}
