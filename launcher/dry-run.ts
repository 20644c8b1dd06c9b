/** The text of `--dry-run`: who would run where. */
import { coresText, countsText, cpusToUse, physicalCores, usableCores } from "./cores.ts";
import type { JobOptions } from "./options.ts";
import { coresOfRank, type Plan, rankList, ranksText } from "./plan.ts";

/** As a shell would have to be given it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function programLines(plan: Plan, options: JobOptions): string[] {
  const usable =
    options.bindTo === "core" && plan.hosts === undefined ? cpusToUse(options.physicalCores) : [];
  return plan.programs.flatMap(program => {
    const command = [program.script, ...program.args].map(quoted).join(" ");
    const ranks = Array.from({ length: program.ranks }, (_, i) => program.firstRank + i);
    const where = `in ${program.workingFolder}`;
    if (usable.length === 0) return `${ranksText(ranks)}: ${command} (${where})`;
    return ranks.map(rank => {
      const cores = coresOfRank(rank, usable, options.threadsPerRank ?? 1);
      return `rank ${rank}: ${command} (${where}, core ${rankList(cores)})`;
    });
  });
}

function coresLine(plan: Plan, options: JobOptions): string {
  if (!options.physicalCores) return `${countsText(plan.cores, physicalCores())} to use`;
  return `${coresText(plan.cores)} to use, counting physical ones only (${usableCores()} with all hardware threads)`;
}

export function dryRunText(plan: Plan, options: JobOptions): string {
  const ranks = `${plan.ranks} ${plan.ranks === 1 ? "rank" : "ranks"}`;
  const lines: string[] = [];
  if (plan.hosts === undefined) {
    lines.push(`${ranks} on this host, ${coresLine(plan, options)}`);
  } else {
    const count = plan.hosts.length;
    lines.push(`${ranks} on ${count} ${count === 1 ? "host" : "hosts"}, reached by ${plan.launcher}`);
    for (const [host, name] of plan.hosts.entries()) {
      const here = [...plan.places.keys()].filter(rank => plan.places[rank] === host);
      lines.push(`${name}: ${ranksText(here)}`);
    }
  }
  lines.push(...programLines(plan, options));
  return `${lines.join("\n")}\n`;
}
