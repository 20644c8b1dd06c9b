/**
 * tsmpirun: starts the ranks of a program on this machine. What is not needed to get the ranks going (help,
 * the transpiler) is loaded only when it is wanted, for every job pays for what this file loads.
 */
import { TsmpiError } from "../src/errors.ts";
import { createHostSegment } from "../src/job/create-host-segment.ts";
import { exitSurely } from "../src/job/exit-surely.ts";
import type { RankMedium } from "../src/job/host-segment.ts";
import { checkLocalRanks } from "../src/transport/layout.ts";
import { type Arguments, parseArguments } from "./arguments.ts";
import type { Runnable } from "./cache.ts";
import { chooseTransport } from "./choose-transport.ts";
import { coresText, usableCores } from "./cores.ts";
import { runJob } from "./job.ts";
import { LocalHost } from "./local-host.ts";
import type { TransportName } from "./options.ts";
import { makePlan, type Plan, partOf } from "./plan.ts";
import { prepare, removeTemporary, temporaryFolder } from "./prepare.ts";
import { ReportedError, UsageError } from "./usage-error.ts";

const USAGE_CODE = 2;

function describe(args: Arguments, plan: Plan, runnables: ReadonlyMap<string, Runnable>): void {
  if (!args.verbose) return;
  const lines = [...runnables].map(([script, { how }]) => `${script}: ${how}`);
  lines.push(
    `node booted in ${performance.nodeTiming.bootstrapComplete.toFixed(0)} ms, ready to start ranks after`,
  );
  lines[lines.length - 1] += ` ${performance.now().toFixed(0)} ms`;
  if (plan.ranks > plan.cores)
    lines.push(`${plan.ranks} ranks share ${coresText(plan.cores)} that they may use`);
  process.stderr.write(lines.map(line => `tsmpirun: ${line}\n`).join(""));
}

async function main(): Promise<number> {
  const args = parseArguments(process.argv.slice(2));
  if (args === "help") {
    process.stdout.write((await import("./help.ts")).helpText());
    return 0;
  }
  if (args === "version") {
    process.stdout.write(`tsmpirun ${(await import("./version.ts")).packageVersion()}\n`);
    return 0;
  }
  const plan = makePlan(args, usableCores(args.physicalCores));
  const transport = plan.hosts === undefined ? transportHere(plan, args) : undefined;
  if (args.dryRun) {
    process.stdout.write((await import("./dry-run.ts")).dryRunText(plan, args));
    return 0;
  }
  if (transport === undefined) return (await import("./hosts/run-on-hosts.ts")).runOnHosts(plan, args);
  const runnables = await prepare(plan.programs);
  try {
    describe(args, plan, runnables);
    const part = partOf(plan, args, runnables, 0);
    const temporary = temporaryFolder(runnables);
    const medium = await mediumOf(plan, args, transport);
    return await runJob(plan, args, events => [new LocalHost(part, plan.cores, temporary, medium, events)]);
  } finally {
    removeTemporary(runnables);
  }
}

/** @throws when this machine cannot run the job, before anything is made for it */
function transportHere({ ranks }: Plan, args: Arguments): TransportName {
  checkLocalRanks(ranks);
  return chooseTransport(args);
}

/** What joins the ranks of this machine. */
async function mediumOf(
  { ranks, cores }: Plan,
  args: Arguments,
  transport: TransportName,
): Promise<RankMedium> {
  if (transport === "shared-memory")
    return createHostSegment(ranks, cores, 0, args.dashboard !== undefined, args.stats);
  return new (await import("./threads/rank-gateways.ts")).RankGateways(ranks, cores, args);
}

function explain(error: unknown): number {
  if (error instanceof ReportedError) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof UsageError || error instanceof TsmpiError) {
    process.stderr.write(`tsmpirun: ${error.message}\n`);
    return USAGE_CODE;
  }
  process.stderr.write(`tsmpirun failed itself, which is a mistake in tsmpi: ${(error as Error).stack}\n`);
  return 1;
}

exitSurely();
// Not only the exit code: an idle pipe or timer must not keep tsmpirun when its job has ended.
void main()
  .catch(explain)
  .then(code => process.exit(code));
