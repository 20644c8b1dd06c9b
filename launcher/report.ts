/** The sentences in which tsmpirun tells how a job ended. */
import { constants } from "node:os";
import { ranksText } from "./plan.ts";

export function signalNumber(signal: NodeJS.Signals): number {
  return constants.signals[signal] ?? 0;
}

/** A rank's exit code as a shell would give it. */
export function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return signal === null ? (code ?? 1) : 128 + signalNumber(signal);
}

export function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
}

/** Joins ranks that share a text: "ranks 0-2, 4 were waiting in barrier". */
export function foldRanks(texts: ReadonlyMap<number, string>, verb: (several: boolean) => string): string[] {
  const groups = new Map<string, number[]>();
  for (const [rank, text] of texts) {
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [rank]);
    else group.push(rank);
  }
  return [...groups].map(([text, ranks]) =>
    `${ranksText(ranks)} ${verb(ranks.length > 1)} ${text}`.trimEnd(),
  );
}

/** One line per different wait. */
export function waitLines(waits: ReadonlyMap<number, string>): string[] {
  return foldRanks(waits, several => (several ? "were waiting in" : "was waiting in"));
}

/** One line for the ranks that waited for nothing: they were computing, or in code of their own. */
export function busyLines(ranks: readonly number[]): string[] {
  if (ranks.length === 0) return [];
  return [`${ranksText(ranks)} ${ranks.length === 1 ? "was" : "were"} not waiting for another rank`];
}
