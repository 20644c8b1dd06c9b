/** The commands that start a daemon on a host. */
import { basename, join } from "node:path";
import { packageFolder } from "../../src/native.ts";
import type { JobOptions } from "../options.ts";
import { packageVersion } from "../version.ts";
import { isThisHost, type LauncherKind } from "./choose-hosts.ts";
import { LACKS, OTHER_MAGIC } from "./protocol.ts";
import { UNPACK } from "./ship.ts";

const SHELL = "/bin/sh";
const FIND_NODE = `n=$1; [ -x "$n" ] || n=$(command -v node) || { echo ${LACKS}node; exit 0; }`;

/** Runs on the host, in any POSIX shell: finds Node and this package, and becomes the daemon. */
const SCRIPT = `${FIND_NODE}; [ -f "$2" ] || { echo ${LACKS}package; exit 0; }; exec "$n" "$2" daemon`;

/** The same for a host that gets this package first: see ship.ts. */
const UNPACK_SCRIPT = `${FIND_NODE}; exec "$n" -e "$2"`;

function daemonCommand(ship: boolean): string[] {
  const [script, argument] = ship
    ? [UNPACK_SCRIPT, UNPACK]
    : [SCRIPT, join(packageFolder(), "dist", "tsmpi.js")];
  return [SHELL, "-c", script, "tsmpi", process.execPath, argument];
}

/** A word as every shell of a login takes it: csh allows no line end in quotes, and an exclamation mark only before "=". */
function quote(word: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function sshCommand(host: string, options: readonly string[], daemon: readonly string[]): string[] {
  // The person's options come first, for ssh takes the first of several.
  const ours = ["-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"];
  return ["ssh", ...options, ...ours, "--", host.replaceAll(/[[\]]/g, ""), daemon.map(quote).join(" ")];
}

function slurmCommand(host: string, daemon: readonly string[]): string[] {
  // A step of one task that takes nothing away from the job: its ranks may use all that the job has on the node.
  const step = [
    "--overlap",
    "--nodes=1",
    "--ntasks=1",
    `--nodelist=${host}`,
    "--cpu-bind=none",
    "--mpi=none",
  ];
  return ["srun", ...step, "--export=ALL", "--job-name=tsmpi", "--quiet", ...daemon];
}

/** Without -i these close the standard input of what they run. */
const NEEDS_INPUT = new Set(["docker", "podman", "nerdctl", "kubectl", "oc"]);

function agentCommand(host: string, agent: readonly string[], daemon: readonly string[]): string[] {
  const words = agent.map(word => word.replaceAll("{host}", host));
  const exec = words.indexOf("exec");
  const interactive = words.some(word => /^(-[a-z]*i[a-z]*|--interactive|--stdin)$/.test(word));
  if (NEEDS_INPUT.has(basename(words[0])) && exec > 0 && !interactive) words.splice(exec + 1, 0, "-i");
  return [...words, ...daemon];
}

/** The program and its arguments that start the daemon of a host. */
export function commandFor(host: string, launcher: LauncherKind, options: JobOptions): string[] {
  const daemon = daemonCommand(options.ship);
  if (launcher === "slurm") return slurmCommand(host, daemon);
  if (launcher === "exec") return agentCommand(host, options.agent!, daemon);
  // This machine needs no ssh to itself, unless somebody asks for it.
  if (options.launcher === undefined && isThisHost(host)) return daemon;
  return sshCommand(host, options.sshArguments, daemon);
}

/** What agents print, and what to do about it. */
const ADVICE: Record<string, [RegExp, string][]> = {
  ssh: [
    [/could not resolve hostname|name or service not known/i, "check the name of the host"],
    [/permission denied/i, "a login without a password must work: ssh-copy-id HOST"],
    [/host key verification failed/i, "accept the key of the host once: ssh HOST true"],
    [/connection refused/i, "is an ssh server running there?"],
    [/timed out|no route to host|network is unreachable/i, "is the host up, and reachable from here?"],
  ],
  srun: [
    [/invalid node name|not in this job|nodes? .*not available/i, "the host must belong to the allocation"],
  ],
};
const ADVICE_FOR_ALL: [RegExp, string][] = [
  [/^SyntaxError: /m, "is its Node 20.19 or later?"],
  [/command not found|no such file/i, "the agent needs a POSIX shell, /bin/sh, on the host"],
  [/\(spawn .* ENOENT\)/, "is it installed here?"],
  [/\(spawn .* EACCES\)/, "may it be executed?"],
];

/** A command that a person can try by hand: the agent, with something harmless instead of the daemon. */
function trial(command: readonly string[]): string | undefined {
  // ssh is given the daemon's command as one word.
  const end = command.findIndex(word => word === SHELL || word.startsWith(`${SHELL} `));
  return end < 1 ? undefined : `try: ${[...command.slice(0, end), "true"].map(quote).join(" ")}`;
}

/** Whether this is said of the agent, and not of the host. */
export function isOfAgent(how: string): boolean {
  return /^(ended|was killed|could not)/.test(how);
}

/** The end of what an agent, or what it has run, has printed on its stderr. */
export function lastWords(errors: string): string {
  const lines = errors
    .split("\n")
    .map(line => line.trim())
    .filter(line => line !== "");
  // Node puts its stack after it.
  const thrown = lines.findLast(line => /^\w*Error\b.*: /.test(line));
  return thrown ?? lines.slice(-3).join(" / ");
}

/** The sentence for a host whose daemon never spoke. */
export function neverSpoke(
  host: string,
  command: readonly string[],
  how: string,
  printed: string,
  errors: string,
): string {
  const lacks = new RegExp(`^${LACKS}(.+)$`, "m").exec(printed)?.[1].trim();
  if (lacks === "node") {
    return `has no Node: neither ${process.execPath} nor node on the PATH of a non-interactive shell; install Node 20.19 or later there`;
  }
  if (lacks === "package") {
    return `has no tsmpi in ${packageFolder()}; install it there, share the folder, or use --ship`;
  }
  if (lacks !== undefined) return lacks;
  if (OTHER_MAGIC.test(printed)) {
    return `has another version of tsmpi in ${packageFolder()}, and tsmpirun is ${packageVersion()}; install the same version there`;
  }
  const said = lastWords(errors);
  const what = said === "" ? "" : `: ${said}`;
  const tried = trial(command);
  if (!isOfAgent(how))
    return [`${how}, and no daemon has begun there${what}`, tried].filter(Boolean).join("; ");
  const agent = basename(command[0]);
  const known = [...(ADVICE[agent] ?? []), ...ADVICE_FOR_ALL];
  const advice = known.find(([pattern]) => pattern.test(`${how}\n${errors}`))?.[1];
  const name = host.replaceAll(/[[\]]/g, "");
  return [`${agent} ${how}${what}`, advice?.replace("HOST", name) ?? tried].filter(Boolean).join("; ");
}
