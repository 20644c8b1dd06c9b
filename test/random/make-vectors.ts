/**
 * Writes down what NumPy and R draw, for the tests to compare with where neither is installed:
 * npx tsx test/random/make-vectors.ts
 */
import { writeFileSync } from "node:fs";
import { generatorSessions, legacySessions, seedSessions } from "./calls.ts";
import { numpyAnswers, ourAnswers } from "./numpy.ts";
import { rAnswers } from "./r.ts";

export const SIZE = 4001;
export const R_SIZE = 12;

function write(name: string, value: unknown): void {
  if (value === undefined) throw new Error(`nothing to make ${name} with`);
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(value)}\n`);
}

if (process.argv[1]?.endsWith("make-vectors.ts")) {
  const kinds = { generators: generatorSessions, legacy: legacySessions, seeds: seedSessions };
  const answers = Object.entries(kinds).map(([kind, sessions]) => {
    const ours = ourAnswers<any>(sessions as never[], SIZE);
    return [kind, numpyAnswers("python3", sessions, ours, SIZE)];
  });
  write("vectors.json", Object.fromEntries(answers));
  write("r-vectors.json", rAnswers(R_SIZE));
}
