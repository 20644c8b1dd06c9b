/** The commands that start a daemon on a host. */
import { basename, join } from "node:path";
import { packageFolder } from "../../src/native.ts";
import type { JobOptions } from "../options.ts";
import { isThisHost, type LauncherKind } from "./choose-hosts.ts";
import { UNPACK } from "./ship.ts";

/** How a host that cannot start a daemon says what it lacks, before there is a channel. */
export const LACKS = "tsmpi-lacks:";

/** Runs on the host, in any POSIX shell: finds Node and this package, and becomes the daemon. */
const SCRIPT = `n=$1; [ -x "$n" ] || n=$(command -v node) || { echo ${LACKS}node; exit 0; }
[ -f "$2" ] || { echo ${LACKS}package; exit 0; }
exec "$n" "$2" daemon`;

/** The same for a host that gets this package first: see ship.ts. */
const UNPACK_SCRIPT = `n=$1; [ -x "$n" ] || n=$(command -v node) || { echo ${LACKS}node; exit 0; }
exec "$n" -e "$2"`;

function daemonCommand(ship: boolean): string[] {
  const [script, argument] = ship
    ? [UNPACK_SCRIPT, UNPACK]
    : [SCRIPT, join(packageFolder(), "dist", "tsmpi.js")];
  return ["/bin/sh", "-c", script, "tsmpi", process.execPath, argument];
}

/** A word as every shell of a login takes it. */
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
const ADVICE: [RegExp, string][] = [
  [/could not resolve hostname|name or service not known/i, "check the name of the host"],
  [/permission denied/i, "a login without a password must work: ssh-copy-id HOST"],
  [/host key verification failed/i, "accept the key of the host once: ssh HOST true"],
  [/connection refused/i, "is an ssh server running there?"],
  [/timed out|no route to host|network is unreachable/i, "is the host up, and reachable from here?"],
  [/invalid node name|not in this job|nodes? .*not available/i, "the host must belong to the allocation"],
  [/command not found|no such file/i, "the agent needs a POSIX shell, /bin/sh, on the host"],
];

/** The sentence for a host whose daemon never spoke. */
export function neverSpoke(
  host: string,
  command: readonly string[],
  how: string,
  printed: string,
  errors: string,
): string {
  if (printed.includes(`${LACKS}node`)) {
    return `has no Node: neither ${process.execPath} nor node on the PATH of a non-interactive shell; install Node 20.19 or later there`;
  }
  if (printed.includes(`${LACKS}package`)) {
    return `has no tsmpi in ${packageFolder()}; install it there, share the folder, or use --ship`;
  }
  const lines = errors
    .split("\n")
    .map(line => line.trim())
    .filter(line => line !== "");
  const said = lines.slice(-3).join(" / ");
  const advice = ADVICE.find(([pattern]) => pattern.test(errors))?.[1].replace("HOST", host);
  const what = said === "" ? "" : `: ${said}`;
  return `${basename(command[0])} ${how}${what}${advice === undefined ? "" : `; ${advice}`}`;
}
