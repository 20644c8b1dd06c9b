/**
 * Measures one row: all contenders do the same operation, a batch each in turn, round after round. What disturbs the
 * machine for longer than a round disturbs all of them, and the ratios are made within rounds.
 */
import { usableCores } from "../../launcher/cores.ts";
import type { Contender } from "./contender.ts";
import type { Case } from "./operations.ts";
import type { Placement, Probe } from "./probe.ts";
import { type Measured, makeRow, measured, type Row } from "./results.ts";

export interface Settings {
  rounds: number;
  /** Microseconds that a batch of the fastest contender should take. */
  batchTime: number;
  /** See `warmUpFor`. */
  warmUp: number;
  probe: Probe | undefined;
}

const WARM_UP = 25;
const WARM_UP_ON_HOSTS = 80;
/**
 * Batches' worth of warm-up. Half a second, with those of 20 ms: so long an awaited message of 8 bytes takes 2.5 us, and
 * from then on 0.25. Where ranks share cores, their compilers do, too: alltoall of 64 KiB on 8 ranks of 2 cores takes
 * 1.6 ms at first, 0.55 after two seconds. More for jobs on several hosts, where a call passes more processes.
 */
export function warmUpFor(ranks: number, onHosts: boolean): number {
  return onHosts ? WARM_UP_ON_HOSTS : WARM_UP * Math.max(1, ranks / usableCores());
}
/** A contender that is slower than the fastest may take so many times as long; then it gets fewer calls. */
const LONGEST = 8;
/** Even a slow operation gets a few calls, for one alone would be its own warm-up. */
const LEAST_CALLS = 3;
const MOST_CALLS = 10_000_000;

interface Series {
  contender: Contender;
  calls: number;
  batches: number[];
  slowest: number[];
  placements: (Placement | undefined)[];
}

/**
 * Microseconds of one call, after a warm-up in batches that grow until they are long enough to tell. A just-in-time
 * compiler needs that time until it is done with a loop of promises; every contender gets it. The best of the batches
 * counts: a disturbed one at the end would make the measured batches so short that every disturbance counts.
 */
async function estimate(contender: Contender, batchTime: number, warmUp: number): Promise<number> {
  let left = warmUp * batchTime;
  let best = Number.POSITIVE_INFINITY;
  for (let calls = 1; ; ) {
    const { root } = await contender.run(calls);
    left -= root;
    best = Math.min(best, root / calls);
    if (left <= 0 || calls >= MOST_CALLS) return best;
    if (root >= batchTime) continue;
    const factor = Math.min(10, Math.max(1.2, batchTime / Math.max(root, 1)));
    calls = Math.min(MOST_CALLS, Math.ceil(calls * factor));
  }
}

/** Calls in a batch of each: the same for all unless one is far slower than the fastest. */
export function planCalls(estimates: readonly number[], batchTime: number): number[] {
  const common = Math.max(LEAST_CALLS, Math.ceil(batchTime / Math.min(...estimates)));
  return estimates.map(time =>
    Math.min(common, Math.max(LEAST_CALLS, Math.ceil((LONGEST * batchTime) / time)), MOST_CALLS),
  );
}

export async function measureRow(
  row: Case,
  contenders: readonly Contender[],
  { rounds, batchTime, warmUp, probe }: Settings,
): Promise<Row> {
  const failures: Record<string, string> = {};
  const { operation } = row;
  const attempt = async <T>(contender: Contender, work: () => Promise<T>): Promise<T | undefined> => {
    const { key } = contender.plan;
    if (failures[key] !== undefined) return undefined;
    try {
      return await work();
    } catch (error) {
      failures[key] = (error as Error).message;
      // Whatever state it is in: the next row gets a new one.
      await contender.kill();
      return undefined;
    }
  };

  const estimates: number[] = [];
  const series: Series[] = [];
  for (const contender of contenders) {
    if (!contender.plan.does(operation, row.bytes)) continue;
    const time = await attempt(contender, async () => {
      await contender.start();
      await contender.prepare(operation.name, row.argument);
      return estimate(contender, batchTime, warmUp);
    });
    if (time === undefined) continue;
    estimates.push(time);
    series.push({ contender, calls: 0, batches: [], slowest: [], placements: [] });
  }
  const calls = planCalls(estimates, batchTime);
  for (const [i, one] of series.entries()) one.calls = calls[i];

  // The first round warms up.
  for (let round = -1; round < rounds; round++) {
    // Turned about, so that being first or after a certain other one is nobody's lot.
    const order = round % 2 === 0 ? series : series.toReversed();
    for (const one of order) {
      const placement = await probe?.look();
      const times = await attempt(one.contender, () => one.contender.run(one.calls, batchTime * LONGEST));
      if (times === undefined || round < 0) continue;
      one.batches.push(times.root / one.calls / operation.parts);
      one.slowest.push(times.slowest / one.calls / operation.parts);
      one.placements.push(placement);
    }
  }

  const results: Record<string, Measured> = {};
  for (const { contender, calls: each, batches, slowest, placements } of series) {
    const { key } = contender.plan;
    if (failures[key] === undefined) results[key] = measured(each, batches, slowest, placements);
  }
  return makeRow(row, results, failures, cPeersOf(contenders));
}

export function cPeersOf(contenders: readonly Contender[]): string[] {
  return contenders.filter(({ plan }) => plan.kind === "c").map(({ plan }) => plan.key);
}
