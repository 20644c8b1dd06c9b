/**
 * `tsmpi tune`: each algorithm of an operation is a contender of its own, a job that is forced to use it, and they
 * are measured as `tsmpi bench` measures tsmpi and its peers: a batch of each in turn, results checked.
 */
import { writeFileSync } from "node:fs";
import { usableCores } from "../../launcher/cores.ts";
import { UsageError } from "../../launcher/usage-error.ts";
import { packageVersion } from "../../launcher/version.ts";
import { Need, needsOf } from "../../src/collectives/algorithm-names.ts";
import { Contender, type ContenderPlan } from "./contender.ts";
import { formatBytes, formatNumber } from "./format.ts";
import { BUSY, describeMachine, isBusy } from "./machine.ts";
import { measureRow, warmUpFor } from "./measure.ts";
import { casesOf, operationNamed } from "./operations.ts";
import { planOurs } from "./ours.ts";
import type { Row } from "./results.ts";
import { median } from "./statistics.ts";
import {
  candidatesOf,
  parseTuneOptions,
  TUNE_HELP,
  TUNED,
  type Tuned,
  type TuneOptions,
} from "./tune-options.ts";
import { type Figure, rulesFrom, tableText } from "./tune-table.ts";

/** Microseconds of a batch: short, for there are many rows, and only what is faster counts. */
const BATCH_TIME = 6000;
/** Of a measured element. */
const ELEMENT_BYTES = 8;

function planOf(operation: Tuned, algorithm: string, ranks: number): ContenderPlan {
  const family = TUNED[operation];
  const needsBlocks = (needsOf(family, algorithm)! & Need.blocks) !== 0;
  return {
    ...planOurs({ face: "sync", wire: "zeromq" }, false, ranks, undefined),
    key: algorithm,
    title: algorithm,
    environment: { TSMPI_ALGORITHM: `${family}=${algorithm}`, TSMPI_TUNE: "" },
    // Where there is nothing to cut another algorithm would run instead.
    does: (_, bytes = 0) => !needsBlocks || bytes / ELEMENT_BYTES >= 2 * ranks,
  };
}

async function measureOperation(
  operation: Tuned,
  ranks: number,
  { sizes, rounds }: TuneOptions,
): Promise<Figure[]> {
  const contenders = candidatesOf(operation).map(
    algorithm => new Contender(planOf(operation, algorithm, ranks)),
  );
  const figures: Figure[] = [];
  try {
    for (const one of casesOf(operationNamed(operation), sizes, formatBytes)) {
      const row = await measureRow(one, contenders, {
        rounds,
        batchTime: BATCH_TIME,
        warmUp: warmUpFor(ranks, false),
        probe: undefined,
      });
      const microseconds: Record<string, number> = {};
      for (const [algorithm, { slowest }] of Object.entries(row.contenders)) {
        microseconds[algorithm] = Number(formatNumber(median(slowest)));
      }
      process.stdout.write(`${lineOf(row, ranks, microseconds)}\n`);
      figures.push({
        family: TUNED[operation],
        ranks,
        crowded: ranks > usableCores(),
        bytes: row.bytes ?? 0,
        microseconds,
      });
    }
  } finally {
    await Promise.all(contenders.map(contender => contender.stop()));
  }
  return figures;
}

function lineOf(row: Row, ranks: number, microseconds: Readonly<Record<string, number>>): string {
  const best = Math.min(...Object.values(microseconds));
  const times = Object.entries(microseconds).map(
    ([algorithm, time]) => `${algorithm} ${time}${time === best ? "*" : ""}`,
  );
  const failures = Object.entries(row.failures).map(
    ([algorithm, reason]) => `${algorithm} failed: ${reason}`,
  );
  const what = `${row.operation} ${row.label}, ${ranks} ranks`.replace(" ,", ",");
  return `${what.padEnd(36)} ${[...times, ...failures].join(", ")}`;
}

async function run(options: TuneOptions): Promise<number> {
  const machine = await describeMachine();
  if (isBusy(machine)) process.stdout.write(`${BUSY}\n`);
  process.stdout.write("us by the slowest rank, * the fastest algorithm\n");
  const figures: Figure[] = [];
  for (const ranks of options.ranks) {
    for (const operation of options.operations) {
      figures.push(...(await measureOperation(operation, ranks, options)));
    }
  }
  const { command, out } = options;
  const facts = { tsmpi: packageVersion(), date: new Date().toISOString(), command, machine };
  writeFileSync(out, tableText(facts, rulesFrom(figures), figures));
  process.stdout.write(`written: ${out}; use it with tsmpirun --tune ${out}, or TSMPI_TUNE=${out}\n`);
  const measured = figures.every(({ microseconds }) => Object.keys(microseconds).length > 0);
  return measured ? 0 : 1;
}

/** @returns the exit code: 0, 1 when an operation could not be measured, 2 for a wrong command line */
export async function tune(args: string[]): Promise<number> {
  try {
    const options = parseTuneOptions(args);
    if (options !== undefined) return await run(options);
    process.stdout.write(TUNE_HELP);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`tsmpi tune: ${error.message}\n`);
    return 2;
  }
}
