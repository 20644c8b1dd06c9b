/** `tsmpi bench`: the order of things. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../launcher/usage-error.ts";
import { Missing } from "./compile.ts";
import { Contender, type ContenderPlan } from "./contender.ts";
import { formatBytes } from "./format.ts";
import { BUSY, describeMachine, isBusy } from "./machine.ts";
import { measureRow, type Settings, warmUpFor } from "./measure.ts";
import { measureStart } from "./measure-start.ts";
import { casesOf, type Operation } from "./operations.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { planOurs, programsFolder } from "./ours.ts";
import { pageOf } from "./page.ts";
import { planPeer } from "./peers.ts";
import { Probe } from "./probe.ts";
import { meansOf, type Results, type Row } from "./results.ts";
import { standalonePlot } from "./row-plots.ts";
import { meanLines, Table } from "./table.ts";

function say(...lines: string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function planAll(options: Options, folder: string, left: Results["left"]): ContenderPlan[] {
  const { ranks, hosts } = options;
  const variants = options.faces.flatMap(face => options.wires.map(wire => ({ face, wire })));
  const plans = variants.map((variant, i) => planOurs(variant, i === 0, ranks, hosts, options.transport));
  for (const name of options.compare) {
    try {
      plans.push(planPeer(name, { ranks, hosts }, programsFolder(), folder));
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      left.push({ name, reason: error.message });
    }
  }
  return plans;
}

function makeProbe(options: Options, folder: string, left: Results["left"]): Probe | undefined {
  if (!options.placement) return undefined;
  try {
    return new Probe(folder);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    left.push({ name: "placement", reason: error.message });
    return undefined;
  }
}

function takesPart({ startCommand, does }: ContenderPlan, operation: Operation): boolean {
  return operation.name === "start" ? startCommand !== undefined : does(operation, undefined);
}

async function measureAll(
  options: Options,
  contenders: readonly Contender[],
  settings: Settings,
): Promise<Row[]> {
  const [, ...others] = contenders.map(({ plan }) => plan);
  const table = new Table(
    others.map(plan => ({ ...plan, does: operation => takesPart(plan, operation) })),
    others.some(({ kind }) => kind === "c"),
  );
  const rows: Row[] = [];
  for (const operation of options.operations) {
    for (const one of casesOf(operation, options.sizes, formatBytes)) {
      const measure = operation.name === "start" ? measureStart : measureRow;
      const row = await measure(one, contenders, settings);
      rows.push(row);
      say(...table.lines(row));
    }
  }
  return rows;
}

async function run(options: Options): Promise<number> {
  if (!existsSync(join(programsFolder(), "rank.js"))) {
    throw new UsageError(
      `${programsFolder()} lacks the programs of the benchmark; build them with: npm run build`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-bench-"));
  const cleanUp = (): void => rmSync(folder, { recursive: true, force: true });
  process.on("exit", cleanUp);
  const left: Results["left"] = [];
  const plans = planAll(options, folder, left);
  const probe = makeProbe(options, folder, left);
  const machine = await describeMachine();
  const date = new Date().toISOString();
  say(
    options.command,
    Object.entries(machine)
      .map(([name, value]) => `${name} ${value}`)
      .join(", "),
  );
  say(plans.map(({ title, version }) => `${title} ${version}`).join("; "));
  for (const { name, reason } of left) say(`left out: ${name}: ${reason}`);

  if (isBusy(machine)) say(BUSY);

  const contenders = plans.map(plan => new Contender(plan));
  const { rounds, batchTime, ranks, command } = options;
  let rows: Row[];
  try {
    rows = await measureAll(options, contenders, {
      rounds,
      batchTime,
      warmUp: warmUpFor(ranks, options.hosts !== undefined),
      probe,
    });
  } finally {
    probe?.stop();
    await Promise.all(contenders.map(contender => contender.stop()));
  }
  const results: Results = {
    command,
    date,
    machine,
    contenders: plans.map(({ key, title, kind, version }) => ({ key, title, kind, version })),
    left,
    ranks,
    rounds,
    rows,
    means: meansOf(rows),
  };
  say(...meanLines(results.means));
  write(options, results);
  process.off("exit", cleanUp);
  cleanUp();

  const failed = rows.filter(({ failures }) => Object.keys(failures).length > 0);
  if (failed.length === 0) return 0;
  const names = failed.map(({ operation, label }) => `${operation} ${label}`.trim());
  process.stderr.write(`tsmpi bench: ${failed.length} rows failed: ${names.join(", ")}\n`);
  return 1;
}

function write({ json, svg, html }: Options, results: Results): void {
  const outputs: [path: string | undefined, text: () => string][] = [
    [json, () => `${JSON.stringify(results, undefined, 1)}\n`],
    [svg, () => standalonePlot(results)],
    [html, () => pageOf(results)],
  ];
  for (const [path, text] of outputs) {
    if (path === undefined) continue;
    writeFileSync(path, text());
    say(`written: ${path}`);
  }
}

/** @returns the exit code: 0, 1 when a row failed, 2 for a wrong command line */
export async function bench(args: string[]): Promise<number> {
  // The handlers of "exit" end the jobs.
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.once(signal, () => process.exit(code));
  }
  try {
    const options = parseOptions(args);
    if (options !== undefined) return await run(options);
    process.stdout.write(HELP);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`tsmpi bench: ${error.message}\n`);
    return 2;
  }
}
