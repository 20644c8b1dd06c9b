/** Facts about the machine, without which no figure means anything. */
import { cpus, loadavg, release, totalmem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { usableCores } from "../../launcher/cores.ts";

export type Machine = Record<string, string | number>;

/** Long enough to see other work, too short to annoy. */
const LOOK_MILLISECONDS = 300;
/** Percent of the cores; an idle machine has some daemons. */
const BUSY_PERCENT = 25;

export const BUSY =
  "Other work was running on this machine when the benchmark began: figures and ratios are not to be trusted.";

/** Percent of the time of all cores that something runs. */
async function busyPercent(): Promise<number> {
  const read = (): { idle: number; total: number } => {
    let idle = 0;
    let total = 0;
    for (const { times } of cpus()) {
      idle += times.idle;
      total += times.user + times.nice + times.sys + times.irq + times.idle;
    }
    return { idle, total };
  };
  const before = read();
  await sleep(LOOK_MILLISECONDS);
  const after = read();
  const total = after.total - before.total;
  return total === 0 ? 0 : Math.round(100 * (1 - (after.idle - before.idle) / total));
}

export function isBusy(machine: Machine): boolean {
  return Number(machine.busyPercent) > BUSY_PERCENT;
}

export async function describeMachine(): Promise<Machine> {
  const [first] = cpus();
  return {
    cpu: first?.model ?? "unknown",
    cores: usableCores(),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `${process.platform} ${release()}`,
    architecture: process.arch,
    node: process.version,
    v8: process.versions.v8,
    load: Number(loadavg()[0].toFixed(2)),
    busyPercent: await busyPercent(),
  };
}
