/**
 * One implementation that is being measured: a job that runs all the time and sleeps between its batches. Every rank
 * reads its commands from a fifo, so that a sleeping job uses no core; rank 0 answers on its standard output.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Operation } from "./operations.ts";

export interface ContenderPlan {
  /** Its name in the results: tsmpi, openmpi ... */
  key: string;
  title: string;
  /** Ratios are made against ours; "c" ones compete for best peer. */
  kind: "ours" | "c" | "other";
  /** How many processes read commands. */
  readers: number;
  /** Starts the job; the folder of its fifos is added. */
  command: string[];
  /** A job that begins and ends at once, for `start`; absent if it cannot. */
  startCommand: string[] | undefined;
  environment: Record<string, string>;
  does(operation: Operation, bytes: number | undefined): boolean;
  /** What exactly runs, for the report. */
  version: string;
}

/** Microseconds that the calls of a batch took together. */
export interface BatchTimes {
  root: number;
  slowest: number;
}

const START_SECONDS = 60;
const PATIENCE_SECONDS = 60;
const END_SECONDS = 3;

/** What has been started and must not outlive the harness. */
const running = new Set<Contender>();
process.on("exit", () => {
  for (const contender of running) contender.abandon();
});

export class Contender {
  readonly plan: ContenderPlan;
  private child: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();
  private fifos: number[] = [];
  /** Where its fifos lie while it runs. */
  folder = "";
  private out = "";
  private err = "";
  private answered: ((line: string) => void) | undefined;
  private failed: ((error: Error) => void) | undefined;

  constructor(plan: ContenderPlan) {
    this.plan = plan;
  }

  /** Starts the job if it is not running. */
  async start(): Promise<void> {
    if (this.child !== undefined) return;
    this.folder = mkdtempSync(join(tmpdir(), "tsmpi-bench-"));
    running.add(this);
    const paths = Array.from({ length: this.plan.readers }, (_, rank) => join(this.folder, `rank-${rank}`));
    const made = spawnSync("mkfifo", paths);
    if (made.status !== 0) throw new Error(`mkfifo failed: ${made.error?.message ?? made.stderr.toString()}`);
    // Opened for reading, too: so this does not wait for the ranks. They see the end when this process is gone.
    this.fifos = paths.map(path => openSync(path, constants.O_RDWR));
    this.out = "";
    this.err = "";
    const [program, ...args] = this.plan.command;
    const child = spawn(program, [...args, this.folder], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...this.plan.environment },
    });
    this.child = child;
    this.ended = new Promise(resolve => {
      child.on("close", (code, signal) => {
        resolve();
        this.gone(`ended with ${signal ?? code}`);
      });
      child.on("error", error => {
        resolve();
        this.gone(`could not be started: ${error.message}`);
      });
    });
    child.stdout!.setEncoding("utf8").on("data", (text: string) => this.heard(text));
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.err = (this.err + text).slice(-2000);
    });
    await this.answer(START_SECONDS);
  }

  async prepare(operation: string, argument: string): Promise<void> {
    const text = await this.ask(`prepare ${operation} ${argument}`, PATIENCE_SECONDS);
    if (text !== "ok") throw new Error(text);
  }

  async run(calls: number, expected = 0): Promise<BatchTimes> {
    const text = await this.ask(`run ${calls}`, PATIENCE_SECONDS + (10 * expected) / 1e6);
    const [, root, slowest] = /^ok ([\d.]+) ([\d.]+)$/.exec(text) ?? [];
    if (root === undefined) throw new Error(text);
    return { root: Number(root), slowest: Number(slowest) };
  }

  /** Ends the job, kindly if it listens. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    this.send("quit");
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const timer = setTimeout(() => child.kill(signal), END_SECONDS * 1000);
      const late = new Promise<"late">(resolve =>
        setTimeout(resolve, END_SECONDS * 1000 + 500, "late").unref(),
      );
      const how = await Promise.race([this.ended, late]);
      clearTimeout(timer);
      if (how !== "late") break;
    }
    this.release();
  }

  /** Ends the job because it failed; the next `start` begins another. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), END_SECONDS * 1000);
    await this.ended;
    clearTimeout(timer);
    this.release();
  }

  /** For the end of this process, which can wait for nothing any more. */
  abandon(): void {
    this.child?.kill("SIGTERM");
    this.release();
  }

  private ask(command: string, seconds: number): Promise<string> {
    if (this.child === undefined) return Promise.reject(new Error("it is not running"));
    const answer = this.answer(seconds);
    this.send(command);
    return answer;
  }

  private send(command: string): void {
    for (const fifo of this.fifos) writeSync(fifo, `${command}\n`);
  }

  private async answer(seconds: number): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<string>((resolve, reject) => {
        this.answered = resolve;
        this.failed = reject;
        timer = setTimeout(
          () => reject(new Error(`no answer within ${Math.round(seconds)} s`)),
          seconds * 1000,
        );
      });
    } finally {
      clearTimeout(timer);
      this.answered = undefined;
      this.failed = undefined;
    }
  }

  private heard(text: string): void {
    this.out += text;
    for (;;) {
      const end = this.out.indexOf("\n");
      if (end < 0) return;
      const line = this.out.slice(0, end);
      this.out = this.out.slice(end + 1);
      if (/^(ready|ok|wrong)\b/.test(line)) this.answered?.(line);
    }
  }

  private gone(how: string): void {
    const said = this.err.trim();
    this.failed?.(new Error(said === "" ? how : `${how}: ${said}`));
    this.release();
  }

  private release(): void {
    this.child = undefined;
    for (const fifo of this.fifos.splice(0)) closeSync(fifo);
    rmSync(this.folder, { recursive: true, force: true });
    running.delete(this);
  }
}
