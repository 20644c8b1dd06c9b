/**
 * Hosts on this machine for the tests: namespaces with network, host name, process ids, /tmp and an sshd of their
 * own (hosts.sh), and Slurm on them (slurm.sh). tsmpirun runs on h0; the outside has no leg in their network.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import type { Context } from "mocha";
import { contentHash } from "../../launcher/hash.ts";
import { type Launch, type Launched, type LaunchOptions, packageRoot, start, tsmpirun } from "../launch.ts";
import { needs } from "../needs.ts";

const folder = import.meta.dirname;
const HOSTS_SH = join(folder, "hosts.sh");
const SLURM_SH = join(folder, "slurm.sh");

/** What each part of a cluster needs, as a program and the Debian package that has it. */
const HOSTS: [program: string, name: string][] = [
  ["/usr/sbin/sshd", "openssh-server"],
  ["/usr/bin/nc", "netcat-openbsd"],
  ["/usr/sbin/nft", "nftables"],
  ["/usr/bin/unshare", "util-linux"],
];
const SLURM: [program: string, name: string][] = [
  ["/usr/sbin/slurmctld", "slurmctld"],
  ["/usr/sbin/slurmd", "slurmd"],
  ["/usr/bin/srun", "slurm-client"],
  ["/usr/sbin/munged", "munge"],
];

/** As ss names them. */
const SERVICES = /\(\("(sshd|slurm\w+|munged|srun)"/;

function present(program: string): boolean {
  // Debian has /bin and /sbin in /usr; others may not.
  return ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].some(at => existsSync(join(at, basename(program))));
}

export interface ClusterLaunch extends LaunchOptions {
  /** Commands that tsmpirun is an argument of, such as salloc. */
  before?: readonly string[];
  /** Runs instead of tsmpirun. */
  tool?: string;
}

export class Cluster {
  /** Of this checkout: tests of another one may run at the same time. */
  private readonly environment = {
    ...process.env,
    HOSTS_CLUSTER: `m${contentHash(Buffer.from(packageRoot)).slice(0, 6)}`,
    HOSTS_SHARE: packageRoot,
  };

  /** @param context skipped where something is missing */
  up(context: Context, hosts: number, slurm = false): void {
    needs(context, process.getuid?.() === 0, "root, to make network namespaces");
    for (const [program, name] of slurm ? [...HOSTS, ...SLURM] : HOSTS)
      needs(context, present(program), name);
    this.control("up", String(hosts));
    if (slurm) execFileSync(SLURM_SH, ["up", String(hosts)], { env: this.environment, stdio: "ignore" });
  }

  down(): void {
    this.control("down");
  }

  /** "cut h1", "freeze h2" and the like: see hosts.sh. */
  control(...words: string[]): void {
    execFileSync(HOSTS_SH, words, { env: this.environment, stdio: ["ignore", "ignore", "pipe"] });
  }

  /** Runs a command on a host and returns what it prints. */
  on(host: string, ...command: string[]): string {
    const options = { env: this.environment, cwd: packageRoot, encoding: "utf8" } as const;
    return execFileSync(HOSTS_SH, ["exec", host, ...command], options);
  }

  /** The command that runs another on a host, for whoever starts it himself. */
  agent(host: string, ...command: string[]): string[] {
    const { HOSTS_CLUSTER, HOSTS_SHARE } = this.environment;
    const environment = [`HOSTS_CLUSTER=${HOSTS_CLUSTER}`, `HOSTS_SHARE=${HOSTS_SHARE}`];
    return ["env", ...environment, HOSTS_SH, "exec", host, ...command];
  }

  /** Where anybody but a host's own services listens, as `address:port`. */
  listening(host: string): string[] {
    const lines = this.on(host, "ss", "-Htlnp").split("\n");
    return lines.filter(line => line !== "" && !SERVICES.test(line)).map(line => line.split(/\s+/)[3]);
  }

  /** tsmpirun on h0. */
  start(args: readonly string[], options: ClusterLaunch = {}): Launch {
    const { before = [], tool = tsmpirun } = options;
    const env = { ...this.environment, ...options.env };
    const command = [HOSTS_SH, "exec", "h0", ...before, process.execPath, tool, ...args];
    return start(args, { ...options, env, command });
  }

  launch(args: readonly string[], options: ClusterLaunch = {}): Promise<Launched> {
    return this.start(args, options).done;
  }

  /** Processes of jobs on all hosts: daemons, and what has a mark. */
  survivors(mark: string): number[] {
    return this.find(
      (command, environment) =>
        (command[1] === this.tool && (command[2] === "daemon" || command[2] === "gateway")) ||
        environment.includes(`TSMPI_TEST_MARK=${mark}`),
    );
  }

  /** The program of daemons and gateways. */
  readonly tool: string = join(packageRoot, "dist", "tsmpi.js");

  gateways(): number[] {
    return this.find(command => command[1] === this.tool && command[2] === "gateway");
  }

  /** Which host a process is on, as a name that only this host has; undefined: it has ended. */
  namespaceOf(pid: number): string | undefined {
    try {
      return readlinkSync(`/proc/${pid}/ns/uts`);
    } catch (error) {
      if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code!)) return undefined;
      throw error;
    }
  }

  /** Command and environment of a process. */
  look(pid: number): { command: string[]; environment: string[] } {
    const [command, environment] = ["cmdline", "environ"].map(file =>
      readFileSync(`/proc/${pid}/${file}`, "latin1").split("\0"),
    );
    return { command, environment };
  }

  /** The process of a job's launcher, which is not the one that started it on its host. */
  tsmpirun(mark: string): number {
    return this.find(
      (command, environment) => command[1] === tsmpirun && environment.includes(`TSMPI_TEST_MARK=${mark}`),
    )[0];
  }

  /** Living processes, on all hosts. */
  find(matches: (command: string[], environment: string[]) => boolean): number[] {
    return readdirSync("/proc")
      .filter(name => /^\d+$/.test(name))
      .map(Number)
      .filter(pid => {
        try {
          const [stat, command, environment] = ["stat", "cmdline", "environ"].map(file =>
            readFileSync(`/proc/${pid}/${file}`, "latin1"),
          );
          return !/\) [ZX] /.test(stat) && matches(command.split("\0"), environment.split("\0"));
        } catch {
          return false;
        }
      });
  }
}
