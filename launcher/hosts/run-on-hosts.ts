/** A job on several hosts: their daemons are started while the scripts are made ready, then the job runs as any other. */
import type { Runnable } from "../cache.ts";
import { runJob } from "../job.ts";
import type { JobOptions } from "../options.ts";
import { type Plan, partOf } from "../plan.ts";
import { prepare, removeTemporary } from "../prepare.ts";
import { ReportedError } from "../usage-error.ts";
import { packageVersion } from "../version.ts";
import type { HostCard } from "./protocol.ts";
import type { RemoteHost } from "./remote-host.ts";
import { problemLines, type StartedHosts, startHosts } from "./start-hosts.ts";

function readersOf(stdin: JobOptions["stdin"], ranks: number): number[] {
  if (stdin === "none") return [];
  return stdin === "all" ? Array.from({ length: ranks }, (_, rank) => rank) : [stdin];
}

/** Makes daemons run on all hosts, each of them prepared. */
export type Start = (prepare: (host: RemoteHost, index: number) => Promise<void>) => Promise<StartedHosts>;

/** @param start by default through agents */
export async function runOnHosts(
  plan: Plan,
  options: JobOptions,
  start: Start = prepare => startHosts(plan.hosts!, plan.launcher!, options, prepare),
): Promise<number> {
  // Awaited by every host; started before them, and its failure is seen by the first.
  const preparing = prepare(plan.programs, options.ship);
  let runnables: ReadonlyMap<string, Runnable> = new Map();
  try {
    const { hosts, problems } = await start(async (host, index) => {
      runnables = await preparing;
      const files = [...runnables.values()].filter(({ transpiled }) => transpiled).map(({ file }) => file);
      const withMaps = files.flatMap(file => [file, `${file}.map`]);
      const imports = [...runnables].flatMap(([script, { externals }]) =>
        externals.map((path): [string, string] => [path, script]),
      );
      const order = {
        kind: "prepare",
        version: packageVersion(),
        part: partOf(plan, options, runnables, index),
        files: withMaps,
        shippedLibraries: options.ship ? imports.map(([path]) => path) : undefined,
        imports: options.ship ? [] : imports,
        readers: readersOf(options.stdin, plan.ranks),
        network: options.network,
        linkTimeoutSeconds: options.linkTimeoutSeconds,
        wire: options.wire,
      } as const;
      await host.prepare(order, withMaps);
    });
    if (problems.length > 0) {
      for (const host of hosts) void host?.close();
      const lines = [...problemLines(problems), "no rank was started"];
      throw new ReportedError(lines.map(line => `tsmpirun: ${line}`).join("\n"));
    }
    const cards = hosts.map((host): HostCard => host.card!);
    if (options.verbose) {
      const lines = hosts.map(
        ({ name, card }) => `tsmpirun: ${name} is ${card!.hostname} (${card!.addresses.join(", ")})\n`,
      );
      process.stderr.write(
        `${lines.join("")}tsmpirun: hosts ready after ${performance.now().toFixed(0)} ms\n`,
      );
    }
    return await runJob(plan, options, events => {
      for (const host of hosts) {
        host.startWith = cards;
        host.others = hosts;
        host.follow(events);
      }
      return hosts;
    });
  } finally {
    removeTemporary(runnables);
  }
}
