/** What a run finds, as it is written with --json. */
import type { Machine } from "./machine.ts";
import type { Case, Group } from "./operations.ts";
import type { Placement } from "./probe.ts";
import { geometricMean, median, pairedRatio, spread } from "./statistics.ts";

/** A contender in a row. Times are microseconds of one call, hop or message: less is better. */
export interface Measured {
  calls: number;
  median: number;
  /** Half the distance of the quartiles, as a part of the median. */
  spread: number;
  /** By the clock of rank 0, one a batch, in the order measured: batch i of all contenders is one round. */
  batches: number[];
  /** By the clock of the slowest rank. */
  slowest: number[];
  placements?: (Placement | undefined)[];
}

export interface Ratio {
  /** How many times longer the peer takes than tsmpi, by the clock of rank 0. */
  ratio: number;
  /** By the clock of the slowest rank. */
  slowest: number;
  /** Pairs of batches that went in. */
  pairs: number;
}

export interface Row {
  operation: string;
  group: Group;
  label: string;
  bytes: number | undefined;
  contenders: Record<string, Measured>;
  ratios: Record<string, Ratio>;
  /** The fastest C peer. */
  best: { contender: string; ratio: number; slowest: number } | undefined;
  /** Contenders that gave no or wrong results. */
  failures: Record<string, string>;
}

export interface Means {
  rows: number;
  ratio: number;
  slowest: number;
  least: number;
}

export interface Results {
  command: string;
  date: string;
  machine: Machine;
  contenders: { key: string; title: string; kind: "ours" | "c" | "other"; version: string }[];
  left: { name: string; reason: string }[];
  ranks: number;
  rounds: number;
  rows: Row[];
  means: Record<string, Means>;
}

/** Fewer pairs than this say nothing; then all are used, wherever the cores were. */
const LEAST_PAIRS = 3;

function samePlacement(a: Measured, b: Measured): number[] {
  const all = a.batches.map((_, i) => i);
  const same = all.filter(i => a.placements?.[i] === b.placements?.[i]);
  return same.length >= LEAST_PAIRS ? same : all;
}

export function ratioOf(peer: Measured, ours: Measured): Ratio {
  const pairs = samePlacement(peer, ours);
  const of = (times: number[]): number[] => pairs.map(i => times[i]);
  return {
    ratio: pairedRatio(of(peer.batches), of(ours.batches)),
    slowest: pairedRatio(of(peer.slowest), of(ours.slowest)),
    pairs: pairs.length,
  };
}

export function measured(
  calls: number,
  batches: number[],
  slowest: number[],
  placements: (Placement | undefined)[],
): Measured {
  const known = placements.some(placement => placement !== undefined);
  return {
    calls,
    median: median(batches),
    spread: spread(batches),
    batches,
    slowest,
    ...(known ? { placements } : {}),
  };
}

/** Completes a row: the ratios to ours, and the best of the C peers. */
export function makeRow(
  { operation, bytes, label }: Case,
  contenders: Record<string, Measured>,
  failures: Record<string, string>,
  cPeers: readonly string[],
): Row {
  const { tsmpi: ours } = contenders;
  const ratios: Record<string, Ratio> = {};
  for (const [key, peer] of Object.entries(contenders)) {
    if (key !== "tsmpi" && ours !== undefined) ratios[key] = ratioOf(peer, ours);
  }
  const [best] = cPeers
    .filter(key => ratios[key] !== undefined)
    .map(key => ({ contender: key, ratio: ratios[key].ratio, slowest: ratios[key].slowest }))
    .toSorted((a, b) => a.ratio - b.ratio);
  return {
    operation: operation.name,
    group: operation.group,
    label,
    bytes,
    contenders,
    ratios,
    best,
    failures,
  };
}

/** Geometric means of the ratios to the best C peer: of each operation, of each group, and of all rows. */
export function meansOf(rows: readonly Row[]): Record<string, Means> {
  const means: Record<string, Means> = {};
  const add = (name: string, chosen: readonly Row[]): void => {
    const best = chosen.flatMap(row => (row.best === undefined ? [] : [row.best]));
    if (best.length === 0) return;
    means[name] = {
      rows: best.length,
      ratio: geometricMean(best.map(({ ratio }) => ratio)),
      slowest: geometricMean(best.map(({ slowest }) => slowest)),
      least: Math.min(...best.map(({ ratio }) => ratio)),
    };
  };
  for (const name of new Set(rows.map(({ operation }) => operation))) {
    add(
      name,
      rows.filter(({ operation }) => operation === name),
    );
  }
  for (const name of ["p2p", "collectives"]) {
    add(
      name,
      rows.filter(({ group }) => group === name),
    );
  }
  // Starting is another matter than communicating.
  add(
    "all",
    rows.filter(({ group }) => group !== "start"),
  );
  return means;
}
