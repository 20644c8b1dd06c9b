/**
 * One job from its first rank to its last: watches the ranks, ends all when one fails, and says what happened.
 *
 * How a job is ended: ranks inside tsmpi are told through the segment and leave; 250 ms later the others get
 * SIGTERM, a second after that SIGKILL. A signal to tsmpirun is passed on first, so that a program with a
 * handler of its own may save its work.
 */
import { constants } from "node:os";
import type { Runnable } from "./cache.ts";
import { Input } from "./input.ts";
import { LocalHost } from "./local-host.ts";
import { oomKills } from "./oom.ts";
import type { JobOptions } from "./options.ts";
import { Output } from "./output.ts";
import { type Plan, ranksText } from "./plan.ts";
import { busyLines, exitCodeOf, howItEnded, signalNumber, waitLines } from "./report.ts";
import { watchSignals } from "./signals.ts";

const TERM_AFTER = 250;
const KILL_AFTER = 1000;
/** A stream may be held open by a process that a rank has left behind. */
const STREAMS_AFTER = 500;
const TIMEOUT_CODE = 124;
/** As a shell reports a program that wrote to a pipe nobody reads. */
const BROKEN_PIPE_CODE = 128 + constants.signals.SIGPIPE;

/** The rank given to the segment when no rank failed but the job ends. */
const NO_RANK = -1;

export class Job {
  private readonly options: JobOptions;
  private readonly output: Output;
  private readonly host: LocalHost;
  private readonly input: Input;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly started = performance.now();
  private exitCode = 0;
  private ending = false;
  private told = false;
  private failed: number | undefined;
  private report: Promise<void> = Promise.resolve();
  private oomBefore: number | undefined;
  private finish: (code: number) => void = () => {};

  constructor(plan: Plan, options: JobOptions) {
    this.options = options;
    this.output = new Output(plan.ranks, options, () => this.end(BROKEN_PIPE_CODE));
    this.input = new Input(options.stdin);
    this.host = new LocalHost(plan, options, {
      exited: (rank, code, signal) => this.rankExited(rank, code, signal),
      notStarted: (rank, error) => this.rankNotStarted(rank, error),
    });
  }

  /** Runs the job; the result is tsmpirun's exit code. */
  run(runnables: ReadonlyMap<string, Runnable>): Promise<number> {
    const result = new Promise<number>(resolve => {
      this.finish = resolve;
    });
    watchSignals({
      end: signal => this.signalled(signal),
      forward: signal => this.host.signal(signal),
      continued: () => this.input.goOn(),
    });
    this.host.start(runnables, this.output, this.input);
    this.input.start();
    if (this.options.verbose) {
      for (const rank of this.host.ranks) this.verbose(`rank ${rank} is process ${this.host.pidOf(rank)}`);
      this.verbose(`${this.host.ranks.length} ranks started`);
    }
    // Looked up while the ranks boot: it matters only when one is killed.
    this.timers.push(setTimeout(() => (this.oomBefore = oomKills()), 50));
    if (this.options.timeoutSeconds !== undefined) {
      this.timers.push(setTimeout(() => this.timedOut(), this.options.timeoutSeconds * 1000));
    }
    return result;
  }

  private verbose(text: string): void {
    if (!this.options.verbose) return;
    this.output.say(`tsmpirun: ${(performance.now() - this.started).toFixed(0)} ms: ${text}`);
  }

  private rankExited(rank: number, code: number | null, signal: NodeJS.Signals | null): void {
    if (code === 0) this.host.segment.rankFinished(rank);
    if (code !== 0 && !this.ending) {
      const sentence = `rank ${rank} ${howItEnded(code, signal)}; the job was ended${this.memoryHint(signal)}`;
      this.fail(rank, exitCodeOf(code, signal), sentence);
    }
    this.verbose(`rank ${rank} ${howItEnded(code, signal)}`);
    if (this.host.ranks.length === 0) void this.allExited();
  }

  private rankNotStarted(rank: number, error: Error): void {
    if (!this.ending)
      this.fail(rank, 1, `rank ${rank} could not be started: ${error.message}; the job was ended`);
    if (this.host.ranks.length === 0) void this.allExited();
  }

  private memoryHint(signal: NodeJS.Signals | null): string {
    if (signal !== "SIGKILL" || this.oomBefore === undefined) return "";
    const killed = (oomKills() ?? 0) - this.oomBefore;
    return killed > 0 ? " (the kernel killed a process of its control group because memory was used up)" : "";
  }

  private fail(rank: number, code: number, sentence: string): void {
    const waits = this.waits();
    this.end(code);
    this.host.segment.abort(rank, code);
    this.told = true;
    // The rank's own last words come first.
    this.report = this.output.closed(STREAMS_AFTER, rank).then(() => {
      this.sayLines([sentence, ...waitLines(waits)]);
      this.failed = rank;
    });
  }

  private waits(): Map<number, string> {
    const waits = new Map<number, string>();
    for (const rank of this.host.ranks) {
      const text = this.host.segment.waitOf(rank);
      if (text !== undefined) waits.set(rank, text);
    }
    return waits;
  }

  private sayLines(lines: string[]): void {
    this.output.say(lines.map(line => `tsmpirun: ${line}\n`).join(""));
  }

  private timedOut(): void {
    if (this.ending) return;
    const waits = this.waits();
    const busy = this.host.ranks.filter(rank => !waits.has(rank));
    const seconds = this.options.timeoutSeconds;
    this.sayLines([
      `the job was ended because it took longer than ${seconds} s (--timeout)`,
      ...waitLines(waits),
      ...busyLines(busy),
    ]);
    this.end(TIMEOUT_CODE);
    this.tell();
  }

  private signalled(signal: NodeJS.Signals): void {
    // Asked twice, or while the job is ending anyway: no more patience.
    if (this.ending) {
      this.host.signal("SIGKILL");
      return;
    }
    this.sayLines([`ended by ${signal}`, ...waitLines(this.waits())]);
    this.host.signal(signal);
    this.host.signal("SIGCONT");
    this.end(128 + signalNumber(signal));
  }

  /** Ranks inside tsmpi leave. */
  private tell(): void {
    if (this.told) return;
    this.told = true;
    this.host.segment.abort(NO_RANK, this.exitCode);
  }

  private end(code: number): void {
    if (this.ending) return;
    this.ending = true;
    this.exitCode = code;
    const term = (): void => {
      this.tell();
      this.host.signal("SIGTERM");
      // A stopped process sees no signal but SIGKILL until it continues.
      this.host.signal("SIGCONT");
    };
    this.timers.push(setTimeout(term, TERM_AFTER));
    this.timers.push(setTimeout(() => this.host.signal("SIGKILL"), TERM_AFTER + KILL_AFTER));
  }

  private async allExited(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    this.ending = true;
    this.host.close();
    await this.output.closed(STREAMS_AFTER);
    await this.report;
    const alike = [...this.output.crashes.repeated].filter(rank => rank !== this.failed);
    if (alike.length > 0) this.sayLines([`${ranksText(alike)} failed with the same error`]);
    this.verbose(`the job has ended with code ${this.exitCode}`);
    await this.output.flushed();
    this.finish(this.exitCode);
  }
}
