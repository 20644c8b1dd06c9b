/**
 * The ranks of a job that run on this machine: started here, signalled here, their ends noticed here. tsmpirun has
 * one for a job on one host; on several hosts the daemon of each has one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { RankMedium } from "../src/job/host-segment.ts";
import { packageFolder } from "../src/native.ts";
import { compiledFolder } from "./cache-folder.ts";
import { cpusToUse } from "./cores.ts";
import { Guard } from "./guard.ts";
import type { Host, HostEvents, HostPart, HostProgram, RankInput, RankLook, RankOutput } from "./host.ts";
import { oomKills } from "./oom.ts";
import { coresOfRank } from "./plan.ts";
import { usageOf } from "./process-usage.ts";
import { threadVariables } from "./threads.ts";
import { glibcTunables } from "./tunables.ts";

/**
 * V8 collects garbage of its own accord some time after a program was last busy. The timer that it keeps for it cannot be
 * told from the program's, so a rank that awaits would seem to have something to come, and no deadlock would be seen.
 */
const ENGINE_OPTIONS = ["--no-memory-reducer"];
/** Nothing that a rank starts can exist before its node has booted, and until then the cores have better to do. */
const GUARD_AFTER_MILLISECONDS = 30;
/** Looked up while the ranks boot: it matters only when one is killed. */
const OOM_AFTER_MILLISECONDS = 50;

export class LocalHost implements Host {
  readonly name = undefined;
  private readonly medium: RankMedium;
  private readonly part: HostPart;
  private readonly cores: number;
  private readonly temporary: string;
  private readonly events: Omit<HostEvents, "lost">;
  /** World ranks of this host. */
  private readonly here: number[];
  private readonly running = new Map<number, ChildProcess>();
  /** Groups whose rank has ended but which still have members: what the rank had started itself. */
  private readonly lingering = new Set<number>();
  private readonly timers: NodeJS.Timeout[] = [];
  private guard: Guard | undefined;
  private oomBefore: number | undefined;
  private closed = false;

  /**
   * @param temporary a folder that the guard removes when this process is killed, or ""
   * @param medium what joins the ranks
   */
  constructor(
    part: HostPart,
    cores: number,
    temporary: string,
    medium: RankMedium,
    events: Omit<HostEvents, "lost">,
  ) {
    const { host, places } = part;
    this.part = part;
    this.cores = cores;
    this.temporary = temporary;
    this.events = events;
    this.here = [...places.keys()].filter(rank => places[rank] === host);
    this.medium = medium;
  }

  /** Whether ranks outnumber the cores of this host. */
  get crowded(): boolean {
    return this.here.length > this.cores;
  }

  get ranks(): number[] {
    return [...this.running.keys()];
  }

  async start(output: RankOutput, input: RankInput): Promise<void> {
    const { part } = this;
    const boot = `${packageFolder()}/dist/${this.medium.boot}`;
    const usable = part.bindTo === "core" ? cpusToUse(part.physicalCores) : [];
    for (const program of part.programs) {
      const given = { ...process.env, ...program.environment };
      const threads = threadVariables(part.threadsPerRank, this.cores, this.here.length, given);
      const sourceMaps = program.transpiled ? ["--enable-source-maps"] : [];
      const options = [...ENGINE_OPTIONS, ...sourceMaps, ...program.nodeOptions];
      const command = [...options, "-r", boot, program.file, ...program.args];
      const environment: NodeJS.ProcessEnv = {
        ...process.env,
        ...threads,
        ...program.environment,
        GLIBC_TUNABLES: glibcTunables(program.environment.GLIBC_TUNABLES ?? process.env.GLIBC_TUNABLES),
        TSMPI_LAUNCHER_PID: String(process.pid),
        TSMPI_RULES: part.rules && JSON.stringify(part.rules),
        TSMPI_SCRIPT: program.transpiled ? program.script : undefined,
        TSMPI_COMPILED: compiledFolder(),
      };
      for (const [index, rank] of this.here.entries()) {
        if (rank < program.firstRank || rank >= program.firstRank + program.ranks) continue;
        if (usable.length > 0) {
          environment.TSMPI_BIND = coresOfRank(index, usable, part.threadsPerRank ?? 1).join(",");
        }
        this.startRank(rank, program, command, environment, output, input);
      }
    }
    const guard = (): void => {
      const groups = [...this.running.values()].map(child => child.pid!);
      this.guard = new Guard([...groups, ...this.lingering], this.temporary);
    };
    this.timers.push(setTimeout(guard, GUARD_AFTER_MILLISECONDS));
    this.timers.push(setTimeout(() => (this.oomBefore = oomKills()), OOM_AFTER_MILLISECONDS));
  }

  pidOf(rank: number): number | undefined {
    return this.running.get(rank)?.pid;
  }

  /** To everything that the job runs: each rank's whole process group. */
  signal(signal: NodeJS.Signals): void {
    for (const child of this.running.values()) {
      // boot.ts makes a rank the leader of a group; it may not have come so far.
      if (!signalGroup(child.pid!, signal)) child.kill(signal);
    }
    for (const group of this.lingering) if (!signalGroup(group, signal)) this.lingering.delete(group);
  }

  async waits(): Promise<ReadonlyMap<number, string>> {
    const ranks = this.ranks;
    const facts = await Promise.all(ranks.map(rank => this.medium.factsOf(rank)));
    const waits = new Map<number, string>();
    for (const [index, { wait }] of facts.entries()) if (wait !== undefined) waits.set(ranks[index], wait);
    return waits;
  }

  async look(): Promise<RankLook[]> {
    if (this.closed) return [];
    const facts = await Promise.all(this.here.map(rank => this.medium.factsOf(rank)));
    return this.here.map((rank, index) => {
      const { wait, leaving, activities, statistics } = facts[index];
      const pid = this.running.get(rank)?.pid;
      return {
        rank,
        pid,
        wait: pid === undefined ? undefined : wait,
        leaving,
        ...usageOf(pid),
        activities: activities.map(({ began, ended, ...activity }) => ({
          ...activity,
          elapsed: ((ended === 0 ? Date.now() : ended) - began) / 1000,
          over: ended !== 0,
        })),
        statistics: pid === undefined ? statistics : undefined,
      };
    });
  }

  abort(rank: number, code: number): void {
    if (!this.closed) this.medium.abort(rank, code);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.signal("SIGKILL");
    this.guard?.dismiss();
    this.medium.close();
  }

  private startRank(
    rank: number,
    program: HostProgram,
    command: string[],
    environment: NodeJS.ProcessEnv,
    output: RankOutput,
    input: RankInput,
  ): void {
    let child: ChildProcess;
    try {
      child = spawn(process.execPath, command, {
        cwd: program.workingFolder,
        env: { ...environment, ...this.medium.environment(rank) },
        stdio: [input.descriptorOf(rank), "pipe", "pipe", ...this.medium.inherited],
        detached: this.medium.detached,
      });
    } catch (error) {
      process.nextTick(() => this.events.notStarted(rank, (error as Error).message));
      return;
    }
    if (child.pid === undefined) {
      child.on("error", error => this.events.notStarted(rank, error.message));
      return;
    }
    this.running.set(rank, child);
    this.medium.started(rank, child, problem => {
      this.events.notStarted(rank, problem);
      child.kill("SIGKILL");
    });
    child.on("error", () => {});
    child.on("exit", (code, signal) => {
      this.running.delete(rank);
      this.noteGroup(child.pid!);
      if (code === 0 && !this.closed) this.medium.rankFinished(rank);
      this.events.exited(rank, code, signal, this.memoryHint(signal));
    });
    output.attach(rank, child.stdout!, child.stderr!);
    if (child.stdin !== null) input.attach(rank, child.stdin);
  }

  private memoryHint(signal: NodeJS.Signals | null): string {
    if (signal !== "SIGKILL" || this.oomBefore === undefined) return "";
    const killed = (oomKills() ?? 0) - this.oomBefore;
    return killed > 0 ? " (the kernel killed a process of its control group because memory was used up)" : "";
  }

  /** A group number stays taken as long as the group has members; without any it may be somebody else's soon. */
  private noteGroup(group: number): void {
    let inhabited = true;
    try {
      process.kill(-group, 0);
    } catch {
      inhabited = false;
    }
    if (inhabited) this.lingering.add(group);
    else this.guard?.forget(group);
  }
}

/** @returns false when the group has no members any more */
function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}
