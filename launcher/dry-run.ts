/** The text of `--dry-run`: who would run where. */
import { native } from "../src/native.ts";
import type { JobOptions } from "./options.ts";
import { coresOfRank, type Plan, rankList, ranksText } from "./plan.ts";

export function dryRunText(plan: Plan, options: JobOptions): string {
  const lines = [
    `${plan.ranks} ${plan.ranks === 1 ? "rank" : "ranks"} on this host, ${plan.cores} usable cores`,
  ];
  const usable = options.bindTo === "core" ? native().usableCpus() : [];
  for (const program of plan.programs) {
    const command = [program.script, ...program.args].join(" ");
    const ranks = Array.from({ length: program.ranks }, (_, i) => program.firstRank + i);
    const where = `in ${program.workingFolder}`;
    if (usable.length === 0) {
      lines.push(`${ranksText(ranks)}: ${command} (${where})`);
      continue;
    }
    for (const rank of ranks) {
      const cores = coresOfRank(rank, usable, options.threadsPerRank ?? 1);
      lines.push(`rank ${rank}: ${command} (${where}, core ${rankList(cores)})`);
    }
  }
  return `${lines.join("\n")}\n`;
}
