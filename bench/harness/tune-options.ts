/** The command line of `tsmpi tune`. */
import { usableCores } from "../../launcher/cores.ts";
import { algorithms, type Family, Need, needsOf } from "../../src/collectives/algorithm-names.ts";
import { list, oneOf, outputFile, readWords, sizesOf, wholeNumber } from "./command-line.ts";

/** The operations of the benchmark whose algorithms are compared. */
export const TUNED = {
  barrier: "barrier",
  broadcast: "broadcast",
  scatter: "scatter",
  gather: "gather",
  allgather: "allgather",
  alltoall: "alltoall",
  reduce: "reduce",
  allreduce: "allreduce",
  "reduce-scatter": "reduceScatter",
  scan: "scan",
} as const satisfies Record<string, Family>;

export type Tuned = keyof typeof TUNED;

export interface TuneOptions {
  operations: Tuned[];
  ranks: number[];
  sizes: number[];
  rounds: number;
  out: string;
  /** As typed, for the table. */
  command: string;
}

const NAMES = Object.keys(TUNED) as Tuned[];
const SIZES: readonly number[] = [8, 256, 2 << 10, 8 << 10, 32 << 10, 128 << 10, 1 << 20, 4 << 20];
const ROUNDS = 7;

/** Two ranks, one for each core, and twice as many, which then share cores. */
export function defaultRanks(cores = usableCores()): number[] {
  return [...new Set([2, Math.max(2, cores), Math.max(2, 2 * cores)])];
}

export const TUNE_HELP = `usage: tsmpi tune [operations] [options]

Measures the algorithms of the collectives on this machine and writes a table of
the fastest, for tsmpirun --tune FILE or TSMPI_TUNE=FILE. Operations are
separated by commas:
  ${NAMES.slice(0, 6).join(", ")},
  ${NAMES.slice(6).join(", ")} (which counts for exscan, too)
By default all of them.

  -n LIST           numbers of ranks (default: 2, the cores, and twice as many;
                    ${defaultRanks().join(",")} here)
  --sizes LIST      bytes: 8,64,1KiB,... (default: 8 B to 4 MiB)
  --rounds R        batches of each algorithm in a row (default: ${ROUNDS})
  --out FILE        where to (default: tsmpi-tune.json)

Nothing else should run meanwhile. docs/performance.md says more.
`;

/** @returns undefined when the help is asked for */
export function parseTuneOptions(args: readonly string[]): TuneOptions | undefined {
  const withValue = ["-n", "--sizes", "--rounds", "--out"];
  const { values, words } = readWords("tsmpi tune", args, withValue, ["--help"]);
  if (values.has("--help")) return undefined;
  const wanted = words
    .flatMap(word => list("tsmpi tune", word))
    .map(word => oneOf("an operation of tsmpi tune", word, NAMES));
  const [ranks, sizes, rounds] = ["-n", "--sizes", "--rounds"].map(name => values.get(name));
  const counts =
    ranks === undefined ? defaultRanks() : list("-n", ranks).map(word => wholeNumber("-n", word, 2));
  return {
    operations: wanted.length === 0 ? NAMES : NAMES.filter(name => wanted.includes(name)),
    ranks: [...new Set(counts)].toSorted((a, b) => a - b),
    sizes: sizes === undefined ? [...SIZES] : sizesOf(sizes),
    rounds: rounds === undefined ? ROUNDS : wholeNumber("--rounds", rounds, 1),
    out: outputFile("--out", values.get("--out") ?? "tsmpi-tune.json"),
    command: ["tsmpi tune", ...args].join(" "),
  };
}

export function candidatesOf(operation: Tuned): string[] {
  const family = TUNED[operation];
  // Ranks are on one host here.
  return Object.keys(algorithms[family]).filter(name => (needsOf(family, name)! & Need.hosts) === 0);
}
