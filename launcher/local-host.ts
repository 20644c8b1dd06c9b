/** The ranks of a job that run on this machine: started here, signalled here, their ends noticed here. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHostSegment } from "../src/job/create-host-segment.ts";
import type { HostSegment } from "../src/job/host-segment.ts";
import { native, packageFolder } from "../src/native.ts";
import type { Runnable } from "./cache.ts";
import { Guard } from "./guard.ts";
import type { Input } from "./input.ts";
import type { JobOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { coresOfRank, type Plan, type Program } from "./plan.ts";
import { glibcTunables } from "./tunables.ts";

/** Nothing that a rank starts can exist before its node has booted, and until then the cores have better to do. */
const GUARD_AFTER_MILLISECONDS = 30;

export interface HostEvents {
  exited(rank: number, code: number | null, signal: NodeJS.Signals | null): void;
  notStarted(rank: number, error: Error): void;
}

export class LocalHost {
  readonly segment: HostSegment;
  private readonly plan: Plan;
  private readonly options: JobOptions;
  private readonly events: HostEvents;
  private readonly running = new Map<number, ChildProcess>();
  /** Groups whose rank has ended but which still have members: what the rank had started itself. */
  private readonly lingering = new Set<number>();
  private guard: Guard | undefined;
  private guardTimer: NodeJS.Timeout | undefined;

  constructor(plan: Plan, options: JobOptions, events: HostEvents) {
    this.plan = plan;
    this.options = options;
    this.events = events;
    this.segment = createHostSegment(plan.ranks, plan.cores);
  }

  /** Ranks that have not ended. */
  get ranks(): number[] {
    return [...this.running.keys()];
  }

  start(runnables: ReadonlyMap<string, Runnable>, output: Output, input: Input): void {
    const boot = `${packageFolder()}/dist/boot.cjs`;
    const usable = this.options.bindTo === "core" ? native().usableCpus() : [];
    for (const program of this.plan.programs) {
      const runnable = runnables.get(program.script)!;
      const options = [...(runnable.transpiled ? ["--enable-source-maps"] : []), ...program.nodeOptions];
      const command = [...options, "-r", boot, runnable.file, ...program.args];
      const environment: NodeJS.ProcessEnv = {
        ...process.env,
        ...program.environment,
        GLIBC_TUNABLES: glibcTunables(program.environment.GLIBC_TUNABLES ?? process.env.GLIBC_TUNABLES),
        TSMPI_LAUNCHER_PID: String(process.pid),
        TSMPI_RULES: this.plan.rules && JSON.stringify(this.plan.rules),
        TSMPI_SCRIPT: runnable.transpiled ? program.script : undefined,
      };
      for (let rank = program.firstRank; rank < program.firstRank + program.ranks; rank++) {
        if (usable.length > 0) {
          environment.TSMPI_BIND = coresOfRank(rank, usable, this.options.threadsPerRank ?? 1).join(",");
        }
        this.startRank(rank, program, command, environment, output, input);
      }
    }
    const temporary = [...runnables.values()].find(runnable => runnable.temporary)?.temporary ?? "";
    this.guardTimer = setTimeout(() => {
      const groups = [...this.running.values()].map(child => child.pid!);
      this.guard = new Guard([...groups, ...this.lingering], temporary);
    }, GUARD_AFTER_MILLISECONDS);
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

  /** All ranks have ended: what they left behind ends too. */
  close(): void {
    clearTimeout(this.guardTimer);
    this.signal("SIGKILL");
    this.guard?.dismiss();
    this.segment.close();
  }

  private startRank(
    rank: number,
    program: Program,
    command: string[],
    environment: NodeJS.ProcessEnv,
    output: Output,
    input: Input,
  ): void {
    let child: ChildProcess;
    try {
      child = spawn(process.execPath, command, {
        cwd: program.workingFolder,
        env: { ...environment, ...this.segment.environment(rank) },
        stdio: [input.descriptorOf(rank), "pipe", "pipe", ...this.segment.inherited],
      });
    } catch (error) {
      process.nextTick(() => this.events.notStarted(rank, error as Error));
      return;
    }
    if (child.pid === undefined) {
      child.on("error", error => this.events.notStarted(rank, error));
      return;
    }
    this.running.set(rank, child);
    child.on("error", () => {});
    child.on("exit", (code, signal) => {
      this.running.delete(rank);
      this.noteGroup(child.pid!);
      this.events.exited(rank, code, signal);
    });
    output.attach(rank, child.stdout!, child.stderr!);
    if (child.stdin !== null) input.attach(child.stdin);
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
