/** `tsmpi doctor`: examines this machine, or the hosts of a job, and says what to mend first. */
import { parseArguments } from "./arguments.ts";
import { countsText } from "./cores.ts";
import { nodeProblem } from "./hosts/checks.ts";
import { type ChosenHosts, chooseHosts } from "./hosts/choose-hosts.ts";
import { examineHost } from "./hosts/examine.ts";
import type { HostFacts, ReachTarget, WireName } from "./hosts/protocol.ts";
import { HostProblem, type RemoteHost } from "./hosts/remote-host.ts";
import { problemLines, startHosts } from "./hosts/start-hosts.ts";
import type { JobOptions } from "./options.ts";
import { UsageError } from "./usage-error.ts";
import { checkVariables } from "./variables.ts";

/** Clocks further apart make times in logs misleading; no job needs them to agree. */
const SKEW_MILLISECONDS = 1000;
const NO_SCRIPT = "no script";

export interface Finding {
  /** A job cannot run like this; otherwise it is slower, or odd, than need be. */
  fatal: boolean;
  text: string;
}

export interface Examined {
  name: string;
  facts: HostFacts;
  /** How far its clock is ahead, and how well that is known. */
  skew: number;
  doubt: number;
}

function optionsOf(args: readonly string[]): JobOptions {
  const parsed = parseArguments([...args, "--", NO_SCRIPT]);
  if (typeof parsed === "string")
    throw new UsageError("doctor takes --hosts, --hostfile and what belongs to them");
  const [{ script }] = parsed.segments;
  if (script !== NO_SCRIPT) throw new UsageError(`doctor takes options only, and ${script} came`);
  checkVariables(parsed);
  return parsed;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

function describeHost({ name, facts, skew, doubt }: Examined): string {
  const parts = [
    `Node ${facts.node}`,
    `tsmpi ${facts.version}`,
    countsText(facts.cores, facts.physicalCores),
    `${gigabytes(facts.memory)} free`,
    hasSharedMemory(facts) ? "ranks use shared memory" : "no shared memory",
    facts.copies ? "direct copies" : "no direct copies",
    `BLAS: ${facts.blas ?? "none found"}`,
    `GPU: ${facts.gpu ?? "none"}`,
  ];
  if (Math.abs(skew) > doubt) parts.push(`clock ${skew > 0 ? "+" : ""}${(skew / 1000).toFixed(2)} s`);
  return `${name}: ${parts.join(", ")}`;
}

function hasSharedMemory({ native, sharedMemory }: HostFacts): boolean {
  return native === undefined && sharedMemory === undefined;
}

/** @param wire to other hosts; undefined: none takes part */
export function findingsOf(
  { name, facts, skew, doubt }: Examined,
  own: HostFacts,
  wire: WireName | undefined,
): Finding[] {
  const alone = wire === undefined;
  const findings: Finding[] = [];
  const add = (fatal: boolean, text: string): void => void findings.push({ fatal, text: `${name}: ${text}` });
  if (facts.version !== own.version) {
    add(true, `has tsmpi ${facts.version}, and here is ${own.version}; install the same version there`);
  }
  if (facts.native !== undefined) {
    // Ranks of one host can do without it.
    if (alone) add(false, `ranks use ZeroMQ (--transport zeromq), which is slower: ${facts.native}`);
    else add(true, facts.native);
  } else if (facts.sharedMemory !== undefined) {
    const advice = alone ? "; --transport zeromq does without it" : "";
    add(true, `shared memory cannot be had: ${facts.sharedMemory}${advice}`);
  }
  if (wire === "zeromq" && facts.zeromq !== undefined) add(true, facts.zeromq);
  const ofNode = nodeProblem(facts.node);
  if (ofNode !== undefined) add(true, ofNode);
  else if (facts.node.split(".")[0] !== own.node.split(".")[0]) {
    add(
      false,
      `has Node ${facts.node}, and here is ${own.node}; the same major version everywhere avoids surprises`,
    );
  }
  if (!facts.copies && facts.native === undefined) {
    add(
      false,
      "the kernel forbids ranks to copy from one another's memory, so that large messages are copied twice; " +
        "a container needs --cap-add=SYS_PTRACE, a machine kernel.yama.ptrace_scope at most 1",
    );
  }
  if (Math.abs(skew) - doubt > SKEW_MILLISECONDS) {
    add(
      false,
      `its clock is ${Math.abs(skew / 1000).toFixed(1)} s ${skew > 0 ? "ahead" : "behind"}; let NTP set it (chrony)`,
    );
  }
  return findings;
}

async function examine(host: RemoteHost): Promise<Examined> {
  const before = Date.now();
  const { facts } = await host.ask({ kind: "examine" }, "facts");
  const after = Date.now();
  // Taken somewhere between the two.
  return { name: host.name, facts, skew: facts.clock - (before + after) / 2, doubt: (after - before) / 2 };
}

/** Every host tries to reach every other one. */
async function unreached(hosts: readonly RemoteHost[], options: JobOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  const note = (error: unknown): void => {
    if (!(error instanceof HostProblem)) throw error;
    findings.push({ fatal: true, text: `${error.host}: ${error.message}` });
  };
  const listening: { host: RemoteHost; target: ReachTarget }[] = [];
  for (const host of hosts) {
    const answer = host.ask({ kind: "listen", network: options.network }, "listening");
    await answer.then(({ target }) => void listening.push({ host, target }), note);
  }
  const targets = listening.map(({ target }) => target);
  const tries = listening.map(async ({ host }, from) => {
    const { endpoints } = await host.ask({ kind: "reach", targets }, "reached");
    for (const [to, endpoint] of endpoints.entries()) {
      if (to === from || endpoint != null) continue;
      const tried = targets[to].endpoints.join(", ");
      const advice = "open TCP ports between the hosts, or choose a network with --iface";
      const text = `${host.name} does not reach ${listening[to].host.name} at ${tried}; ${advice}`;
      findings.push({ fatal: true, text });
    }
  });
  await Promise.all(tries.map(trying => trying.catch(note)));
  return findings;
}

async function examineHosts(
  { launcher, hosts }: ChosenHosts,
  options: JobOptions,
  own: HostFacts,
): Promise<Finding[]> {
  const examined: Examined[] = [];
  const names = hosts.map(({ name }) => name);
  const started = await startHosts(names, launcher, options, async (host, index) => {
    examined[index] = await examine(host);
  });
  const findings = problemLines(started.problems).map((text): Finding => ({ fatal: true, text }));
  const present = started.hosts.filter(host => host !== undefined);
  for (const host of examined) if (host !== undefined) process.stdout.write(`${describeHost(host)}\n`);
  findings.push(...examined.flatMap(host => findingsOf(host, own, options.wire)));
  findings.push(...(await unreached(present, options)));
  await Promise.all(present.map(host => host.close()));
  return findings;
}

export async function doctor(args: readonly string[]): Promise<number> {
  let findings: Finding[];
  try {
    const options = optionsOf(args);
    const chosen = chooseHosts(options);
    const own = examineHost();
    if (chosen === undefined) {
      const here = { name: "this machine", facts: own, skew: 0, doubt: 0 };
      process.stdout.write(`${describeHost(here)}\n`);
      findings = findingsOf(here, own, undefined);
    } else {
      findings = await examineHosts(chosen, options, own);
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`tsmpi: ${error.message}\n`);
    return 2;
  }
  const worst = findings.sort((a, b) => Number(b.fatal) - Number(a.fatal));
  for (const { fatal, text } of worst) process.stdout.write(`${fatal ? "wrong" : "note"}: ${text}\n`);
  const fatal = worst.filter(finding => finding.fatal);
  process.stdout.write(fatal.length === 0 ? "a job can run\n" : `mend this first: ${fatal[0].text}\n`);
  return fatal.length === 0 ? 0 : 1;
}
