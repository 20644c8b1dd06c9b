/** Measures the row `start`: whole jobs, one after the other, while the long-running ones sleep. */
import { spawn } from "node:child_process";
import type { Contender, ContenderPlan } from "./contender.ts";
import { cPeersOf, type Settings } from "./measure.ts";
import type { Case } from "./operations.ts";
import { type Measured, makeRow, measured, type Row } from "./results.ts";

/** A job takes up to half a second here, and the medians of so many hold still. */
const MOST_ROUNDS = 9;

/** Microseconds from the command to the end. */
function timeJob({ startCommand, environment }: ContenderPlan): Promise<number> {
  const [program, ...args] = startCommand!;
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const child = spawn(program, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...environment },
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-2000);
    });
    child.on("error", reject);
    child.on("close", code => {
      if (code === 0) resolve((performance.now() - begin) * 1000);
      else reject(new Error(`ended with ${code}: ${said.trim()}`));
    });
  });
}

export async function measureStart(
  row: Case,
  contenders: readonly Contender[],
  { rounds }: Settings,
): Promise<Row> {
  const plans = contenders.map(({ plan }) => plan).filter(({ startCommand }) => startCommand !== undefined);
  const times = new Map<string, number[]>(plans.map(({ key }) => [key, []]));
  const failures: Record<string, string> = {};
  for (let round = -1; round < Math.min(rounds, MOST_ROUNDS); round++) {
    for (const plan of plans) {
      if (failures[plan.key] !== undefined) continue;
      try {
        const time = await timeJob(plan);
        if (round >= 0) times.get(plan.key)!.push(time);
      } catch (error) {
        failures[plan.key] = (error as Error).message;
      }
    }
  }
  const results: Record<string, Measured> = {};
  for (const [key, list] of times) {
    if (failures[key] === undefined) results[key] = measured(1, list, list, []);
  }
  return makeRow(row, results, failures, cPeersOf(contenders));
}
